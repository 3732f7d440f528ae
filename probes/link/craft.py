"""Has packets crafted in a short-lived process of their own: scapy never enters the agent's."""

from __future__ import annotations

import asyncio

import msgspec

from kernel.child import Child, framed
from probes.link.crafted.questions import Answer, Discovered, Failed, Question

START_SECONDS = 5.0
"""More than a cold start takes on a busy machine."""
_one_at_a_time = asyncio.Semaphore(1)


class CraftFailed(Exception):
    """No answer; the text says why."""


class CraftDenied(CraftFailed):
    """Such packets may not be sent from here."""


async def craft(question: Question) -> Discovered:
    """Raises CraftFailed, CraftDenied. The process is killed whole when it is late."""
    async with _one_at_a_time:
        child = Child("probes.link.crafted")
        try:
            async with asyncio.timeout(question.seconds + START_SECONDS):
                await child.start()
                await child.send(framed(msgspec.json.encode(question)))
                answer: Answer = msgspec.json.decode(await child.receive(), type=Answer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, msgspec.DecodeError) as error:
            raise CraftFailed(f"{type(error).__name__}: {error}") from None
        finally:
            await child.kill()
    if isinstance(answer, Failed):
        raise CraftFailed(answer.why) if answer.permitted else CraftDenied(answer.why)
    return answer
