"""Volume groups and thin pools, as every form of the LVM tools prints them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.storage import lvm
from tests.collectors.conftest import about
from wire.judgement import Reason

LVS = """  LV       VG   Attr       LSize  Pool  Origin Data%  Meta%  Move Log Cpy%Sync Convert
  thin1    vg0  Vwi-aotz-- 10.00g pool0        99.21
  pool0    vg0  twi-aotz-- 20.00g              {data}  {meta}
  root     vg0  -wi-ao----  5.00g
"""


def judged(text: str) -> list[object]:
    return list(lvm.judge(lvm.parse(text.encode()), Host("box")))


@pytest.mark.parametrize(
    ("data", "meta", "reason"),
    [
        ("41.10", "12.01", Reason.OK),
        ("88.00", "12.01", Reason.HIGH),
        ("97.10", "12.01", Reason.FULL),
        ("41.10", "96.00", Reason.FULL),
    ],
)
def test_a_thin_pool_fills_by_data_or_by_metadata_and_a_thin_volume_is_merely_used(data, meta, reason):
    pools = [one for one in judged(LVS.format(data=data, meta=meta)) if one.signal == "pool.space"]
    assert [(one.subject, one.reason) for one in pools] == [("pool:box/vg0/pool0", reason)]


@pytest.mark.parametrize(
    "text",
    [
        "  PV         VG   Fmt  Attr PSize  PFree\n  [unknown]  vg0  lvm2 a-m  20.00g    0\n",
        "  PV             VG   Fmt  Attr PSize  PFree\n  unknown device vg0  lvm2 a-   20.00g    0\n",
        "  VG  #PV #LV #SN Attr   VSize VFree\n  vg0   2   1   0 wz-pn- 1g    0\n",
        "  WARNING: VG vg0 is missing PV Abc-123 (last written to /dev/sdb1).\n"
        + LVS.format(data="1.0", meta="1.0"),
        "LVM2_VG_NAME='vg0'|LVM2_VG_ATTR='wz-pn-'|LVM2_VG_MISSING_PV_COUNT='1'|LVM2_VG_PARTIAL='partial'\n",
        msgspec.json.encode({"report": [{"vg": [{"vg_name": "vg0", "vg_missing_pv_count": "1"}]}]}).decode(),
    ],
)
def test_a_missing_disk_is_found_in_every_form(text):
    assert about(judged(text), "lvm.group", "/vg0").reason is Reason.MISSING


def test_a_volume_that_must_be_refreshed_degrades_its_group():
    text = "  LV   VG  Attr       LSize Cpy%Sync\n  mirr vg0 rwi-aor-r- 1.00g 100.00\n"
    assert about(judged(text), "lvm.group").reason is Reason.DEGRADED


def test_words_between_the_rows_are_no_rows():
    text = (
        "  VG  Attr   Ext   #PV\n  vg0 wz--n- 4.00m   1\n  Reloading config files\n  Wiping internal cache\n"
    )
    assert [one.subject for one in judged(text)] == ["pool:box/vg0"]


def test_json_with_warnings_in_its_middle_is_read():
    groups = [f' {{"vg": [{{"vg_name":"{name}"}}]}}\n' for name in "ab"]
    text = '  WARNING: old\n {\n "report": [\n' + " ,\n  WARNING: PV x\n".join(groups) + " ]\n}\n"
    assert [one.subject for one in judged(text)] == ["pool:box/a", "pool:box/b"]


def test_a_volume_named_in_full_is_of_its_group():
    text = '{"report": [{"lv": [{"lv_full_name": "vg0/r5", "lv_health_status": "refresh needed"}]}]}'
    found = about(lvm.judge(lvm.parse(text.encode()), Host("box")), "lvm.group")
    assert (found.subject, found.reason) == ("pool:box/vg0", Reason.DEGRADED)


def test_a_machine_without_lvm_asks_no_tool(tree):
    assert not list(lvm.read(tree.host()))


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text):
    for head in ("", "  LV VG Attr LSize\n", "{\n"):
        try:
            found = lvm.parse((head + text).encode())
        except ValueError:
            continue
        list(lvm.judge(found, Host("box")))


def test_a_machine_with_the_tools_and_no_volume_group_is_silent(tree):
    tree.write("/sys/class/misc/device-mapper/dev", "10:236")
    (tree.root / "etc/lvm/backup").mkdir(parents=True)
    assert not list(lvm.read(tree.host()))


def test_a_report_without_a_row_is_one_of_a_machine_without_lvm():
    assert judged('  {\n    "report": [\n      {\n        "pv": [\n        ]\n      }\n    ]\n  }\n') == []
