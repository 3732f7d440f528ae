"""What the comparison counts for the peers, and what it does not hold against them."""

from __future__ import annotations

import math

from bench.compare import judge, naming
from bench.compare.page import page, table
from bench.compare.seen import Alert, Labels, Ours, Post, Seen, Series, fresh
from drills.drill import Answer

RULE = naming.load()
BEGAN = 1_000.0


def alert(name: str, instance: str, **more: str) -> Labels:
    return {"alertname": name, "instance": instance, "variant": "quick", "rules": "given", **more}


PAGE = alert("Blackbox probe failed", "https://web1.lab.test/", module="http_items_in_stock")
PARTNER = alert("Blackbox probe failed", "https://web2.lab.test/partner/", module="http_rate")
SLOW = alert("Blackbox slow probe", "https://web1.lab.test/", module="http_items_in_stock")


def seen(
    fired: dict[float, Labels], posts: dict[float, tuple[Labels, ...]], noisy: tuple[str, ...] = ()
) -> Seen:
    """A dead web server that we named after 2 s; seconds since the injection → what came then."""
    return Seen(
        drill="service_down",
        title="The web server was killed",
        area="application",
        expected=(Answer(fault="svc.process.down", entity="service:web1/nginx"),),
        began=BEGAN,
        ended=BEGAN + 150,
        ours=Ours(right=True, why="", answer="", tickets=1, first=1.0, named=2.0),
        noisy=noisy,
        fired=tuple(Alert(labels=labels, at=BEGAN + at) for at, labels in fired.items()),
        posts=tuple(
            Post(at=BEGAN + at, variant=alerts[0]["variant"], alerts=alerts) for at, alerts in posts.items()
        ),
        load=1.0,
    )


def test_an_alert_in_two_notifications_is_one_alert():
    both = seen({30.0: PAGE, 45.0: PARTNER}, {31.0: (PAGE,), 46.0: (PAGE, PARTNER)})
    peer = judge.theirs(both, judge.QUICK, RULE)
    assert (peer.posts, peer.alerts, peer.first) == (2, 2, 31.0)


def test_an_alert_that_was_never_told_still_names_the_root():
    peer = judge.theirs(seen({45.0: PAGE, 30.0: PARTNER}, {31.0: (PARTNER,)}), judge.QUICK, RULE)
    assert (peer.by, peer.named) == ("Blackbox probe failed", 45.0)


def test_an_alert_that_waits_for_its_group_is_an_alert():
    peer = judge.theirs(seen({30.0: PAGE, 45.0: PARTNER}, {31.0: (PAGE,)}), judge.QUICK, RULE)
    assert (peer.posts, peer.alerts) == (1, 2)


def test_a_notification_without_news_does_not_count():
    assert judge.theirs(seen({}, {5.0: (PAGE,)}), judge.QUICK, RULE).posts == 0


def test_what_fires_in_a_healthy_lab_does_not_count():
    noisy = seen({30.0: SLOW}, {31.0: (SLOW,)}, noisy=("Blackbox slow probe",))
    assert judge.theirs(noisy, judge.QUICK, RULE).first == math.inf


def test_rules_beside_the_measure_count_only_for_those_that_have_them():
    added = {**SLOW, "alertname": "Page has an error", "rules": "more"}
    both = seen({30.0: added}, {31.0: (added,)})
    assert [judge.theirs(both, peer, RULE).posts for peer in (judge.QUICK, judge.WIDER)] == [0, 1]


def test_one_variant_is_not_charged_with_the_other():
    shipped = {**PAGE, "variant": "shipped"}
    both = seen({30.0: PAGE, 90.0: shipped}, {31.0: (PAGE,), 120.0: (shipped,)})
    assert judge.theirs(both, judge.SHIPPED, RULE).first == 120.0


def test_a_fault_that_they_miss_counts_as_never_in_the_median():
    runs = [seen({30.0: PAGE}, {31.0: (PAGE,)}), seen({}, {})]
    total = judge.sums(runs, judge.QUICK, RULE)
    assert (total.noticed, total.first, total.first_if_any) == (1, math.inf, 31.0)


def test_times_are_compared_over_what_they_noticed():
    runs = [seen({30.0: PAGE}, {31.0: (PAGE,)}), seen({}, {})]
    assert judge.paired(runs, judge.QUICK, RULE) == (2.0, 31.0)


def test_an_alert_that_fired_when_the_harm_began_is_not_news():
    old = Series(PAGE, [BEGAN - 10, BEGAN + 5])
    new = Series(PARTNER, [BEGAN - 300, BEGAN + 30, BEGAN + 45])
    assert fresh([old, new], BEGAN, BEGAN + 150) == (Alert(labels=PARTNER, at=BEGAN + 30),)


def test_the_table_tells_a_missed_goal():
    assert "0.06; goal at most 0.6: met" in table([seen({30.0: PAGE}, {31.0: (PAGE,)})], RULE)
    assert "1.00; goal at most 0.2: MISSED" in table([seen({30.0: PAGE}, {31.0: (PAGE,)})], RULE)


def test_without_a_run_the_page_claims_no_figures():
    assert "| Rootward" not in page([], RULE, [])
    assert "No run is on record yet" in page([], RULE, [])


def test_the_page_names_where_the_peers_were_first():
    early = page([seen({1.0: PAGE}, {1.5: (PAGE,)})], RULE, ["prometheus 2"])
    assert "service_down: their first notification after 2 s, our right ticket after 2 s" in early
