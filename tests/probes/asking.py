"""Runs one probe in a process of its own, so that a test may put it into a namespace or under another user.

Arguments: module, root, rounds. Targets come as JSON on standard input, the last round's judgements go out.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time

import msgspec

from probes.unit import Net
from wire.judgement import Judgement
from wire.target import Target


async def main(module: str, root: str, rounds: str) -> None:
    unit = importlib.import_module(module)
    targets = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Target])
    net = Net(host="h1", clock=time.time, root=root)
    judgements: list[Judgement] = []
    for _ in range(int(rounds)):
        if hasattr(unit, "ask_all"):
            judgements = await unit.ask_all(targets, net)
            continue
        judgements = []
        for answer in await asyncio.gather(*(unit.ask(target, net) for target in targets)):
            judgements += [answer] if isinstance(answer, Judgement) else answer
    sys.stdout.buffer.write(msgspec.json.encode(judgements))


asyncio.run(main(*sys.argv[1:]))
