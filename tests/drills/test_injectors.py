"""Each injector does to the lab what its name says, and undoes it; seen with ordinary tools."""

from __future__ import annotations

import os
import time

import pytest

from drills.injectors.certificates import CertificateExpired, CertificateReplaced
from drills.injectors.machine import ClockSkewed, CpuBurnt, FilesExhausted, MemoryEaten, PowerLost
from drills.injectors.network import (
    AddressTaken,
    CablePulled,
    CardsDown,
    GatewayFilters,
    PacketsLost,
    PortFiltered,
    RouteRemoved,
    SwitchOff,
    WrongGateway,
)
from drills.injectors.services import (
    CrashLoops,
    Killed,
    ShopTold,
    Stopped,
    WrongRecord,
)
from drills.injectors.storage import FileSystemError, FileSystemFull, InodesExhausted, MediumError
from drills.lab import Lab
from tests.drills.seeing import page, pings, shop_works, soon

pytestmark = pytest.mark.root


def test_a_pulled_cable_takes_the_carrier(lab: Lab) -> None:
    with CablePulled(host="web1").harm(lab):
        assert "NO-CARRIER" in lab["web1"].run("ip", "link", "show", "eth0").stdout
        assert not pings(lab["web2"], "web1")
    assert soon(lambda: pings(lab["web2"], "web1"))


def test_a_pulled_uplink_comes_back_with_its_routes(lab: Lab) -> None:
    with CablePulled(host="gw", nic="eth2").harm(lab):
        assert not pings(lab["web2"], "out1")
    assert soon(lambda: pings(lab["web2"], "out1"))


def test_a_switch_without_power_parts_its_hosts(lab: Lab) -> None:
    with SwitchOff(switch="sw1").harm(lab):
        assert not pings(lab["web1"], "web2")
        assert soon(lambda: pings(lab["ws1"], "db1"))
    assert soon(lambda: pings(lab["web1"], "web2"))


def test_a_dead_gateway_parts_the_segments(lab: Lab) -> None:
    with CardsDown(host="gw").harm(lab):
        assert not pings(lab["web1"], "db1")
        assert soon(lambda: pings(lab["web1"], "web2"))
    assert soon(lambda: pings(lab["web1"], "db1"))


def test_lost_packets_are_about_as_many_as_asked(lab: Lab) -> None:
    with PacketsLost(host="web1", percent=40).harm(lab):
        assert 60 < pings(lab["web2"], "web1", 200) < 180
    assert soon(lambda: pings(lab["web2"], "web1", 50) == 50)


def test_a_wrong_gateway_keeps_the_segment_and_loses_the_rest(lab: Lab) -> None:
    with WrongGateway(host="ws1", gateway="10.77.2.254").harm(lab):
        assert soon(lambda: pings(lab["ws1"], "db1"))
        assert not pings(lab["ws1"], "web1")
    assert soon(lambda: pings(lab["ws1"], "web1"))


def test_a_removed_route_is_back_afterwards(lab: Lab) -> None:
    with RouteRemoved(host="ws1").harm(lab):
        assert "default" not in lab["ws1"].run("ip", "route").stdout
    assert soon(lambda: pings(lab["ws1"], "web1"))


def test_a_taken_address_answers_from_two_machines(lab: Lab) -> None:
    with AddressTaken(address="10.77.1.11", by="dns1").harm(lab):
        ask = ("arping", "-c", "3", "-b", "-I", "eth0", "10.77.1.11")
        both = ("02:00:0A:4D:01:0B", "02:00:0A:4D:01:35")
        assert soon(lambda: all(mac in lab["web2"].run(*ask, check=False).stdout.upper() for mac in both))
    assert shop_works(lab)


def test_a_filtered_port_is_silent_and_the_host_answers_pings(lab: Lab) -> None:
    with PortFiltered(host="db1", port=5432).harm(lab):
        assert soon(lambda: pings(lab["mon1"], "db1"))
        assert not page(lab["mon1"], "https://web1.lab.test/").startswith("200")
    assert shop_works(lab)


