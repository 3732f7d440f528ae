"""The way to the server: in order, once, through outages and refusals, and never with a secret."""

import time

import pytest

from agent.edge.state import EdgeState, Finding
from agent.sending.outbox import Outbox
from agent.sending.spool import Spool
from agent.sending.uplink import Uplink
from wire.exchange import Digest
from wire.inventory import Inventory
from wire.judgement import Judgement, Reason, Verdict


def finding(subject, *, failing=False, at=None, **evidence):
    judgement = Judgement(
        signal="net.icmp",
        subject=subject,
        verdict=Verdict.FAIL if failing else Verdict.PASS,
        reason=Reason.TIMEOUT if failing else Reason.OK,
        evidence=evidence,
    )
    return Finding(judgement=judgement, at=at or time.time(), source="probe", round="15s/1")


@pytest.fixture
def outbox(home):
    made = Outbox(Spool(home.spool), EdgeState(), clock=time.time, wake=lambda: None)
    yield made
    made.close()


@pytest.fixture
def uplink(outbox, credential, home):
    heard = []
    made = Uplink(outbox, credential, home, "boot", on_ack=heard.append, chance=lambda: 0.0)
    made.acks = heard
    outbox._wake = made.wake
    yield made
    made.stop("stop")


def subjects(receiver):
    return [one.subject for one in receiver.applied]


def test_changes_arrive_in_order_and_leave_the_spool(receiver, outbox, uplink):
    uplink.start()
    for number in range(1200):
        outbox.submit([finding(f"address:10.0.{number // 250}.{number % 250}")])
    receiver.wait_for(lambda: len(receiver.applied) == 1200)
    numbers = [one.seq for one in receiver.applied]
    assert numbers == sorted(set(numbers))
    assert all(len(batch.observations) <= 500 for batch in receiver.batches)
    receiver.wait_for(lambda: outbox.depth()[0] == 0)


def test_an_outage_loses_nothing_and_keeps_the_order(receiver, outbox, uplink):
    receiver.down = True
    uplink.start()
    for number in range(300):
        outbox.submit([finding("address:10.0.0.1", failing=number % 2 == 1)])
    receiver.wait_for(lambda: uplink.failures >= 2)
    assert not receiver.applied
    receiver.down = False
    receiver.wait_for(lambda: len(receiver.applied) == 300)
    assert [one.verdict is Verdict.FAIL for one in receiver.applied] == [n % 2 == 1 for n in range(300)]


@pytest.mark.parametrize("silently", [False, True])
def test_one_bad_observation_is_set_aside_and_the_rest_goes_on(receiver, outbox, uplink, home, silently):
    receiver.refuses = ("silently", "poison") if silently else "poison"
    for number in range(40):
        note = "poison" if number == 17 else "fine"
        outbox.submit([finding(f"address:10.0.0.{number}", note=note)])
    uplink.start()
    receiver.wait_for(lambda: len(receiver.applied) == 39)
    assert "address:10.0.0.17" not in subjects(receiver)
    assert uplink.quarantined == 1
    assert b"10.0.0.17" in home.quarantine.read_bytes()
    outbox.submit([finding("address:10.0.1.1")])
    receiver.wait_for(lambda: "address:10.0.1.1" in subjects(receiver))


def test_the_heartbeat_speaks_of_the_state_that_was_sent_before_it(receiver, outbox, uplink):
    receiver.down = True
    uplink.start()
    for number in range(1300):
        outbox.submit([finding(f"address:10.1.{number // 250}.{number % 250}")])
    receiver.down = False
    receiver.wait_for(lambda: len(receiver.applied) == 1300 and receiver.batches[-1].heartbeat)
    expected = Digest()
    applied = iter(receiver.applied)
    count = 0
    for batch in receiver.batches:
        for _ in batch.observations:
            one = next(applied)
            expected.add(one.signal, one.subject, one.verdict, one.reason)
            count += 1
        if batch.heartbeat is not None:
            assert batch.heartbeat.digest == str(expected)
    assert count == 1300


def test_a_resync_carries_the_whole_state(receiver, outbox, uplink):
    for number in range(30):
        outbox.submit([finding(f"address:10.0.0.{number}")])
    uplink.start()
    receiver.wait_for(lambda: len(receiver.applied) == 30)
    with receiver.heard:
        receiver.answer = {"resync": True}
    receiver.wait_for(lambda: any(batch.resync for batch in receiver.batches))
    resync = next(batch for batch in receiver.batches if batch.resync)
    assert len(resync.observations) == 30
    assert resync.observations[0].seq > 30


