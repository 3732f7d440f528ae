"""What stands now: marks, rounds, whole states, digests, silence, and the same again after a rebuild."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from server.current import CurrentState
from wire.codec import decode, encode, fingerprint
from wire.exchange import Batch, Digest, Heartbeat
from wire.inventory import Inventory
from wire.judgement import Path as Way
from wire.judgement import Reason, Verdict
from wire.observation import Observation

NOW = 1_800_000_000.0
SUBJECTS = [f"host:h{number}" for number in range(4)]
OUTCOMES = [(Verdict.PASS, Reason.OK), (Verdict.FAIL, Reason.TIMEOUT), (Verdict.UNKNOWN, Reason.DEADLINE)]


def look(seq: int, subject: str = "host:h0", at: float = NOW, **fields) -> Observation:
    fields.setdefault("verdict", Verdict.PASS)
    fields.setdefault("since", at)
    return Observation(seq=seq, signal="net.icmp", subject=subject, at=at, **fields)


def batch(*observations: Observation, at: float = NOW, **fields) -> Batch:
    return Batch(agent="a", sent_at=at, observations=observations, **fields)


def state() -> CurrentState:
    fresh = CurrentState()
    fresh.admit("a", "web1")
    return fresh


def digest_of(current: CurrentState) -> str:
    digest = Digest()
    for entry in current.entries("a"):
        seen = entry.observation
        digest.add(seen.signal, seen.subject, seen.verdict, seen.reason)
    return str(digest)


@st.composite
def conversations(draw) -> list[tuple[Batch, float]]:
    """Batches as an agent might send them, some repeated, with the moment of receipt."""
    seq, clock = 0, NOW
    said: list[tuple[Batch, float]] = []
    for _ in range(draw(st.integers(1, 12))):
        clock += draw(st.floats(0.1, 40))
        if said and draw(st.booleans()) and draw(st.booleans()):
            said.append((draw(st.sampled_from(said))[0], clock))
            continue
        seen = []
        for _ in range(draw(st.integers(0, 4))):
            seq += draw(st.integers(1, 3))
            verdict, reason = draw(st.sampled_from(OUTCOMES))
            seen.append(
                look(
                    seq,
                    draw(st.sampled_from(SUBJECTS)),
                    clock - draw(st.floats(-5, 5)),
                    verdict=verdict,
                    reason=reason,
                    round=draw(st.sampled_from(["", "15s/1", "60s/2"])),
                    retired=draw(st.integers(0, 5)) == 0,
                )
            )
        beat = Heartbeat(digest="0", rounds={"15s/1": clock - 1}) if draw(st.booleans()) else None
        inventory = Inventory(host="web1", kernel=str(seq)) if draw(st.integers(0, 4)) == 0 else None
        boot = draw(st.sampled_from(["b1", "b1", "b1", "b2"]))
        whole = draw(st.integers(0, 5)) == 0
        said.append(
            (
                batch(*seen, at=clock, heartbeat=beat, inventory=inventory, boot=boot, resync=whole),
                clock + 0.01,
            )
        )
    return said


@settings(max_examples=200, deadline=None)
@given(conversations(), st.integers(0, 12))
def test_a_checkpoint_and_the_log_after_it_give_the_same_state(said, cut) -> None:
    alive = state()
    checkpoint = alive.save("a")
    for number, (each, received_at) in enumerate(said):
        alive.apply(each, received_at)
        if number + 1 == cut:
            checkpoint = alive.save("a")
    rebuilt = state()
    rebuilt.restore(checkpoint)
    for each, received_at in said[cut:] if cut <= len(said) else said:
        rebuilt.apply(decode(encode(each), Batch), received_at)
    assert rebuilt.save("a") == alive.save("a")


@settings(max_examples=200, deadline=None)
@given(conversations())
def test_the_digest_is_that_of_what_stands(said) -> None:
    current = state()
    for each, received_at in said:
        current.apply(each, received_at)
        beat = Heartbeat(digest=digest_of(current))
        probe = Batch(agent="a", boot=each.boot, sent_at=received_at, heartbeat=beat)
        assert not current.apply(probe, received_at).resync


@settings(max_examples=100, deadline=None)
@given(conversations(), st.data())
def test_what_is_said_again_changes_nothing(said, data) -> None:
    current = state()
    for number, (each, received_at) in enumerate(said):
        current.apply(each, received_at)
        old, _ = said[data.draw(st.integers(0, number))]
        if not old.resync:
            assert current.apply(old, received_at).changed == ()


@settings(max_examples=200, deadline=None)
@given(conversations())
def test_no_entry_is_dated_after_its_receipt_or_out_of_order(said) -> None:
    current = state()
    for each, received_at in said:
        current.apply(each, received_at)
        for entry in current.entries("a"):
            assert 0 <= entry.since <= entry.confirmed_at <= received_at
            assert entry.opposite_at is None or entry.opposite_at <= entry.confirmed_at


def test_only_what_is_above_the_mark_is_applied() -> None:
    current = state()
    current.apply(batch(look(5)), NOW)
    applied = current.apply(batch(look(4, "host:h1"), look(6, "host:h2")), NOW)
    assert [entry.id for entry in applied.changed] == ["web1#6"]


def test_a_whole_state_retires_what_it_does_not_hold() -> None:
    current = state()
    current.apply(batch(look(1, "host:h1"), look(2, "host:h2")), NOW)
    applied = current.apply(batch(look(3, "host:h2"), resync=True, at=NOW + 1), NOW + 1)
    assert [entry.observation.subject for entry in applied.retired] == ["host:h1"]


def test_a_whole_state_that_was_overtaken_retires_nothing() -> None:
    current = state()
    current.apply(batch(look(2, "host:h2"), at=NOW + 5), NOW + 5)
    applied = current.apply(batch(look(1, "host:h1"), resync=True, at=NOW), NOW + 6)
    assert (applied.retired, applied.changed) == ((), ())


def test_a_completed_round_confirms_its_unchanged_results() -> None:
    current = state()
    current.apply(batch(look(1, round="15s/1"), look(2, "host:h1", round="60s/2")), NOW)
    beat = Heartbeat(digest="0", rounds={"15s/1": NOW + 15})
    applied = current.apply(batch(heartbeat=beat, at=NOW + 16), NOW + 16)
    assert not applied.tells
    assert {entry.id: entry.confirmed_at for entry in current.standing("web1")} == {
        "web1#1": NOW + 15,
        "web1#2": NOW,
    }


def test_what_comes_late_is_no_fresher_for_the_round_that_was_gone_through_before() -> None:
    current = state()
    current.apply(batch(look(1, round="15s/1")), NOW)
    current.apply(batch(heartbeat=Heartbeat(digest="0", rounds={"15s/1": NOW + 15}), at=NOW + 16), NOW + 16)
    late = look(2, "host:h1", at=NOW + 5, round="15s/1")
    current.apply(batch(late, at=NOW + 17), NOW + 17)
    assert {entry.id: entry.confirmed_at for entry in current.standing("web1")} == {
        "web1#1": NOW + 15,
        "web1#2": NOW + 5,
    }


def test_however_many_rounds_an_agent_names_its_own_stay_as_fresh_as_they_are() -> None:
    current = state()
    current.apply(batch(look(1, round="15s/1")), NOW)
    rounds = {"15s/1": NOW + 15} | {f"made/{number}": NOW + 15 for number in range(500)}
    current.apply(batch(heartbeat=Heartbeat(digest="0", rounds=rounds), at=NOW + 16), NOW + 16)
    assert [entry.confirmed_at for entry in current.standing("web1")] == [NOW + 15]


def test_what_only_continues_a_run_of_passes_is_no_news() -> None:
    current = state()
    current.apply(batch(look(1, since=NOW - 60)), NOW)
    applied = current.apply(batch(look(2, at=NOW + 15, since=NOW - 60, value=7.0), at=NOW + 15), NOW + 15)
    assert (applied.results, applied.changed, applied.tells) == (1, (), False)
    assert [entry.id for entry in current.standing("web1")] == ["web1#2"]


def test_a_pass_that_may_tell_more_is_news() -> None:
    passes = [
        look(2, at=NOW + 15, since=NOW + 15),
        look(2, at=NOW + 15, since=NOW - 60, task="t1"),
        look(2, at=NOW + 15, since=NOW - 60, intermittent=(Reason.LOSS,)),
        look(2, at=NOW + 15, since=NOW - 60, path=Way(address="10.0.0.9")),
    ]
    for seen in passes:
        current = state()
        current.apply(batch(look(1, since=NOW - 60)), NOW)
        assert len(current.apply(batch(seen, at=NOW + 15), NOW + 15).changed) == 1


def test_a_retired_subject_no_longer_stands() -> None:
    current = state()
    current.apply(batch(look(1)), NOW)
    applied = current.apply(batch(look(2, retired=True)), NOW)
    assert (len(applied.retired), current.entries("a")) == (1, [])


def test_an_agent_is_overdue_after_three_heartbeats() -> None:
    current = state()
    current.apply(batch(heartbeat=Heartbeat(digest="0", interval=10)), NOW)
    assert current.overdue(NOW + 30) == []
    assert [each.host for each in current.overdue(NOW + 30.1)] == ["web1"]


def test_an_agent_that_said_goodbye_is_not_overdue() -> None:
    current = state()
    current.apply(batch(heartbeat=Heartbeat(digest="0", goodbye="shutdown")), NOW)
    assert current.overdue(NOW + 1000) == []


def test_after_a_start_of_the_server_silence_is_counted_anew() -> None:
    before = state()
    before.apply(batch(heartbeat=Heartbeat(digest="0", interval=10)), NOW)
    after = CurrentState(started_at=NOW + 1000)
    after.restore(before.save("a"))
    assert after.overdue(NOW + 1029) == []
    assert len(after.overdue(NOW + 1031)) == 1


def test_a_return_from_silence_is_told() -> None:
    current = state()
    current.apply(batch(heartbeat=Heartbeat(digest="0", interval=10)), NOW)
    assert not current.apply(batch(at=NOW + 20), NOW + 20).returned
    assert current.apply(batch(at=NOW + 90), NOW + 90).returned


def test_a_new_boot_id_is_a_reboot() -> None:
    current = state()
    assert not current.apply(batch(boot="b1"), NOW).rebooted
    assert current.apply(batch(boot="b2"), NOW).rebooted


def test_a_clock_an_hour_ahead_is_translated() -> None:
    current = state()
    there = NOW + 3600
    current.apply(batch(look(1, at=there - 2), at=there), NOW + 0.01)
    (entry,) = current.entries("a")
    assert abs(entry.confirmed_at - (NOW - 2)) < 0.1
    assert entry.clamped == 0


def test_a_single_time_in_the_future_is_moved_to_its_receipt_and_says_so() -> None:
    current = state()
    current.apply(batch(look(1, at=NOW + 10**6)), NOW)
    (entry,) = current.entries("a")
    assert (entry.confirmed_at, entry.clamped) == (NOW, 10**6)


def test_a_slow_delivery_does_not_move_the_clock() -> None:
    current = state()
    current.apply(batch(at=NOW), NOW + 0.01)
    current.apply(batch(look(1, at=NOW + 10), at=NOW + 10), NOW + 25)
    (entry,) = current.entries("a")
    assert entry.confirmed_at == NOW + 10


def test_a_step_of_the_clock_is_learnt_within_the_window() -> None:
    current = state()
    for number in range(20):
        current.apply(batch(look(number + 1, at=NOW + number - 100), at=NOW + number - 100), NOW + number)
    (entry,) = current.entries("a")
    assert abs(entry.confirmed_at - (NOW + 19)) < 0.1


def test_the_inventory_is_wanted_until_its_digest_agrees() -> None:
    current = state()
    inventory = Inventory(host="web1")
    assert current.apply(batch(heartbeat=Heartbeat(digest="0")), NOW).want_inventory
    beat = Heartbeat(digest="0", inventory=fingerprint(inventory))
    assert not current.apply(batch(inventory=inventory, heartbeat=beat), NOW).want_inventory
    assert current.inventories() == [inventory]


def test_of_a_revoked_agent_nothing_stands() -> None:
    current = state()
    current.apply(batch(look(1)), NOW)
    gone = current.forget("a", NOW, replaced=False)
    assert gone is not None
    assert (len(gone.retired), gone.gone, current.agents()) == (1, True, ())
