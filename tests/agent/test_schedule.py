"""Slots are stable and few; a run that is still going skips the next, counted; storms are bounded."""

import asyncio
from types import SimpleNamespace

from agent.edge.occurrences import BURST, GAP, Occurrences
from agent.looks import schedule
from agent.looks.look import Look
from agent.looks.schedule import SLOTS, Schedule, round_name, slot_of
from agent.units.finding import CollectorUnit
from collectors.unit import Collector
from probes.unit import Probe
from wire.judgement import Judgement, Layer, Reason, Verdict
from wire.target import TcpTarget


def look(port, *, batched=False, interval=15.0):
    declared = Probe(signals=("net.tcp",), layer=Layer.TRANSPORT, target=TcpTarget, interval=interval)
    unit = SimpleNamespace(name="probes.test", probe=declared, ask_all=batched or None)
    return Look(unit, TcpTarget("10.0.0.1", port))


def test_a_look_keeps_its_slot_and_hosts_differ():
    slots = [slot_of(look(port), "web1", 15.0) for port in range(1, 60)]
    assert slots == [slot_of(look(port), "web1", 15.0) for port in range(1, 60)]
    assert slots != [slot_of(look(port), "web2", 15.0) for port in range(1, 60)]
    assert len({slot for _, slot in slots}) > SLOTS // 2


def test_looks_of_a_batched_probe_share_a_slot():
    assert len({slot_of(look(port, batched=True), "web1", 15.0) for port in range(1, 60)}) == 1


def reading(name, layer):
    declared = Collector(signals=("host.test",), layer=layer)
    return Look(CollectorUnit(name=name, question="?", collector=declared, read=lambda host: (), follow=None))


def test_looks_at_the_host_share_a_slot_and_applications_have_their_own():
    layers = (Layer.LINK, Layer.TRANSPORT, Layer.HOST)
    of_host = [reading(f"collectors.{number}", layer) for number in range(20) for layer in layers]
    of_applications = [reading(f"collectors.{number}", Layer.APPLICATION) for number in range(20)]
    assert len({slot_of(one, "web1", 15.0) for one in of_host}) == 1
    assert len({slot_of(one, "web1", 15.0) for one in of_applications}) > SLOTS // 2


def test_only_the_standard_interval_follows_the_configuration():
    assert slot_of(look(1), "web1", 5.0)[0] == 5.0
    assert slot_of(look(1, interval=60.0), "web1", 5.0)[0] == 60.0


def test_round_names_fit_the_wire():
    assert round_name((15.0, 14)) == "15s/14"
    assert len(round_name((3600.0, 14))) <= 32


def test_a_run_that_is_not_through_skips_the_next_is_counted_and_told_once(monkeypatch):
    runs, told = [], []
    heard = SimpleNamespace(warning=lambda text, *words: told.append(text % words))
    monkeypatch.setattr(schedule, "log", heard)  # other tests may have silenced the usual loggers

    async def work():
        done = asyncio.Event()

        async def run(slot):
            runs.append(slot)
            await done.wait()

        rounds = Schedule(run, asyncio.get_running_loop())
        rounds.set_slots([(0.1, 0)])
        rounds.start()
        while rounds.skipped < 2:  # noqa: ASYNC110 - the scheduler has no event to wait for
            await asyncio.sleep(0.02)
        done.set()
        rounds.stop()

    asyncio.run(asyncio.wait_for(work(), 100))
    assert len(runs) == 1
    assert told == ["round 0.1s/0 was skipped: the run before it was not through"]


def matched(subject):
    return Judgement(signal="log.x", subject=subject, verdict=Verdict.FAIL, reason=Reason.MATCHED)


def test_the_same_line_again_is_held_back_and_counted_on_the_next():
    occurrences = Occurrences()
    assert occurrences.admit(matched("host:a"), 0.0)
    for number in range(5):
        assert occurrences.admit(matched("host:a"), 1.0 + number) is None
    assert occurrences.admit(matched("host:a"), GAP + 1).evidence["held_back"] == 5


def test_a_storm_of_different_lines_is_bounded():
    occurrences = Occurrences()
    told = sum(1 for n in range(100_000) if occurrences.admit(matched(f"process:a/{n}"), 1.0))
    assert told <= BURST
    assert occurrences.suppressed == 100_000 - told
