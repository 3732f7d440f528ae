"""The real tools: volume groups on loop devices, a simulated BMC and UPS, smartctl without SMART."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.hardware import bmc_sel, ups
from collectors.host import Host
from collectors.storage import lvm, smart_json, smart_judge
from tests.collectors.conftest import about
from wire.judgement import Reason, Verdict

Start = Callable[..., subprocess.Popen[bytes]]
HOST = Host("box")


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None and not Path(tool).exists():
            pytest.skip(f"{tool} is not installed")


def told(*argv: str) -> bytes:
    done = subprocess.run(argv, capture_output=True, check=False, timeout=200)
    return done.stdout + b"\n" + done.stderr


@pytest.fixture
def start() -> Iterator[Start]:
    children: list[subprocess.Popen[bytes]] = []

    def run(*argv: str, **how: object) -> subprocess.Popen[bytes]:
        children.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how))  # type: ignore[call-overload]
        return children[-1]

    yield run
    for child in children:
        child.kill()
        child.wait()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(look: Callable[[], bytes], wanted: bytes) -> bytes:
    end = time.monotonic() + 200
    while wanted not in (answer := look()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer


@pytest.fixture
def loops(tmp_path) -> Iterator[list[str]]:
    """Two block devices."""
    if os.geteuid():
        pytest.skip("block devices need root")
    devices = []
    for name in ("a", "b"):
        image = tmp_path / name
        image.touch()
        os.truncate(image, 16 << 20)
        made = subprocess.run(
            ["losetup", "--find", "--show", image], capture_output=True, text=True, check=False
        )
        if made.returncode:
            pytest.skip(f"no loop device here: {made.stderr.strip()}")
        devices.append(made.stdout.strip())
    yield devices
    for device in devices:
        subprocess.run(["losetup", "--detach", device], check=False, capture_output=True)


@pytest.mark.root
def test_a_volume_group_that_loses_a_disk_says_so(loops, tmp_path):
    need("vgcreate", "lvm")
    name = f"rw{os.getpid()}"
    told("pvcreate", "-y", *loops)
    if b"successfully created" not in told("vgcreate", "--autobackup", "n", name, *loops):
        pytest.skip("volume groups cannot be made here")
    try:
        whole = list(lvm.judge(lvm.parse(told(*lvm.COMMAND)), HOST))
        assert about(whole, "lvm.group", f"/{name}").reason is Reason.OK
        subprocess.run(["losetup", "--detach", loops.pop()], check=True)  # somebody else may get it
        assert (
            about(lvm.judge(lvm.parse(told(*lvm.COMMAND)), HOST), "lvm.group", f"/{name}").reason
            is Reason.MISSING
        )
        for listing in ("pvs", "vgs"):
            found = lvm.parse(told(listing))
            assert about(lvm.judge(found, HOST), "lvm.group", f"/{name}").reason is Reason.MISSING
    finally:
        told("vgremove", "-ff", "-y", name)


LAN = """name "rootward"
set_working_mc 0x20
startlan 1
  addr 127.0.0.1 {port}
  priv_limit admin
  allowed_auths_admin none md5 straight
  guid a123456789abcdefa123456789abcdef
endlan
user 2 true "probe" "word" admin 10 none md5 straight
"""
MACHINE = """mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""
AC_LOST = "0 0 0x02 0 0 0 0 0x20 0 0x04 0x08 0x61 0x6f 0x03 0xff 0xff"
"""A record of the log (IPMI 2.0, table 32-1): sensor 61h, a power supply, sensor-specific offset 3."""


def test_an_event_in_the_log_of_a_bmc_is_found(start, tmp_path):
    need("ipmi_sim", "ipmitool")
    port = free_port(socket.SOCK_DGRAM)
    (tmp_path / "lan.conf").write_text(LAN.format(port=port))
    (tmp_path / "sim.emu").write_text(MACHINE)
    start("ipmi_sim", "-n", "-c", tmp_path / "lan.conf", "-f", tmp_path / "sim.emu", "-s", tmp_path)
    ask = [
        "ipmitool",
        "-I",
        "lan",
        "-H",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "probe",
        "-P",
        "word",
        "-A",
        "MD5",
    ]
    empty = until(lambda: told(*ask, "sel", "elist"), b"SEL has no entries")
    assert about(bmc_sel.judge(bmc_sel.parse(empty), HOST), "bmc.events").reason is Reason.OK
    told(*ask, "raw", "0x0a", "0x44", *AC_LOST.split())
    log = until(lambda: told(*ask, "sel", "elist"), b"Asserted")
    judged = about(bmc_sel.judge(bmc_sel.parse(log), HOST), "bmc.events.power")
    assert judged.reason is Reason.ERRORS
    assert "Power Supply AC lost" in str(judged.evidence["found"])


@pytest.mark.parametrize(("status", "reason"), [("OL CHRG", Reason.OK), ("OB LB", Reason.STOPPED)])
def test_a_ups_tells_through_its_daemon(start, tmp_path, status, reason):
    need("/lib/nut/dummy-ups", "/lib/nut/upsd", "upsc")
    if os.geteuid():
        pytest.skip("the driver wants an account of its own, or root")
    port = free_port()
    (tmp_path / "rack.dev").write_text(f"battery.charge: 50\nups.status: {status}\n")
    (tmp_path / "ups.conf").write_text(f"[rack]\n driver = dummy-ups\n port = {tmp_path}/rack.dev\n")
    (tmp_path / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {port}\n")
    (tmp_path / "upsd.users").touch(0o600)
    where = dict.fromkeys(("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH"), str(tmp_path))
    start("/lib/nut/dummy-ups", "-D", "-u", "root", "-a", "rack", env=os.environ | where)
    start("/lib/nut/upsd", "-D", "-u", "root", env=os.environ | where)
    answer = until(lambda: told("upsc", f"rack@127.0.0.1:{port}"), b"ups.status: " + status.encode())
    judged = about(ups.judge(ups.parse(answer), HOST), "power.ups")
    assert (judged.reason, judged.value) == (reason, 0.5)


@pytest.mark.root
def test_smartctl_on_a_disk_without_smart_is_no_alarm(loops):
    need("smartctl")
    answer = subprocess.run(
        ["smartctl", "--json", "-x", "-n", "standby", "--", loops[0]], capture_output=True, check=False
    )
    (judged,) = smart_judge.judge(smart_json.parse_json(answer.stdout), HOST)
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_SUPPORTED)
