"""What people copy along with an output is taken from it again; the output itself stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.offline import pasted
from agent.offline.replay import NOWHERE, Replay
from collectors.host import Host

TABLE = b"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 96 4 96% /\n"
JSON = b'{"device": {"name": "/dev/sdb"},\n "smart_status": {"passed": false}}\n'
WAYS = [
    lambda raw: b"[root@web1 ~]# show it\n" + raw + b"[root@web1 ~]# ",
    lambda raw: b"ada@web1:/var/log$ show it\n" + raw + b"ada@web1:/var/log$ ",
    lambda raw: b"```text\n" + raw + b"```\n",
    lambda raw: b"\xef\xbb\xbf" + raw,
    lambda raw: ("\ufeff" + raw.decode()).encode("utf-16-le"),
    lambda raw: b"".join(b"        " + line + b"\n" for line in raw.splitlines()),
    lambda raw: b"\x1b[0m" + raw.replace(b"dev", b"\x1b[1;31mdev\x1b[m"),
    lambda raw: raw.replace(b"\n", b"   \r\n"),
    lambda raw: b"sudo: unable to resolve host web1: Name or service not known\n" + raw,
    lambda raw: b"bash: warning: setlocale: LC_ALL: cannot change locale (zh_CN.UTF-8)\n" + raw,
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "raw"), [("df", TABLE), ("smartctl_json", JSON)])
def test_an_output_is_read_alike_however_it_was_pasted(kind, raw, way):
    replay, host = Replay(), Host("box", NOWHERE)
    assert replay.text(kind, way(raw), host) == replay.text(kind, raw, host)


@given(st.binary(max_size=200))
def test_any_bytes_go_through(raw):
    assert pasted.without(b"x\n" + raw).startswith(b"x")


@pytest.mark.parametrize(
    "line", [b"root@web1: permission denied", b"[12.3] sd 0:0:0:0: [sda] Attached", b"a@b.example [mail] ok"]
)
def test_a_line_that_only_looks_like_a_prompt_stays(line):
    assert pasted.without(line) == line
