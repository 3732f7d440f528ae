"""What the edge tells: changes only, since when, how often, and what is no longer looked at."""

import pytest

from agent.edge.evidence import number
from agent.edge.history import WINDOW
from agent.edge.state import EdgeState, Finding
from wire.exchange import Digest
from wire.judgement import Judgement, Reason, Verdict

KEY = ("net.icmp", "address:10.0.0.1")
PASS, FAIL, UNKNOWN = (
    (Verdict.PASS, Reason.OK),
    (Verdict.FAIL, Reason.TIMEOUT),
    (Verdict.UNKNOWN, Reason.DEADLINE),
)


def seen(outcome, at, **more):
    verdict, reason = outcome
    judgement = Judgement(signal=KEY[0], subject=KEY[1], verdict=verdict, reason=reason)
    return Finding(judgement=judgement, at=at, source="probe", round="15s/1", **more)


def told(state, outcome, at, **more):
    return [news.observation for news in state.apply(seen(outcome, at, **more))]


def test_only_changes_are_told():
    state = EdgeState()
    assert len(told(state, PASS, 1)) == 1
    assert told(state, PASS, 2) == []
    assert len(told(state, FAIL, 3, confirmed=True)) == 1
    assert told(state, FAIL, 4) == []


def test_since_is_the_first_result_of_the_run_and_opposite_the_last_before_it():
    state = EdgeState()
    told(state, PASS, 1)
    told(state, PASS, 16)
    told(state, FAIL, 31, confirmed=True)
    told(state, FAIL, 46)
    (news,) = told(state, PASS, 61)
    assert (news.since, news.opposite_at) == (61, 46)


def test_unknown_has_no_opposite_and_breaks_no_run():
    state = EdgeState()
    told(state, FAIL, 1, confirmed=True)
    (news,) = told(state, UNKNOWN, 16)
    assert news.opposite_at is None
    (news,) = told(state, FAIL, 31)
    assert not news.intermittent
    assert news.opposite_at is None


def test_a_failure_seen_again_is_told_once_more_as_confirmed():
    state = EdgeState()
    (first,) = told(state, FAIL, 1)
    (second,) = told(state, FAIL, 2)
    assert (first.confirmed, second.confirmed) == (False, True)
    assert told(state, FAIL, 3) == []


def test_two_failing_runs_inside_the_window_make_it_intermittent():
    state = EdgeState()
    for at, outcome in enumerate((PASS, FAIL, PASS, FAIL)):
        (news,) = told(state, outcome, at * 15.0)
    assert news.intermittent == (Reason.TIMEOUT,)


WRONG = (Verdict.FAIL, Reason.BODY)


@pytest.mark.parametrize(
    ("runs", "reasons"),
    [
        ((FAIL, PASS, WRONG), ()),
        ((FAIL, PASS, WRONG, PASS, WRONG), (Reason.TIMEOUT, Reason.BODY)),
        ((WRONG, FAIL, PASS, WRONG), (Reason.BODY, Reason.TIMEOUT)),
    ],
)
def test_two_runs_that_fail_by_nothing_alike_are_one_trouble_after_another(runs, reasons):
    state = EdgeState()
    for at, outcome in enumerate(runs):
        news = told(state, outcome, at * 15.0)
    assert news[-1].intermittent == reasons


def test_one_long_outage_is_not_flapping():
    state = EdgeState()
    for turn in range(40):
        news = told(state, FAIL, turn * 15.0)
        assert not any(one.intermittent for one in news)
    (news,) = told(state, PASS, 600.0)
    assert not news.intermittent


def test_a_failure_that_ended_before_the_last_pass_is_no_second_run():
    state = EdgeState()
    for outcome, at in ((FAIL, 10.0), (PASS, 30.0), (FAIL, 29.5), (PASS, 31.0), (FAIL, 30.5)):
        news = told(state, outcome, at)
        assert not any(one.intermittent for one in news)


def test_what_failed_by_a_clock_that_was_set_back_since_is_no_second_run():
    state = EdgeState()
    for outcome, at in ((FAIL, 4000.0), (PASS, 4015.0), (PASS, 415.0), (FAIL, 430.0)):
        news = told(state, outcome, at)
        assert not any(one.intermittent for one in news)


def test_that_it_is_no_longer_intermittent_is_told():
    state = EdgeState()
    for at, outcome in enumerate((FAIL, PASS, FAIL, PASS)):
        told(state, outcome, at * 15.0)
    assert told(state, PASS, 60.0) == []
    (news,) = told(state, PASS, 45.0 + WINDOW + 30)
    assert news.verdict is Verdict.PASS
    assert not news.intermittent


def test_the_digest_is_that_of_all_standing_results():
    state = EdgeState()
    told(state, PASS, 1)
    told(state, FAIL, 2)
    expected = Digest()
    expected.add(*KEY, *FAIL)
    assert str(state.digest) == str(expected)
    state.retire(state.get(KEY), 3)
    assert str(state.digest) == str(Digest())


def test_a_task_is_answered_also_where_nothing_changed():
    state = EdgeState()
    told(state, PASS, 1)
    ((answer, repeat),) = state.apply(seen(PASS, 2, task="t1"))
    assert (answer.task, answer.verdict, repeat) == ("t1", Verdict.PASS, True)


def test_each_occurrence_in_a_log_is_told_and_the_second_is_a_repeat():
    state = EdgeState()
    matched = (Verdict.FAIL, Reason.MATCHED)
    (first,) = state.apply(seen(matched, 1, occurrence=True))
    (second,) = state.apply(seen(matched, 2, occurrence=True))
    assert (first.repeat, second.repeat) == (False, True)
    assert second.observation.since == 1


def test_what_was_told_after_the_last_save_is_restored_from_the_spool():
    state = EdgeState()
    told(state, PASS, 1)
    (news,) = told(state, FAIL, 5)
    restored = EdgeState()
    restored.restore(number(news, 7))
    assert str(restored.digest) == str(state.digest)
    (again,) = told(restored, FAIL, 20)
    assert (again.since, again.confirmed) == (5, True)


@pytest.mark.parametrize("outcome", [PASS, FAIL])
def test_a_retired_subject_says_so_with_its_last_verdict(outcome):
    state = EdgeState()
    told(state, outcome, 1)
    news = state.retire(state.get(KEY), 9).observation
    assert (news.retired, news.at, news.verdict) == (True, 9, outcome[0])
    assert len(state) == 0
