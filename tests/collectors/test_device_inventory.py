"""The machine, its disks, and the packages changed lately."""

from __future__ import annotations

import pytest

from collectors.discovery import discover
from collectors.discovery.hardware import disks, machine
from collectors.discovery.packages import package_changes
from collectors.host import Host
from wire.codec import decode, encode
from wire.inventory import Inventory


def test_the_firmware_names_the_machine_and_what_the_maker_left_blank_is_blank(tree):
    tree.write("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n")
    tree.write("/sys/class/dmi/id/product_name", "PowerEdge R750\n")
    tree.write("/sys/class/dmi/id/product_serial", "To Be Filled By O.E.M.\n")
    tree.write("/sys/class/dmi/id/bios_version", "1.9.2\n")
    tree.write("/sys/class/dmi/id/bios_date", "11/17/2022\n")
    found = machine(tree.host())
    assert (found.vendor, found.model, found.serial) == ("Dell Inc.", "PowerEdge R750", "")
    assert (found.bios, found.virtual) == ("1.9.2 11/17/2022", False)


def test_disks_are_told_with_model_serial_and_size(tree):
    tree.write("/sys/block/nvme0n1/size", "1953525168\n")
    tree.write("/sys/block/nvme0n1/device/model", "SAMSUNG MZQL2960HCJR-00A07   \n")
    tree.write("/sys/block/nvme0n1/device/serial", "S64FNE0R600001\n")
    tree.write("/sys/block/loop0/size", "8\n")
    [found] = disks(tree.host())
    assert (found.name, found.model, found.serial) == (
        "nvme0n1",
        "SAMSUNG MZQL2960HCJR-00A07",
        "S64FNE0R600001",
    )
    assert found.size == 1953525168 * 512


@pytest.mark.parametrize(
    ("path", "line", "told"),
    [
        (
            "/var/log/dpkg.log",
            "2026-01-05 10:00:00 upgrade nginx:amd64 1.22.1-9 1.22.1-10",
            ("upgrade", "nginx", "1.22.1-10"),
        ),
        ("/var/log/dpkg.log", "2026-01-05 10:00:00 remove vim:amd64 9.0 <none>", ("remove", "vim", "9.0")),
        (
            "/var/log/dnf.rpm.log",
            "2026-01-05T10:00:00+0000 SUBDEBUG Upgraded: openssl-libs-1:3.0.7-24.el9.x86_64",
            ("upgraded", "openssl-libs", "3.0.7-24.el9.x86_64"),
        ),
        (
            "/var/log/yum.log",
            "Jan 05 10:00:00 Updated: kernel-3.10.0-1160.el7.x86_64",
            ("updated", "kernel", "3.10.0-1160.el7.x86_64"),
        ),
        (
            "/var/log/zypp/history",
            "2026-01-05 10:00:00|install|kernel-default|6.4.0-150600.21.3|x86_64|root@box|updates|0a1b|",
            ("install", "kernel-default", "6.4.0-150600.21.3"),
        ),
        (
            "/var/log/zypp/history",
            "2026-01-05 10:00:00|remove |vim|9.1.0-1.1|x86_64|root@box|",
            ("remove", "vim", "9.1.0-1.1"),
        ),
        (
            "/var/log/pacman.log",
            "[2026-01-05T10:00:00+0000] [ALPM] upgraded linux (6.6.1 -> 6.6.2)",
            ("upgraded", "linux", "6.6.2"),
        ),
    ],
)
def test_changes_of_packages_are_read_from_the_log_of_their_tool(tree, path, line, told):
    tree.write(
        path, f"garbage\n2026-13-45 99:99:99 install x:amd64 1 2\n{line}\n2026-01-05 10:00:01 status half\n"
    )
    [found] = package_changes(tree.host())
    assert (found.action, found.name, found.version) == told


def test_only_the_latest_changes_are_told_the_newest_last(tree):
    lines = [f"2026-01-{day:02} 10:00:00 install p{day}:amd64 <none> 1" for day in range(1, 32)] * 2
    tree.write("/var/log/dpkg.log", "\n".join(lines))
    found = list(package_changes(tree.host()))
    assert len(found) == 32
    assert found[-1].name == "p31"


def test_the_inventory_of_this_machine_can_travel():
    found = discover(Host("box"))
    assert decode(encode(found), Inventory) == found