def test_a_filter_on_the_gateway_stops_only_what_crosses_it(lab: Lab) -> None:
    with GatewayFilters(port=8000, to="app2").harm(lab):
        assert soon(lambda: page(lab["ws1"], "http://app2.lab.test:8000/").startswith("200"))
        assert not page(lab["web2"], "http://app2.lab.test:8000/").startswith("200")
    assert shop_works(lab, "web2")


def test_a_killed_backend_makes_the_web_server_answer_502(lab: Lab) -> None:
    with Killed(host="app2", process="shopd").harm(lab):
        assert soon(lambda: page(lab["ws1"], "https://web2.lab.test/").startswith("502"))
    assert shop_works(lab, "web2")


def test_a_killed_partner_makes_only_its_own_page_answer_502(lab: Lab) -> None:
    with Killed(host="out1", process="partner").harm(lab):
        assert soon(lambda: page(lab["ws1"], "https://web2.lab.test/partner/").startswith("502"))
        assert shop_works(lab, "web2")
    assert soon(lambda: page(lab["ws1"], "https://web2.lab.test/partner/") == "200 rate 1.1")


def test_a_killed_database_comes_back_with_its_data(lab: Lab) -> None:
    with Killed(host="db1", process="postgres").harm(lab):
        assert soon(lambda: page(lab["ws1"], "https://web1.lab.test/").startswith("500"))
    assert shop_works(lab)


def test_a_killed_resolver_answers_no_name(lab: Lab) -> None:
    with Killed(host="dns1", process="dnsmasq").harm(lab):
        assert lab["ws1"].run("getent", "hosts", "web1.lab.test", check=False).returncode
    assert shop_works(lab)


def test_a_wrong_record_is_answered_until_it_is_put_right(lab: Lab) -> None:
    def address() -> str:
        return lab["ws1"].run("getent", "hosts", "web1.lab.test").stdout.split()[0]

    with WrongRecord(name="web1.lab.test", address="10.77.1.99").harm(lab):
        assert soon(lambda: address() == "10.77.1.99")
    assert soon(lambda: address() == "10.77.1.11")


def test_a_stopped_web_server_accepts_and_never_answers(lab: Lab) -> None:
    with Stopped(host="web2", process="nginx").harm(lab):
        assert soon(lambda: "timed out" in page(lab["ws1"], "https://web2.lab.test/"))
    assert shop_works(lab, "web2")


def test_an_expired_certificate_is_served_and_refused(lab: Lab) -> None:
    with CertificateExpired(host="web1").harm(lab):
        assert soon(lambda: "certificate has expired" in page(lab["ws1"], "https://web1.lab.test/"))
    assert shop_works(lab)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"name": "shop.lab.test"}, "Hostname mismatch"),
        ({"made": "2 days"}, "certificate is not yet valid"),
        ({"by": "stranger"}, "unable to get local issuer certificate"),
        ({"by": "subordinate"}, "unable to get local issuer certificate"),
    ],
)
def test_a_replaced_certificate_is_refused_for_what_is_wrong_with_it(
    lab: Lab, how: dict[str, str], said: str
) -> None:
    with CertificateReplaced(host="web1", **how).harm(lab):
        assert soon(lambda: said in page(lab["ws1"], "https://web1.lab.test/"))
    assert shop_works(lab)


def test_a_bug_of_the_shop_is_logged_and_answered_with_500(lab: Lab) -> None:
    with ShopTold(host="app1", to="bug").harm(lab):
        assert soon(lambda: page(lab["ws1"], "https://web1.lab.test/").startswith("500"))
        assert "KeyError: 'basket'" in lab["app1"].path("/var/log/shopd.log").read_text()
    assert shop_works(lab)


def test_a_crash_loop_changes_the_process_again_and_again(lab: Lab) -> None:
    with CrashLoops(host="app1").harm(lab):
        seen: set[int] = set()
        assert soon(lambda: seen.update(lab["app1"].processes("shopd")) or len(seen) >= 3)
    assert shop_works(lab)
    assert soon(lambda: len(lab["app1"].processes("shopd")) == 1)


