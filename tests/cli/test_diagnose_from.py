"""`rootward diagnose --from DIR`: what was collected from a host is diagnosed without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main

DF = (
    "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"
    "/dev/sda2         20511312 20511312         0     100% /var\n/dev/sda1 20511312 1000000 19000000 5% /\n"
)
BOND = (
    "Ethernet Channel Bonding Driver: v5.15.0\n\nBonding Mode: fault-tolerance (active-backup)\n"
    "MII Status: up\n\n"
    "Slave Interface: ens1\nMII Status: up\n\nSlave Interface: ens2\nMII Status: down\n"
)
HEALTHY = {
    "etc/hostname": "db7\n",
    "proc/meminfo": "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSUnreclaim: 50000 kB\n",
    "proc/sys/kernel/tainted": "0\n",
    "proc/sys/kernel/osrelease": "5.14.0-362.el9.x86_64\n",
    "sos_commands/filesys/df_-al_-x_autofs": DF.replace("20511312         0     100%", "1000000 19000000 5%"),
    "sos_commands/systemd/systemctl_list-units": "sshd.service loaded active running ssh\n",
    "sos_commands/kernel/uname_-a": "Linux db7 5.14.0\n",
    "var/log/messages": "Jan  1 10:00:00 db7 systemd[1]: Started Session 1 of User root.\n",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def diagnosed(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    code = main(["diagnose", "--from", str(root), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_healthy_host_is_told_so(tmp_path, capsys):
    write(tmp_path, HEALTHY)
    code, told = diagnosed(tmp_path, capsys)
    assert (code, told["outcome"], told["faults"]) == (0, "healthy", [])


def test_a_full_file_system_is_named(tmp_path, capsys):
    write(tmp_path, HEALTHY | {"sos_commands/filesys/df_-al_-x_autofs": DF})
    code, told = diagnosed(tmp_path, capsys)
    assert (code, [one["ticket"]["fault"] for one in told["faults"]]) == (1, ["storage.fs.full"])
    assert told["faults"][0]["ticket"]["entity"] == "fs:db7:/var"


def test_the_log_of_a_collected_host_goes_through_the_signatures(tmp_path, capsys):
    line = (
        "Jan  1 10:00:01 db7 kernel: Out of memory: Killed process 4242 (mysqld) total-vm:9000000kB, "
        "anon-rss:7000000kB, file-rss:0kB, shmem-rss:0kB, UID:27 pgtables:15000kB oom_score_adj:0\n"
    )
    write(tmp_path, HEALTHY | {"var/log/messages": line})
    _, told = diagnosed(tmp_path, capsys)
    assert "log.oom_kill" in {one["signal"] for one in told["observations"]}
    assert [one["ticket"]["fault"] for one in told["faults"]] == ["mem.oom.kill"]


def test_what_the_kernel_kept_in_proc_is_read_and_named(tmp_path, capsys):
    write(tmp_path, HEALTHY | {"proc/net/bonding/bond0": BOND})
    _, told = diagnosed(tmp_path, capsys)
    found = {one["subject"]: one["reason"] for one in told["observations"] if one["signal"] == "link.bond"}
    assert found == {"bond:db7/bond0": "missing"}


def test_a_listing_of_one_device_is_named_by_its_file(tmp_path, capsys):
    counters = "NIC statistics:\n     rx_packets: 100000\n     rx_crc_errors: 90000\n"
    write(tmp_path, HEALTHY | {"sos_commands/networking/ethtool_-S_ens3f0": counters})
    _, told = diagnosed(tmp_path, capsys)
    found = {
        one["subject"]: one["reason"] for one in told["observations"] if one["signal"] == "net.link_errors"
    }
    assert found == {"nic:db7/ens3f0": "errors"}


def test_a_listing_that_cannot_be_read_is_unchecked_and_the_rest_counts(tmp_path, capsys):
    write(tmp_path, HEALTHY | {"sos_commands/filesys/lsblk": "", "sos_commands/md/mdadm_x": "\x00\x01"})
    code, told = diagnosed(tmp_path, capsys)
    assert code == 0
    assert "filesys/lsblk" in {one["what"] for one in told["unchecked"]}


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path, capsys):
    write(tmp_path, HEALTHY)
    (tmp_path / "sos_commands/filesys/df_outside").symlink_to("/etc/hostname")
    assert diagnosed(tmp_path, capsys)[0] == 0


def test_a_folder_that_is_not_there_is_told(tmp_path, capsys):
    assert main(["diagnose", "--from", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_the_folder_around_an_unpacked_archive_will_do(tmp_path, capsys):
    write(tmp_path / "sosreport-db7-2026-01-01-abc", HEALTHY)
    assert diagnosed(tmp_path, capsys)[1]["observations"]
