"""Devices, mounts, containers, clusters and settings, as the tools print them; and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import key_values, words_instead
from collectors.hardware import device_listing
from collectors.host import Host
from collectors.logs import recorded_log
from collectors.network import (
    bonding,
    ethtool,
    ethtool_counters,
    ethtool_optics,
    ethtool_other,
    ip_output,
    ip_tables,
    network_manager,
    protocol_counters,
    socket_listing,
    socket_summary,
    team,
)
from collectors.services import cluster_status, container_listing, unit_listing
from collectors.source import Source
from collectors.storage import block_devices, df, mount_listing
from collectors.system import meminfo_listing, ntp_sources, other_listings, ps_listing, slab
from tests.collectors.conftest import about
from wire.codec import encode
from wire.judgement import Reason

BOX = Host("box", "/dev/null")
MODULES = (
    *(
        block_devices,
        bonding,
        cluster_status,
        container_listing,
        device_listing,
        df,
        ethtool,
        ethtool_counters,
    ),
    *(ethtool_optics, ethtool_other, ip_output, ip_tables, key_values, meminfo_listing, mount_listing),
    *(network_manager, ntp_sources, other_listings, protocol_counters, ps_listing, slab, socket_listing),
    *(socket_summary, team, unit_listing, words_instead),
)
SOURCES: list[Source] = [
    source
    for module in MODULES
    for source in (getattr(module, "SOURCES", None) or (module.SOURCE,))
    if isinstance(source, Source)
]
WORDS = """Slave Interface: eth0
MII Status: up
Filesystem 1K-blocks Used Available Use% Mounted on
Settings for eth0:
NIC statistics:
Identifier : 0x03
2: eth0: <UP> mtu 1500
RX: bytes packets
1 2 3
default via 10.0.0.1
tcp LISTEN 1 2 *:1 *:*
Tcp:
    5 segments sent out
  PID STAT COMMAND