def test_the_inventory_is_sent_when_it_changes_and_when_asked_for(receiver, outbox, uplink):
    uplink.start()
    outbox.discover(Inventory(host="web1", at=1.0))
    outbox.discover(Inventory(host="web1", at=2.0))
    receiver.wait_for(lambda: [b for b in receiver.batches if b.inventory])
    receiver.wait_for(lambda: len(receiver.batches) > 4)
    assert len([b for b in receiver.batches if b.inventory]) == 1
    with receiver.heard:
        receiver.answer = {"inventory": True}
    receiver.wait_for(lambda: len([b for b in receiver.batches if b.inventory]) == 2)


def test_numbers_go_on_above_what_the_server_has_seen(receiver, outbox, uplink):
    receiver.mark = 1_000_000
    outbox.submit([finding("address:10.0.0.1")])
    uplink.start()
    receiver.wait_for(lambda: any(one.seq > 1_000_000 for one in receiver.applied))
    assert subjects(receiver) == ["address:10.0.0.1"]


def test_a_clean_stop_says_goodbye_after_the_last_change(receiver, outbox, uplink):
    uplink.start()
    outbox.submit([finding("address:10.0.0.1")])
    uplink.stop("shutdown")
    assert subjects(receiver) == ["address:10.0.0.1"]
    assert receiver.batches[-1].heartbeat.goodbye == "shutdown"


def test_secrets_are_gone_before_the_spool(receiver, outbox, uplink, home):
    said = "login failed: password=hunter2 https://bob:tr0ub4dor@db.lab/x"
    outbox.submit([finding("address:10.0.0.1", line=said)])
    state = outbox.sync()
    on_disk = b"".join(path.read_bytes() for path in home.spool.glob("*.seg"))
    for secret in (b"hunter2", b"tr0ub4dor"):
        assert secret not in on_disk
        assert secret not in state
    uplink.start()
    receiver.wait_for(lambda: len(receiver.applied) == 1)
    assert "hunter2" not in str(receiver.applied[0].evidence)


def test_what_a_unit_got_wrong_is_counted_and_spoils_nothing(receiver, outbox, uplink):
    outbox.submit([finding("address:10.0.0.1\n\x1b[31m"), finding("no entity"), finding("address:10.0.0.2")])
    assert outbox.malformed == 2
    uplink.start()
    receiver.wait_for(lambda: subjects(receiver) == ["address:10.0.0.2"])


def test_a_revoked_credential_keeps_everything_and_tries_on(receiver, outbox, uplink, credential):
    uplink.credential = type(credential)(**{**_fields(credential), "credential": "wrong"})
    outbox.submit([finding("address:10.0.0.1")])
    uplink.start()
    deadline = time.monotonic() + 100
    while not uplink.failures and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not receiver.applied
    assert outbox.depth()[0] > 0


def _fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_a_proxy_that_takes_only_small_batches_gets_small_ones(receiver, outbox, uplink):
    receiver.most = 70
    for number in range(600):
        outbox.submit([finding(f"address:10.0.{number // 250}.{number % 250}")])
    uplink.start()
    receiver.wait_for(lambda: len(receiver.applied) == 600)
    assert uplink.quarantined == 0
    numbers = [one.seq for one in receiver.applied]
    assert numbers == sorted(set(numbers))


def test_rounds_are_told_after_the_clock_was_set_back(receiver, outbox, uplink):
    outbox.complete("15s/1", 1_000_000.0)
    uplink.start()
    receiver.wait_for(lambda: any(batch.heartbeat for batch in receiver.batches))
    outbox.complete("15s/1", 996_400.0)
    receiver.wait_for(
        lambda: any(
            batch.heartbeat and batch.heartbeat.rounds.get("15s/1") == 996_400.0 for batch in receiver.batches
        )
    )


def test_a_rest_begins_with_a_goodbye_after_which_nothing_is_sent_until_it_ends(receiver, outbox, uplink):
    uplink.start()
    receiver.wait_for(lambda: receiver.batches)
    outbox.submit([finding("address:10.0.0.1")])
    uplink.rest("sleep", patience=100.0)
    assert (receiver.batches[-1].heartbeat.goodbye, subjects(receiver)) == ("sleep", ["address:10.0.0.1"])
    sent = len(receiver.batches)
    outbox.submit([finding("address:10.0.0.2")])
    uplink.wake()
    assert len(receiver.batches) == sent
    uplink.resume()
    receiver.wait_for(lambda: len(receiver.applied) == 2)
    assert receiver.batches[-1].heartbeat.goodbye == ""


def test_a_rest_that_the_server_does_not_hear_of_ends_all_the_same(receiver, outbox, uplink):
    receiver.down = True
    uplink.start()
    uplink.rest("sleep", patience=0.3)
    receiver.down = False
    uplink.resume()
    outbox.submit([finding("address:10.0.0.1")])
    receiver.wait_for(lambda: len(receiver.applied) == 1)
