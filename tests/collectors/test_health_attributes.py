"""What /sys tells of the health of devices: a small tree, recorded ones, and this machine."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.hardware import health_attributes
from collectors.host import Host

DATA = Path(__file__).parents[3] / "shared/data/command_outputs"
ARCHIVES = {
    "node_exporter": ("node_exporter_sys.ttar.gz", ""),
    "procfs": ("procfs_fixtures.ttar.gz", "fixtures"),
}


def told(root: Path) -> dict[str, str]:
    found = health_attributes.gather(Host("box", str(root)))
    return {} if found is None else found.values


def test_attributes_are_found_at_their_real_place_and_behind_the_links_of_their_class(tmp_path):
    device = tmp_path / "sys/devices/pci0000:00/net/eth0"
    device.mkdir(parents=True)
    (device / "operstate").write_text("down\n")
    (device / "uevent").write_text("INTERFACE=eth0\n")
    (device / "subsystem").symlink_to("../../../../class/net")
    (tmp_path / "sys/class/net").mkdir(parents=True)
    (tmp_path / "sys/class/net/eth0").symlink_to("../../devices/pci0000:00/net/eth0")
    assert told(tmp_path) == {
        "sys/devices/pci0000:00/net/eth0/operstate": "down",
        "sys/class/net/eth0/operstate": "down",
    }


def test_a_machine_without_sys_says_nothing(tmp_path):
    assert told(tmp_path) == {}


def test_this_machine_is_read_without_trouble():
    found = told(Path("/"))
    assert found["sys/class/net/lo/operstate"] == "unknown"


@pytest.mark.parametrize("archive", ARCHIVES)
def test_recorded_trees_give_the_facts_that_were_read_from_them(tmp_path, archive):
    name, below = ARCHIVES[archive]
    if not (DATA / name).exists():
        pytest.skip("the recorded trees are not here")
    _unpack(DATA / name, tmp_path)
    prefix = f"{archive}:{below}/" if below else f"{archive}:"
    facts = json.loads((DATA / "sysfs_health_facts.json").read_bytes())
    wanted = {key.removeprefix(prefix): value for key, value in facts.items() if key.startswith(prefix)}
    found = told(tmp_path / below)
    assert wanted
    assert {key: found.get(key) for key in wanted} == wanted


def _unpack(archive: Path, folder: Path) -> None:
    """The text archive of Prometheus: a path, then a link's target or a number of lines, and the lines."""
    lines = iter(gzip.decompress(archive.read_bytes()).decode("utf-8", "surrogateescape").split("\n"))
    path = folder
    for line in lines:
        word, _, rest = line.partition(": ")
        if word == "Path":
            path = folder / rest
            path.parent.mkdir(parents=True, exist_ok=True)
        elif word == "SymlinkTo":
            path.symlink_to(rest)
        elif word == "Lines":
            text = "\n".join(_next(lines, int(rest)))
            path.write_text(text.removesuffix("EOF").replace("NULLBYTE", "\0"), errors="surrogateescape")


def _next(lines: Iterator[str], count: int) -> list[str]:
    return [next(lines) for _ in range(count)]
