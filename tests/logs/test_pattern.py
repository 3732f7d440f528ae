"""The small pattern language: specificity and shortest forms."""

import pytest

from rules.matching.pattern import BadPattern, read_pattern


@pytest.mark.parametrize(
    ("pattern", "shortest"),
    [
        (r"(?P<a>\w+): disk full(?P<b>.*)", r"(?:\w): disk full"),
        (r"foo(?: bar)?", "foo"),
        (r"(?i)kill(?:ed)? process (?P<pid>\d+)", r"(?i)kill(?:ed)? process (?:\d)"),
        (r"^foo \d{2,5}", r"^foo \d{2}"),
        (r"foo \d+$", r"foo \d+$"),
        (r"(?:a+|bc*)foo", r"(?:a|bc*)foo"),
        (r"foo(?:x*|y)", "foo"),
        (r"\[\d+\] foo[^\]]*\]", r"\[\d+\] foo[^\n\]]*\]"),
        (r"foo\s+[\s:]\W\Dx", r"foo[ \t\r\f]+[ \t\r\f:][^\w\n][^\d\n]x"),
    ],
)
def test_shortest_form_keeps_what_must_be_there(pattern, shortest):
    assert read_pattern(pattern).shortest() == shortest


@pytest.mark.parametrize(
    ("pattern", "weight"), [("abc", 3), (r"a\.b\d+", 3), ("(?:abc|de)f", 3), ("(?:abc)?d", 1), ("[abc]de", 2)]
)
def test_weight_counts_the_literals_of_every_match(pattern, weight):
    assert read_pattern(pattern).weight() == weight


@pytest.mark.parametrize("pattern", ["(?=a)b", "(?<!a)b", "(abc", "abc)", "a**", ".*", "(?>ab)c", "a{,3}b"])
def test_what_is_outside_the_language_is_refused(pattern):
    with pytest.raises(BadPattern):
        read_pattern(pattern)


def test_pattern_without_groups_is_the_same_pattern():
    assert read_pattern(r"(?P<x>a|b)(c)(?:d)").capturing() == "(?:a|b)(?:c)(?:d)"


def test_only_the_wanted_groups_are_kept():
    read = read_pattern(r"(?P<x>a|(?P<y>b))(c)")
    assert read.groups == ("x", "y")
    assert read.capturing({"y"}) == "(?:a|(?P<y>b))(?:c)"


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        (r"(?P<path>/\S+)[^/]*no space left", "no space left"),
        (r"\b(?:eth|en)\w+: .*link is down", "link is down"),
        (r"smpboot: .*failed to come up", r"smpboot: .*failed to come up"),
        (r"disk \d+ full", r"disk \d+ full"),
    ],
)
def test_hint_leaves_out_a_beginning_that_says_little(pattern, hint):
    assert read_pattern(pattern).hint() == hint
