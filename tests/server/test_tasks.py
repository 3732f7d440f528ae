"""Tasks reach their host once, in time, and soon."""

from __future__ import annotations

import asyncio
import time
from threading import Timer

from server.tasks import MAX_WAITING, SOON, TaskDesk
from wire.exchange import Task
from wire.target import IcmpTarget


def task(name: str, expires_at: float = 1e10) -> Task:
    return Task(id=name, check="net.icmp", target=IcmpTarget(address="10.0.0.1"), expires_at=expires_at)


def test_a_task_is_given_once() -> None:
    desk = TaskDesk()
    desk.offer("web1", task("t1"))
    assert [each.id for each in desk.take("web1")[0]] == ["t1"]
    assert desk.take("web1") == ((), False)


def test_an_expired_task_is_not_given() -> None:
    desk = TaskDesk(lambda: 100.0)
    desk.offer("web1", task("t1", expires_at=99.0))
    assert desk.take("web1")[0] == ()


def test_of_too_many_tasks_the_newest_stay() -> None:
    desk = TaskDesk()
    for number in range(MAX_WAITING + 5):
        desk.offer("web1", task(f"t{number}"))
    given = desk.take("web1")[0]
    assert (len(given), given[-1].id) == (MAX_WAITING, f"t{MAX_WAITING + 4}")


def test_a_task_from_another_thread_wakes_the_held_request() -> None:
    async def hold() -> tuple[Task, ...]:
        desk = TaskDesk()
        desk.open(asyncio.get_running_loop())
        Timer(0.05, desk.offer, ("web1", task("t1"))).start()
        async with asyncio.timeout(100):
            await desk.hold("web1", 60)
        return desk.take("web1")[0]

    assert [each.id for each in asyncio.run(hold())] == ["t1"]


def test_a_snapshot_that_is_wanted_wakes_the_held_request() -> None:
    async def hold() -> bool:
        desk = TaskDesk()
        desk.open(asyncio.get_running_loop())
        Timer(0.05, desk.want_snapshot, ("web1",)).start()
        async with asyncio.timeout(100):
            await desk.hold("web1", 60)
        return desk.take("web1")[1]

    assert asyncio.run(hold())


def test_who_hung_up_is_known_until_it_comes_back() -> None:
    async def known() -> list[bool]:
        desk = TaskDesk()
        desk.open(asyncio.get_running_loop())
        there = await desk.hold("web1", 60, lambda: asyncio.sleep(0.01))
        gone = "web1" in desk.gone()
        await desk.hold("web1", 0.01, lambda: asyncio.sleep(60))
        return [there, gone, "web1" in desk.gone()]

    assert asyncio.run(known()) == [False, True, False]


def test_an_attended_host_comes_back_soon_unless_its_request_is_held() -> None:
    async def hints() -> list[float]:
        desk = TaskDesk()
        desk.open(asyncio.get_running_loop())
        quiet = desk.poll_after("web1", 10.0)
        desk.attend(["web1"])
        attended = desk.poll_after("web1", 10.0)
        holding = asyncio.create_task(desk.hold("web1", 60))
        await asyncio.sleep(0)
        held = desk.poll_after("web1", 10.0)
        desk.close()
        await holding
        return [quiet, attended, held]

    assert asyncio.run(hints()) == [10.0, SOON, 10.0]


def test_after_a_symptom_a_host_is_attended_for_a_while() -> None:
    clock = [time.time()]
    desk = TaskDesk(lambda: clock[0])
    desk.notice("web1")
    soon = desk.poll_after("web1", 10.0)
    clock[0] += 3600
    assert (soon, desk.poll_after("web1", 10.0)) == (SOON, 10.0)
