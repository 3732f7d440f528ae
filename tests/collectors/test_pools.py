"""Sessions, volumes and clusters that storage comes from, and the plain readings of single disks."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.storage import ceph, ceph_reports, gluster, hddtemp, iscsi, nvme_log, vdo
from tests.collectors.conftest import about
from wire.judgement import Reason

HOST = Host("box", "/dev/null")


def test_an_iscsi_session_that_is_not_logged_in_is_out(tree):
    text = """Target: iqn.2017-06.com.example:server1 (non-flash)
\tCurrent Portal: 10.0.0.5:3260,1
\t\tiSCSI Connection State: TRANSPORT WAIT
\t\tiSCSI Session State: FAILED
"""
    assert about(iscsi.judge(iscsi.parse(text.encode()), HOST), "disk.session").reason is Reason.STOPPED
    tree.write("/sys/class/iscsi_session/session1/targetname", "iqn.a\n")
    tree.write("/sys/class/iscsi_session/session1/state", "FAILED\n")
    assert about(iscsi.read(tree.host()), "disk.session", "iqn.a").reason is Reason.STOPPED


def test_a_session_told_without_its_target_is_out_while_it_waits_for_its_transport():
    text = b"\tCurrent Portal: 10.0.0.6:3260,1\n\t\tSID: 8\n\t\tiSCSI Connection State: TRANSPORT WAIT\n"
    text += b"\t\tiSCSI Session State: FREE\n"
    assert about(iscsi.judge(iscsi.parse(text), HOST), "disk.session").reason is Reason.STOPPED


@pytest.mark.parametrize(
    "text",
    [
        "/dev/mapper/v0 :\n  physical blocks   : 1000\n  data blocks used: 940\n  overhead blocks used: 20\n",
        "Device 1K-blocks Used Available Use% Space saving%\n/dev/mapper/v0 4000 3840 160 96% 27%\n",
        "Device Size Used Available Use% Space saving%\n/dev/mapper/v0 100.0G 96.0G 4.0G 96% N/A\n",
    ],
)
def test_statistics_of_vdo_tell_what_is_full(text):
    found = about(vdo.judge(vdo.parse(text.encode()), HOST), "pool.space")
    assert (found.subject, found.reason, found.value) == ("pool:box/v0", Reason.FULL, 0.96)


def test_a_list_of_sessions_is_no_alarm():
    found = iscsi.parse(b"tcp: [1] 10.0.0.5:3260,1 iqn.2017-06.com.example:server1 (non-flash)\n")
    assert about(iscsi.judge(found, HOST), "disk.session").reason is Reason.OK
    assert iscsi.parse(b"iscsiadm: No active sessions.\n") == []


@pytest.mark.parametrize(("data", "reason"), [(200, Reason.OK), (800, Reason.HIGH), (890, Reason.FULL)])
def test_a_vdo_volume_runs_out_of_physical_blocks(data, reason):
    text = f"""VDO status:
VDOs:
  vdo1:
    Activate: enabled
    VDO statistics:
      /dev/mapper/vdo1:
        operating mode: normal
        data blocks used: {data}
        overhead blocks used: 100
        physical blocks: 1000
