"""ZFS pools by their status, their list and the kernel's state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectors.host import Host
from collectors.storage import zpool
from collectors.storage.zpool_facts import parse_list, parse_properties, parse_status
from tests.collectors.conftest import about
from wire.judgement import Reason

STATUS = """  pool: tank
 state: {state}
status: One or more devices could not be used because the label is missing or
\tinvalid.
  scan: scrub repaired 0B in 00:00:01 with 0 errors on Sun Nov  1 00:24:02 2026
config:

\tNAME          STATE     READ WRITE CKSUM
\ttank          {state}     0     0     0
\t  mirror-0    {state}     0     0     0
\t    sda       ONLINE       0     0     {sum}
\t    sdb       {disk}       0     0     0  was /dev/sdb1
\tspares
\t  sdc    AVAIL

errors: {errors}
"""


def reason(
    state: str, disk: str = "ONLINE", total: str = "0", errors: str = "No known data errors"
) -> Reason:
    text = STATUS.format(state=state, disk=disk, sum=total, errors=errors)
    return about(zpool.judge(parse_status(text.encode()), Host("box")), "zfs.pool", "/tank").reason


def test_a_pool_is_judged_by_its_state_its_disks_and_its_errors():
    assert reason("ONLINE") is Reason.OK
    assert reason("DEGRADED", "UNAVAIL") is Reason.DEGRADED
    assert reason("SUSPENDED", "REMOVED") is Reason.STOPPED
    assert reason("ONLINE", total="1.2K") is Reason.ERRORS
    assert reason("ONLINE", errors="4 data errors, use '-v' for a list") is Reason.ERRORS


def test_the_list_tells_how_full_a_pool_is():
    head = "NAME   SIZE  ALLOC   FREE  CKPOINT  EXPANDSZ   FRAG    CAP  DEDUP    HEALTH  ALTROOT\n"
    row = "tank  {size}   1.1T   0.9T        -         -    55%    {cap}  1.00x    {health}  -\n"
    text = (
        head + row.format(size="2T", cap="95%", health="ONLINE") + "  sda  2T  -  -  -  -  -  -  -  ONLINE\n"
    )
    found = parse_list(text.encode())
    assert found.states == {"ONLINE": 2}
    judgements = list(zpool.judge(found, Host("box")))
    assert about(judgements, "pool.space").reason is Reason.HIGH
    assert about(judgements, "pool.space").value == 0.95


def test_a_list_without_its_head_tells_the_state_of_each_pool():
    text = b"tank\t9.5G\t1G\t8.5G\t-\t-\t7%\t96%\t1.00x\tONLINE\t-\nold\tFAULTED\n"
    found = parse_list(text)
    assert [(one.name, one.state, one.capacity) for one in found.pools] == [
        ("tank", "ONLINE", 96.0),
        ("old", "FAULTED", None),
    ]


def test_the_kernel_tells_of_a_suspended_pool_without_any_tool(tree):
    tree.write("/proc/spl/kstat/zfs/tank/state", "SUSPENDED\n")
    assert about(zpool.read(tree.host()), "zfs.pool").reason is Reason.STOPPED


def test_a_machine_without_pools_asks_no_tool(tree):
    assert not list(zpool.read(tree.host()))


PROPERTIES = """NAME  PROPERTY       VALUE      SOURCE
rust  capacity       99%        -
rust  health         SUSPENDED  -
"""


def test_the_properties_of_a_pool_tell_its_state_and_its_space():
    judgements = list(zpool.judge(parse_properties(PROPERTIES.encode()), Host("box")))
    assert about(judgements, "zfs.pool").reason is Reason.STOPPED
    assert about(judgements, "pool.space").reason is Reason.FULL


@given(st.text(max_size=300))
def test_no_text_breaks_the_parsers(text):
    for parse, head in ((parse_status, " pool: x\nconfig:\n"), (parse_list, "NAME SIZE HEALTH\n")):
        list(zpool.judge(parse((head + text).encode()), Host("box")))
