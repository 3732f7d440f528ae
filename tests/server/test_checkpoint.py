"""The batch log and its checkpoints, with a real database and the real writer."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.auth.agents import Agents
from server.current import CurrentState
from server.ingest.checkpoint import Checkpointer, rebuild
from server.ingest.intake import Intake
from server.metrics import Metrics
from server.storage import batches
from server.storage.database import Database
from wire.codec import encode
from wire.exchange import Batch, EnrollRequest
from wire.judgement import Reason, Verdict
from wire.observation import Observation


class Store:
    """What of a server keeps the current state."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.agents = Agents(self.database)
        self.current = CurrentState()
        self.replayed = rebuild(self.database, self.current, self.agents)
        with self.database.reading() as connection:
            last_id = batches.last_id(connection)
        metrics = Metrics()
        self.intake = Intake(
            self.database.writer, self.current, metrics, last_id=last_id, submit=lambda _applied: None
        )
        self.checkpointer = Checkpointer(self.database, self.current, self.intake, metrics)

    async def enroll(self, host: str) -> str:
        token = await self.agents.make_token(host, 60)
        enrolment = await self.agents.enroll(EnrollRequest(token=token, host=host), self.current.mark)
        self.current.admit(enrolment.answer.agent, host)
        return enrolment.answer.agent

    async def say(self, agent: str, seq: int, chance: random.Random) -> None:
        now = time.time()
        failing = chance.random() < 0.5
        seen = Observation(
            seq=seq,
            signal="net.icmp",
            subject=f"host:h{chance.randrange(5)}",
            verdict=Verdict.FAIL if failing else Verdict.PASS,
            reason=Reason.TIMEOUT if failing else Reason.OK,
            at=now,
            since=now,
        )
        batch = Batch(agent=agent, sent_at=now, observations=(seen,))
        await self.intake.take(batch, encode(batch))

    def logged(self) -> int:
        with self.database.reading() as connection:
            return sum(1 for _ in batches.replay(connection))


@pytest.fixture
def path(tmp_path) -> Iterator[Path]:
    return tmp_path / "rootward.db"


def test_checkpoints_written_while_batches_arrive_lose_nothing(path) -> None:
    chance = random.Random(7)

    async def live() -> tuple[Store, dict[str, bytes]]:
        store = Store(path)
        agents = [await store.enroll(f"h{number}") for number in range(100)]

        async def stream(agent: str) -> None:
            for seq in range(1, 30):
                await store.say(agent, seq, chance)

        async def checkpoints() -> None:
            for _ in range(5):
                await asyncio.sleep(0.02)
                await store.checkpointer.write()

        await asyncio.gather(checkpoints(), *(stream(agent) for agent in agents))
        return store, {agent: store.current.save(agent) for agent in agents}

    before, saved = asyncio.run(live())
    before.database.close()  # without a last checkpoint, as after a crash
    after = Store(path)
    assert {agent: after.current.save(agent) for agent in saved} == saved
    after.database.close()


def test_the_second_checkpoint_after_them_empties_the_log(path) -> None:
    async def live() -> None:
        store = Store(path)
        agent = await store.enroll("h1")
        for seq in range(1, 11):
            await store.say(agent, seq, random.Random(seq))
        assert store.logged() == 10
        await store.checkpointer.write()
        assert store.logged() == 10
        await store.say(agent, 11, random.Random(11))
        await store.checkpointer.write()
        assert store.logged() == 1
        store.database.close()

    asyncio.run(live())
    again = Store(path)
    assert (again.replayed, again.current.mark(again.current.agents()[0])) == (0, 11)
    again.database.close()


def test_of_a_revoked_agent_nothing_is_rebuilt(path) -> None:
    async def live() -> None:
        store = Store(path)
        agent = await store.enroll("h1")
        await store.say(agent, 1, random.Random(1))
        assert await store.agents.revoke(agent, store.current.mark(agent))
        store.database.close()

    asyncio.run(live())
    again = Store(path)
    assert (again.replayed, again.current.agents()) == (0, ())
    again.database.close()


def test_a_failing_piece_of_work_leaves_its_neighbours_in_place(path) -> None:
    database = Database(path)
    rows = [(number, "a", 1.0, 1, b"x") for number in (1, 1, 2)]
    futures = [
        database.writer.run(lambda connection, row=row: batches.append(connection, [row])) for row in rows
    ]
    assert [future.exception() is None for future in futures] == [True, False, True]
    database.close()


def test_a_disk_that_takes_no_more_refuses_batches_until_it_does(launch) -> None:
    server = launch()
    agent = server.enroll()
    agent.send(agent.batch(agent.look()))
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    held_back = agent.batch(agent.look("host:h2"))
    refused = agent.send_raw(encode(held_back))
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, infinite)
    assert agent.send(held_back).applied == 2
    server.kill()
    server.start()
    assert agent.send(agent.batch()).applied == 2