"""
    judgements = list(vdo.judge(vdo.parse(text.encode()), HOST))
    assert about(judgements, "pool.space").reason is (Reason.HIGH if data == 800 else reason)
    assert about(judgements, "vdo.volume").reason is Reason.OK


def test_a_read_only_vdo_volume_has_stopped():
    text = "VDO status:\nVDOs:\n  v:\n    operating mode: read-only\n"
    assert about(vdo.judge(vdo.parse(text.encode()), HOST), "vdo.volume").reason is Reason.STOPPED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Number of Peers: 1\n\nHostname: g2\nUuid: x\nState: Peer in Cluster (Connected)\n", Reason.OK),
        (
            "Number of Peers: 1\n\nHostname: g2\nUuid: x\nState: Peer in Cluster (Disconnected)\n",
            Reason.DEGRADED,
        ),
        ("Number of Peers: 1\n\nHostname: g2\nUuid: x\nState: Peer Rejected (Connected)\n", Reason.DEGRADED),
        ("Number of Peers: 0\n", Reason.OK),
        ("Connection failed. Please check if gluster daemon is operational.\n", Reason.STOPPED),
    ],
)
def test_gluster_tells_its_peers(text, reason):
    assert about(gluster.judge(gluster.parse(text.encode()), HOST), "gluster.peers").reason is reason


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"HEALTH_OK\n", Reason.OK),
        (b"HEALTH_WARN 1 osds down\n[WRN] OSD_DOWN: 1 osds down\n    osd.1 is down\n", Reason.HIGH),
        (msgspec.json.encode({"status": "HEALTH_ERR", "checks": {"OSD_FULL": {}}}), Reason.ERRORS),
        (msgspec.json.encode({"health": {"current": {"status": "HEALTH_OK", "checks": {}}}}), Reason.OK),
        (msgspec.json.encode({"health": {"status": "HEALTH_WARN"}}), Reason.HIGH),
    ],
)
def test_ceph_tells_its_health_in_every_form(raw, reason):
    assert about(ceph.judge(ceph.parse(raw), HOST), "ceph.health").reason is reason


def test_hddtemp_tells_fahrenheit_and_sleeping_disks():
    found = hddtemp.parse(b"|/dev/sda|WDC|122|F||/dev/sdb|WDC|72|C||/dev/sdc|WDC|SLP|*|")
    reasons = {one.subject: one.reason for one in hddtemp.judged(found, HOST)}
    assert reasons == {"disk:box/sda": Reason.OK, "disk:box/sdb": Reason.CRITICAL}


def test_nvme_smart_log_is_read_as_text_as_json_and_as_json_of_strings():
    text = b"""Smart Log for NVME device:nvme0n1 namespace-id:ffffffff
critical_warning                        : 0x4
temperature                             : 37 C (310 Kelvin)
available_spare                         : 100%
available_spare_threshold               : 10%
percentage_used                         : 2%
media_errors                            : 0
"""
    judged = about(nvme_log.judge(nvme_log.parse_text(text), HOST), "disk.smart")
    assert (judged.subject, judged.reason) == ("disk:box/nvme0n1", Reason.ERRORS)
    for zero, kelvin in ((0, 310), ("0", "310")):
        raw = msgspec.json.encode({"critical_warning": zero, "temperature": kelvin, "avail_spare": 100})
        smart = nvme_log.parse_json(raw)
        assert smart.temperature == 37
        assert about(nvme_log.judge(smart, HOST), "disk.smart").reason is Reason.OK


def test_a_machine_without_them_asks_no_tool(tree):
    for unit in (iscsi, vdo, gluster, ceph):
        assert not list(unit.read(tree.host()))


@given(st.text(max_size=300))
def test_no_text_breaks_the_parsers(text):
    for parse, judge, head in (
        (iscsi.parse, iscsi.judge, "Target: a\n"),
        (vdo.parse, vdo.judge, "VDO status:\nVDOs:\n  v:\n"),
        (gluster.parse, gluster.judge, "Number of Peers: 1\n"),
        (ceph.parse, ceph.judge, ""),
        (hddtemp.parse, hddtemp.judged, "|/dev/sda|x|1|C|"),
        (nvme_log.parse_text, nvme_log.judge, "critical_warning : 0\navailable_spare : 1\n"),
    ):
        try:
            found = parse((head + text).encode())
        except ValueError:
            continue
        list(judge(found, HOST))


def test_ceph_tells_an_osd_that_is_down_or_nearly_full():
    def reason(**node: object) -> Reason:
        raw = msgspec.json.encode({"nodes": [{"type": "osd", "name": "osd.0"} | node], "stray": []})
        return about(ceph_reports.judge(ceph_reports.parse(raw), HOST), "ceph.health").reason

    assert reason(status="up") is Reason.OK
    assert reason(status="down") is Reason.HIGH
    assert reason(utilization=91.2) is Reason.HIGH


def test_what_ceph_says_before_its_document_is_passed_over():
    raw = b'report 1234\n{"health": {"status": "HEALTH_WARN", "checks": {"OSD_DOWN": {}}}}'
    assert set(ceph.parse(raw).checks) == {"OSD_DOWN"}
    node = b'{"type": "osd", "name": "osd.3", "status": "up"}'
    tree = b'2026-01-01 -1 auth: no keyring\n{"osd_tree": {"nodes": [%s]}}'
    assert ceph_reports.parse(tree % node).osds == {"osd.3": "up"}


def test_a_document_of_ceph_that_is_cut_off_is_not_read_as_words():
    with pytest.raises(ValueError, match="not JSON"):
        ceph.parse(b'{"health": {"status": "HEALTH_WARN", "checks": {"OSD_DOWN": {\n')


CEPH = """  cluster:
    health: HEALTH_WARN
            1 osds down
            Degraded data redundancy: 8 pgs degraded

  services:
    osd: 3 osds: 2 up (since 4h), 3 in (since 8w)

  data:
    usage:   1 GiB used, 3 GiB / 4 GiB avail