1 Z x
^* a 1 1 377 1 -1us[-1us]
x.service loaded failed failed
CONTAINER ID   STATUS   NAMES
abc Restarting (1) x
Cluster name: x
Handle 0x1, DMI type 1
System Information
00:00.0 Host bridge: x (rev 01)
MemTotal: 99 kB
/dev/a on / type ext4 (ro)
NAME MAJ:MIN
{"ports": {"a": 1}}
{"blockdevices": [{"name": 5}]}
slabinfo - version
:
=""".splitlines()
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(lambda one: "\n".join(one).encode())


@given(st.one_of(st.binary(max_size=400), TEXTS))
def test_any_bytes_are_read_or_refused_and_what_is_judged_can_travel(raw):
    for source in SOURCES:
        try:
            found = source.parse(raw)
        except ValueError:
            continue
        encode(source.facts(found))
        for judgement in source.judge(found, BOX):
            encode(judgement)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("/dev/sda1 / ext4 rw,relatime 0 0", Reason.OK),
        ("/dev/sda1 / ext4 ro,relatime 0 0", Reason.READ_ONLY),
        ("/dev/sda1 on /var type xfs (ro,noatime)", Reason.READ_ONLY),
        ("/dev/sda1 on /media/usb type ext4 (ro,noatime)", Reason.OK),
        ("21 1 253:1 / /data rw,relatime - ext4 /dev/sdb1 ro,errors=remount-ro", Reason.ERRORS),
    ],
)
def test_a_mount_that_lost_the_right_to_write_is_found_in_every_form(row, reason):
    assert about(mount_listing.judge(mount_listing.parse(row.encode()), BOX), "fs.read_only").reason is reason


def test_a_disk_that_the_kernel_took_offline_is_found_in_lsblk():
    devices = block_devices.parse_pairs(b'NAME="sda" STATE="running"\nNAME="sdb" STATE="offline"\n')
    assert about(block_devices.judge(devices, BOX), "disk.controller").subject == "disk:box/sdb"


def test_the_tree_of_lsblk_is_read_with_its_branches():
    table = "NAME MAJ:MIN RM SIZE RO TYPE MOUNTPOINTS\nsda 8:0 0 9G 0 disk\n└─sda1 8:1 0 9G 0 part /\n"
    assert [one.name for one in block_devices.parse_table(table.encode())] == ["sda", "sda1"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Up 3 hours", Reason.OK),
        ("Up 3 hours (unhealthy)", Reason.HUNG),
        ("Restarting (1) 5 seconds ago", Reason.RESTARTING),
        ("Dead", Reason.STOPPED),
    ],
)
def test_containers_are_judged_by_their_status(status, reason):
    text = f'CONTAINER ID   COMMAND    {"STATUS":<30} NAMES\nab12           "run"      {status:<30} shop\n'
    judgement = about(container_listing.judge(container_listing.parse(text.encode()), BOX), "container.state")
    assert (judgement.subject, judgement.reason) == ("service:box/shop", reason)


def test_a_container_that_ended_is_told_and_not_judged():
    text = "CONTAINER ID   STATUS                  NAMES\nab12           Exited (2) 3 days ago   job\n"
    listing = container_listing.parse(text.encode())
    assert container_listing.facts(listing)["failed"] == ["job"]
    assert list(container_listing.judge(listing, BOX)) == []


CLUSTER = (
    "Cluster name: c1\nCurrent DC: a (1) - partition {quorum} quorum\nOnline: [ a b ]\n{nodes}\n{resource}\n"
)


@pytest.mark.parametrize(
    ("quorum", "nodes", "resource", "reason"),
    [
        ("with", "", " ip (ocf::heartbeat:IPaddr2): Started a", Reason.OK),
        ("WITHOUT", "", "", Reason.MISSING),
        ("with", "OFFLINE: [ c ]", "", Reason.MISSING),
        ("with", "Node c: UNCLEAN (offline)", "", Reason.MISSING),
        ("with", "  * Node c (3): UNCLEAN (offline)", "", Reason.MISSING),
        ("with", "", "  * db (systemd:postgresql): Stopped", Reason.STOPPED),
        ("with", "", " db (systemd:postgresql): FAILED a (blocked)", Reason.STOPPED),
        ("with", "", " db (systemd:postgresql): Stopped (disabled)", Reason.OK),
    ],
)
def test_a_cluster_is_judged_by_its_nodes_quorum_and_resources(quorum, nodes, resource, reason):
    text = CLUSTER.format(quorum=quorum, nodes=nodes, resource=resource)
    assert (
        about(cluster_status.judge(cluster_status.parse(text.encode()), BOX), "svc.cluster").reason is reason
    )


def test_a_list_of_resources_alone_tells_what_failed():
    text = b"Full list of resources:\n\n web (lsb:web):  FAILED a (blocked)\n"
    (judged,) = cluster_status.judge(cluster_status.parse(text), BOX)
    assert (judged.reason, dict(judged.evidence)["stopped"]) == (Reason.STOPPED, "web")


@pytest.mark.parametrize(("quorate", "reason"), [("Yes", Reason.OK), ("No", Reason.MISSING)])
def test_the_votes_of_a_cluster_tell_its_quorum(quorate, reason):
    text = f"Quorum information\n------------------\nNodes:            3\nQuorate:          {quorate}\n"
    (judged,) = cluster_status.judge(cluster_status.parse(text.encode()), BOX)
    assert judged.reason is reason


def test_warnings_alone_tell_nothing_of_a_cluster():
    found = cluster_status.parse(b"WARNING: no stonith devices and stonith-enabled is not false\n")
    assert found.warnings == ["no stonith devices and stonith-enabled is not false"]
    assert list(cluster_status.judge(found, BOX)) == []


LSBLK = """NAME            FSTYPE      LABEL UUID   FSAVAIL FSUSE% MOUNTPOINTS
sda
|-sda1          vfat        BOOT  1607    336.1M    95% /boot
`-a-name-too-long-for-it
                LVM2_member       sKhniG
sr0             iso9660                        0   100% /media
"""


def test_an_empty_cell_of_lsblk_moves_none_of_its_neighbours():
    found = block_devices.parse_table(LSBLK.encode())
    told = {one.name: one.told for one in found}
    assert (
        told["a-name-too-long-for-it"] | {"fstype": "LVM2_member", "uuid": "sKhniG"}
        == (told["a-name-too-long-for-it"])
    )
    assert told["sda1"]["mountpoint"] == "/boot"
    assert [(one.subject, one.reason) for one in block_devices.judge(found, BOX)] == [
        ("fs:box:/boot", Reason.HIGH)
    ]


def test_lsblk_tells_in_json_where_a_device_is_mounted():
    raw = b'{"blockdevices": [{"name": "sda1", "fsuse%": "99%", "mountpoints": ["/srv", null]}]}'
    (judged,) = block_devices.judge(block_devices.parse_json(raw), BOX)
    assert judged.reason is Reason.FULL


def test_rows_of_ps_without_their_head_are_read():
    text = "root  2512  0.0  0.0   0   0 ?    Z    Feb11   0:00 [docker] <defunct>\n" * 20
    (judged,) = ps_listing.judge(ps_listing.parse(text.encode()), BOX)
    assert (judged.signal, judged.value) == ("process.zombies", 20)


@pytest.mark.parametrize(("free", "reason"), [(4_000_000, Reason.OK), (100_000, Reason.EXHAUSTED)])
def test_recorded_memory_is_judged_as_the_live_one(free, reason):
    figures = meminfo_listing.parse(
        f"MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: {free} kB\n".encode()
    )
    assert about(meminfo_listing.judge(figures, BOX), "mem.available").reason is reason


@pytest.mark.timeout(600)  # it compiles the signatures, fifteen seconds of CPU
def test_recorded_logs_go_through_the_signatures():
    line = b"[12345.678901] EXT4-fs error (device sdb1): ext4_find_entry:1455: inode #2: comm ls: reading "
    line += b"directory lblock 0\n"
    found = list(recorded_log.judge(recorded_log.parse(line), BOX))
    assert [one.signal for one in found] == ["log.fs_error"]


def test_what_the_firmware_says_of_the_machine_is_told():
    text = (
        "# dmidecode 3.3\nHandle 0x0100, DMI type 1, 27 bytes\nSystem Information\n"
        "\tProduct Name: PowerEdge R750\n\tSerial Number: ABC1234\n\nHandle 0x1100, DMI type 17, 92 bytes\n"
        "Memory Device\n\tSize: 32 GB\n\tLocator: A1\n\nHandle 0x1101, DMI type 17, 92 bytes\n"
        "Memory Device\n\tSize: No Module Installed\n\tLocator: A2\n"
    )
    facts = device_listing.dmi_facts(device_listing.parse_dmi(text.encode()))
    assert (facts["product"], facts["serial"], facts["dimms"]) == (
        "PowerEdge R750",
        "ABC1234",
        {"A1": "32 GB"},
    )


@pytest.mark.parametrize(
    "text",
    [
        "bash: pcs: command not found",
        "/usr/sbin/dmidecode: Permission denied",
        "Usage: lspci [<switches>]",
        "Failed to get D-Bus connection: Operation not permitted",
        "need to be root",
        "df: no file systems processed",
        'Device "team0" does not exist',
    ],
)
def test_what_a_tool_says_instead_of_its_listing_is_kept_and_judges_nothing(text):
    complaint = words_instead.parse(text.encode())
    assert words_instead.facts(complaint) == {"complaint": text}
    assert list(words_instead.judge(complaint, BOX)) == []


def test_blank_output_says_that_nothing_was_printed():
    assert words_instead.parse(b" \n\n") == "nothing was printed"


def test_a_broken_document_is_not_taken_for_words():
    with pytest.raises(ValueError, match="neither a listing"):
        words_instead.parse(b'{"error": "not found",')


def test_the_complaint_of_the_reader_is_no_line_of_the_log():
    with pytest.raises(ValueError, match="no line of a log"):
        recorded_log.parse(b"dmesg: read kernel buffer failed: Operation not permitted\n")


def test_a_listing_without_its_head_is_read_by_the_usual_columns():
    (disk,) = block_devices.parse_table(b"sda 8:0 0 9G 0 disk\n")
    assert (disk.name, disk.told["size"], disk.told["type"]) == ("sda", "9G", "disk")


def test_what_findmnt_tells_is_mounted():
    devices = block_devices.parse_json(b'{"filesystems": [{"target": "/", "source": "/dev/sda1"}]}')
    assert block_devices.facts(devices)["mounted"] == {"/": "/dev/sda1"}


def test_an_old_dmidecode_puts_the_type_on_a_line_of_its_own():
    text = "Handle 0x0100\n\tDMI type 1, 27 bytes.\n\tSystem Information\n\t\tProduct Name: R1\n"
    assert device_listing.dmi_facts(device_listing.parse_dmi(text.encode()))["product"] == "R1"


def test_a_machine_is_told_by_its_digits():
    assert key_values.machine_id(b"00112233445566778899aabbccddeeff\n") == {
        "machine_id": "00112233445566778899aabbccddeeff"
    }


def test_a_line_of_rules_is_no_setting():
    assert key_values.pairs(b"====\nvm.swappiness = 10\n") == {"vm.swappiness": "10"}


def test_the_profile_that_would_be_active_is_told_where_its_daemon_is_down():
    told = other_listings.tuned(b"- balanced\nPreset profile: balanced\n")
    assert (told["active"], told["preset"]) == ("", "balanced")


def test_any_other_text_is_refused():
    with pytest.raises(ValueError, match="neither a listing"):
        words_instead.parse(b"roses are red\n")


COMPOSE = """NAME                 SERVICE   STATUS                          PORTS
shop-web-1           web       Up 4 hours (unhealthy)          0.0.0.0:8444->8443/tcp
shop-db-1            db        Restarting (1) 49 seconds ago
"""
MOVED = """CONTAINER ID   IMAGE  COMMAND    CREATED     STATUS   PORTS     NAMES
29ca70cc3ef8   example/smb   "/sbin/tini …"   About a minute ago   Restarting (1) 6 seconds ago         files
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (COMPOSE, [("service:box/shop-web-1", Reason.HUNG), ("service:box/shop-db-1", Reason.RESTARTING)]),
        (MOVED, [("service:box/files", Reason.RESTARTING)]),
        ("NAMES   STATUS\nfiles   Up 3 days (unhealthy)\n", [("service:box/files", Reason.HUNG)]),
    ],
)
def test_containers_are_found_in_any_columns(text, found):
    judgements = container_listing.judge(container_listing.parse(text.encode()), BOX)
    assert [(one.subject, one.reason) for one in judgements] == found


FINDMNT = """TARGET                    SOURCE      FSTYPE   OPTIONS
/                         /dev/sda2   ext4     ro,relatime
├─/sys                    sysfs       sysfs    rw,nosuid
│ └─/sys/fs/cgroup        tmpfs       tmpfs    ro,nosuid
"""


def test_the_tree_of_findmnt_is_read():
    rows = mount_listing.parse_findmnt(FINDMNT.encode())
    assert [row.point for row in rows] == ["/", "/sys", "/sys/fs/cgroup"]
    assert about(mount_listing.judge(rows, BOX), "fs.read_only").reason is Reason.READ_ONLY


def test_mounts_of_bsd_tell_their_type_among_the_options():
    rows = mount_listing.parse(b"/dev/ada0p2 on / (ufs, local, read-only)\ndevfs on /dev (devfs)\n")
    assert mount_listing.facts(rows)["mounts"]["/"] == {"source": "/dev/ada0p2", "type": "ufs"}
    assert mount_listing.facts(rows)["read_only"] == ["/"]
