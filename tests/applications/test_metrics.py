"""Prometheus text endpoints: what is expected of exporters, and what the owner expects besides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.applications import metrics
from collectors.clients.declared import Metrics
from collectors.clients.expecting import compare
from collectors.clients.exposition import series
from rules.catalogue import BadRule, load_catalogue
from rules.expectations import Expectation, check, load_sheets
from tests.applications.conftest import by_signal, machine, troubles
from wire.judgement import Reason, Verdict

NOW = 2_000_000_000.0


def meets(each: Expectation, text: str, *later: str) -> bool:
    """Whether the last of these pages, a minute apart, is as expected."""
    seen: dict[str, float] = {}

    def growth(name: str, value: float) -> float | None:
        before = seen.get(name)
        seen[name] = value
        return None if before is None else value - before

    met = []
    for page in (text, *later):
        met = compare([each], list(series(page.encode(), {*each.metric, *each.share_of})), growth, NOW)
    return not any(one.broken for one in met)


def expect(**how) -> Expectation:
    return Expectation(**({"id": "x", "metric": ("m",)} | how))


def test_the_worst_series_counts():
    each = expect(above=0.8, share_of=("n",), by=("db",))
    assert meets(each, 'm{db="a"} 1\nm{db="b"} 2\nn{db="a"} 10\nn{db="b"} 10\n')
    assert not meets(each, 'm{db="a"} 1\nm{db="b"} 9\nn{db="a"} 10\nn{db="b"} 10\n')


def test_what_is_not_there_says_nothing():
    assert meets(expect(below=1.0), "other 0\n")


def test_a_limit_of_zero_is_no_limit():
    assert meets(expect(above=0.9, share_of=("n",)), "m 5\nn 0\n")


def test_a_counter_is_judged_by_its_growth_and_a_reset_is_none():
    each = expect(above=5.0, per_minute=True)
    assert meets(each, "m 1000\n")
    assert meets(each, "m 1000\n", "m 1003\n")
    assert not meets(each, "m 1000\n", "m 1010\n")


def test_a_moment_is_judged_by_how_long_ago_it_was_and_never_is_no_moment():
    each = expect(above=3600.0, ago=True)
    assert meets(each, "m 0\n")
    assert meets(each, f"m {NOW - 60}\n")
    assert not meets(each, f"m {NOW - 7200}\n")


def test_labels_choose_series_by_pattern_and_by_exception():
    text = 'm{code="200"} 1\nm{code="503"} 9\n'
    assert not meets(expect(above=5.0, labels={"code": "5??"}), text)
    assert meets(expect(above=5.0, labels={"code": "!5??"}), text)


def test_labels_may_hold_anything_in_quotes():
    [one] = series(rb'm{a="x,\"y\"}=1",b="z\\"} 7 1700000000', {"m"})
    assert (one.labels, one.value) == ({"a": 'x,"y"}=1', "b": "z\\"}, 7.0)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    list(series(data, {"m"}))
    list(series(b"m" + data, {"m"}))


def test_every_shipped_expectation_ends_as_its_signal_can():
    signals = load_catalogue().signals
    for sheet in load_sheets().values():
        for each in sheet.expect:
            assert each.signal in metrics.COLLECTOR.signals
            assert each.reason in signals[each.signal].outcomes, each.id


def test_an_expectation_needs_one_bound():
    with pytest.raises(BadRule):
        check(expect(), "here")


def endpoint(web, text: str, **how):
    web.answers["/metrics"] = (200, text.encode())
    wanted = Metrics(url=f"http://127.0.0.1:{web.port}/metrics", service="shop", **how)
    return machine(metrics=(wanted,))


def read(host) -> dict:
    return by_signal(metrics, [one for one in metrics.read(host) if one.subject == "service:box/shop"])


def test_an_exporter_with_good_values_is_silent(web):
    host = endpoint(
        web,
        "mysql_up 1\nmysql_global_status_threads_connected 5\nmysql_global_variables_max_connections 100\n",
    )
    found = read(host)
    assert troubles(found) == {}
    assert {"app.metric", "db.connections"} <= found.keys()


def test_known_bounds_need_no_configuration(web):
    host = endpoint(
        web,
        "mysql_up 0\nmysql_global_status_threads_connected 99\nmysql_global_variables_max_connections 100\n",
    )
    assert troubles(read(host)) == {"app.metric": Reason.MISSING, "db.connections": Reason.HIGH}


def test_a_configured_bound_is_judged_like_a_known_one(web):
    bound = Expectation(id="orders", metric=("shop_open_orders",), above=100.0, reason=Reason.WRONG)
    host = endpoint(web, "shop_open_orders 250\n", expect=(bound,))
    found = read(host)["app.metric"]
    assert (found.reason, found.value, found.evidence["bound"]) == (Reason.WRONG, 250.0, "above 100")


def test_a_configured_endpoint_that_does_not_answer_is_missing(web):
    host = endpoint(web, "")
    web.answers.clear()
    found = read(host)["app.metric"]
    assert (found.verdict, found.reason) == (Verdict.FAIL, Reason.MISSING)


def test_a_second_look_at_once_is_given_the_same_answer(web):
    host = endpoint(web, "mysql_up 0\n")
    assert list(metrics.read(host)) == list(metrics.read(host))
    assert len(web.seen) == 1