"""
OLD_CEPH = """  health HEALTH_WARN 8 pgs degraded; 1/3 in osds are down
  monmap e3: 3 mons at {a=192.0.2.1:6789/0}
  osdmap e77: 3 osds: 2 up, 3 in
   pgmap v1: 8 pgs
        1024 MB used, 3072 MB / 4096 MB avail
"""
TREE = """ID  CLASS  WEIGHT   TYPE NAME   STATUS  REWEIGHT  PRI-AFF
-1         1.75768  root default
-3         0.58589      host a
 0    hdd  0.58589          osd.0      up   1.00000  1.00000
 1    ssd  0.58589          osd.1    down         0  1.00000
"""
SPACE = """ID CLASS WEIGHT  REWEIGHT SIZE    RAW USE AVAIL  %USE  VAR  PGS STATUS
 0   hdd 0.90919  1.00000 931 GiB 860 GiB 71 GiB 92.31 1.05  97     up
                    TOTAL 931 GiB 860 GiB 71 GiB 92.31
"""


@pytest.mark.parametrize("text", [CEPH, OLD_CEPH])
def test_ceph_tells_people_the_same_as_programs(text):
    found = ceph.parse(text.encode())
    assert set(found.checks) == {"OSD_DOWN", "PG_DEGRADED"}
    assert (found.osds, found.used) == ({"all": 3, "up": 2, "in": 3}, 0.25)


@pytest.mark.parametrize(
    ("text", "states", "used"),
    [(TREE, {"osd.0": "up", "osd.1": "down"}, {}), (SPACE, {"osd.0": "up"}, {"osd.0": 92.31})],
)
def test_tables_of_osds_tell_what_is_down_and_what_is_full(text, states, used):
    found = ceph_reports.parse(text.encode())
    assert (found.osds, found.used) == (states, used)
    assert about(ceph_reports.judge(found, HOST), "ceph.health").reason is Reason.HIGH


VOLUME = """Status of volume: web
Gluster process                             TCP Port  RDMA Port  Online  Pid
------------------------------------------------------------------------------
Brick node01:/data/web                      N/A       N/A        {}       N/A
Brick node02.with.a.long.name.example:/data
/web                                        49152     0          Y       1157
Self-heal Daemon on localhost               N/A       N/A        Y       1174
"""
HEAL = "Brick node01:/data/web\nStatus: {}\nNumber of entries: 0\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (VOLUME.format("Y"), Reason.OK),
        (VOLUME.format("N"), Reason.DEGRADED),
        (HEAL.format("Connected"), Reason.OK),
        (HEAL.format("Transport endpoint is not connected"), Reason.DEGRADED),
    ],
)
def test_a_brick_of_gluster_that_is_offline_degrades_it(text, reason):
    assert about(gluster.judge(gluster.parse(text.encode()), HOST), "gluster.peers").reason is reason
