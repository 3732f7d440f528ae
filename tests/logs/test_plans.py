"""Lines that differ in digits alone are taken apart once, and each still gets its own groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.matching.matcher import STARTS, Matcher
from rules.matching.pattern import read_pattern
from rules.matching.signatures import Severity, Signature, load_signatures

EVERY = load_signatures()
SAMPLES = [sample.split("\n")[0] for signature in EVERY for sample in signature.samples]


@pytest.fixture(scope="module")
def matcher(compiled):
    return Matcher(folder=compiled)


def signature(pattern: str, entity: str) -> Signature:
    return Signature(
        id="one",
        signal="log.other_fault",
        severity=Severity.ERROR,
        pattern=pattern,
        entity=entity,
        samples=("x",),
        near_misses=("y",),
    )


def entities(matcher: Matcher, *lines: str) -> list[str]:
    return [hit.entity("web1") for hit in matcher.scan("\n".join(lines).encode())]


def test_groups_are_those_of_each_line_though_one_search_served_them_all(matcher):
    lines = [f"Killed process {n} (java{n % 7}) total-vm:{n}kB" for n in range(100, 200)]
    assert entities(matcher, *lines) == [f"process:web1/java{n % 7}" for n in range(100, 200)]


def test_pattern_that_asks_for_a_digit_is_asked_for_each_line():
    matcher = Matcher([signature(r"disk (?P<disk>sd\w) state 1", "disk:{host}/{disk}")])
    assert entities(matcher, "disk sda state 1", "disk sdb state 2", "disk sdc state 1") == [
        "disk:web1/sda",
        "disk:web1/sdc",
    ]


@pytest.mark.parametrize(
    ("pattern", "minds"), [("a1b", True), (r"a\db", False), ("[0-4]x", True), (r"\w+x", False)]
)
def test_pattern_says_whether_it_tells_digits_apart(pattern, minds):
    assert read_pattern(pattern).minds_digits is minds


@given(
    st.lists(st.tuples(st.sampled_from(SAMPLES), st.text("0123456789", min_size=9, max_size=9)), max_size=20)
)
def test_lines_together_mean_what_each_means_alone(matcher, picks):
    lines = [line.translate(str.maketrans("123456789", digits)) for line, digits in picks]
    alone = []
    for line in lines:
        alone += [(hit.signature.id, hit.entity("h")) for hit in Matcher.scan(matcher, line.encode())]
        matcher.forget()
    together = matcher.scan("\n".join(lines).encode())
    assert [(hit.signature.id, hit.entity("h")) for hit in together] == alone


def test_tally_counts_what_a_scan_finds(matcher):
    block = "\n".join(SAMPLES * 3).encode()
    tallies = matcher.tally(block)
    assert sum(one.count for one in tallies) == len(matcher.scan(block))
    assert len({one.key for one in tallies}) == len(tallies)


def test_tally_knows_where_the_first_lines_are(matcher):
    line = b"Killed process 12 (java) total-vm:1kB\n"
    (one,) = matcher.tally(line * 20)
    assert (one.count, one.starts) == (20, [len(line) * n for n in range(STARTS)])


def test_tally_keeps_programs_apart(matcher):
    block = b"Nov  2 08:23:16 web1 shop[1]: FATAL: no\nNov  2 08:23:17 web1 cart[2]: FATAL: no\n"
    assert [one.program for one in matcher.tally(block)] == ["shop", "cart"]


def test_tally_asks_who_wrote_a_line_that_does_not_tell(matcher):
    assert [one.program for one in matcher.tally(b"FATAL: no\n", lambda start: f"unit{start}")] == ["unit0"]


@pytest.mark.parametrize(
    ("line", "hits"),
    [
        (b"Nov  2 08:23:16 web1 systemd[1]: Started Till is stuck watcher.", 0),
        (b"Nov  2 08:23:16 web1 sudo: ann : USER=root ; COMMAND=/bin/grep till is stuck /var/log/x", 0),
        (b"Nov  2 08:23:16 web1 shop[9]: till is stuck", 1),
    ],
)
def test_what_a_line_only_quotes_is_no_hit(line, hits):
    assert len(Matcher([signature("till is stuck", "host:{host}")]).scan(line)) == hits


def test_counter_at_nought_is_no_hit_whatever_its_line_said_before():
    matcher = Matcher([signature("till error", "host:{host}")])
    lines = b"till error count: 4\ntill error count: 0\ntill error count: 7\ntill error: 0x1f\n"
    assert [hit.text for hit in matcher.scan(lines)] == [
        "till error count: 4",
        "till error count: 7",
        "till error: 0x1f",
    ]