def test_a_full_file_system_takes_no_more_bytes(lab: Lab) -> None:
    with FileSystemFull(host="app2").harm(lab), pytest.raises(OSError, match="No space"):
        lab["app2"].path("/srv/data/more").write_bytes(b"x" * 8192)
    lab["app2"].path("/srv/data/more").unlink(missing_ok=True)
    lab["app2"].path("/srv/data/more").write_bytes(b"x" * 8192)
    lab["app2"].path("/srv/data/more").unlink()


def test_exhausted_inodes_leave_space_and_no_new_file(lab: Lab) -> None:
    volume = lab["web2"].path("/srv/data")
    with InodesExhausted(host="web2").harm(lab):
        with pytest.raises(OSError, match="No space"):
            (volume / "more").touch()
        assert os.statvfs(volume).f_bavail > 0
    (volume / "more").touch()
    (volume / "more").unlink()


def test_a_file_system_error_stops_writing_and_tells_the_kernel_log_of_that_host_only(lab: Lab) -> None:
    with FileSystemError(host="app1").harm(lab):
        with pytest.raises(OSError, match=r"Read-only|read-only"):
            lab["app1"].path("/srv/data/more").touch()
        assert "EXT4-fs error" in lab["app1"].path("/var/log/kern.log").read_text()
        assert "EXT4-fs error" not in lab["app2"].path("/var/log/kern.log").read_text()
    lab["app1"].path("/srv/data/more").touch()
    lab["app1"].path("/srv/data/more").unlink()


def test_a_medium_error_is_an_input_output_error_in_the_kernel_log(lab: Lab) -> None:
    with MediumError(host="web2").harm(lab):
        assert "I/O error, dev loop" in lab["web2"].path("/var/log/kern.log").read_text()
    lab["web2"].path("/srv/data/more").write_bytes(os.urandom(65536))
    lab["web2"].path("/srv/data/more").unlink()


def test_eaten_memory_ends_in_a_kill_by_the_kernel(lab: Lab) -> None:
    with MemoryEaten(host="app2").harm(lab):
        assert "Killed process" in lab["app2"].path("/var/log/kern.log").read_text()
        assert soon(lambda: lab["app2"].processes("reportd") == [])  # the kernel says so before it is gone


def test_burnt_processor_time_shows_on_that_host_only(lab: Lab) -> None:
    def busy(name: str) -> int:
        return int(lab[name].path("/proc/stat").read_text().split()[1])

    with CpuBurnt(host="app1").harm(lab):
        before = busy("app1"), busy("app2")
        assert soon(lambda: busy("app1") - before[0] > 100)
        assert busy("app2") - before[1] < (busy("app1") - before[0]) / 2
    assert lab["app1"].processes("reportd") == []


def test_exhausted_files_keep_new_clients_out(lab: Lab) -> None:
    with FilesExhausted(host="web2", by="ws1").harm(lab):
        log = lab["web2"].path("/var/log/nginx/error.log")
        assert soon(lambda: "Too many open files" in log.read_text())
        assert soon(lambda: not page(lab["mon1"], "https://web2.lab.test/").startswith("200"))
    assert shop_works(lab, "web2")


def test_a_skewed_clock_is_seen_by_what_is_started_then(lab: Lab) -> None:
    with ClockSkewed(host="ws1", seconds=600).harm(lab):
        settings = [f"{name}={value}" for name, value in lab.environment["ws1"].items()]
        began = time.time()
        said = float(lab["ws1"].run("env", *settings, "date", "+%s").stdout)
        assert began + 595 < said < time.time() + 605


def test_a_host_without_power_comes_back_with_its_disk_and_a_new_boot_id(lab: Lab) -> None:
    boot = lab["web1"].path("/proc/sys/kernel/random/boot_id").read_text()
    lab["web1"].write("/etc/kept", "x")
    with PowerLost(host="web1").harm(lab):
        assert not pings(lab["web2"], "web1")
    assert lab["web1"].path("/etc/kept").read_text() == "x"
    assert lab["web1"].path("/proc/sys/kernel/random/boot_id").read_text() != boot
    assert shop_works(lab)
