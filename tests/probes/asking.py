"""Runs one probe in a process of its own, so that a test may put it into a namespace or under another user.

Arguments: unit, root. Each line of input is a JSON list of targets, each line of output its judgements.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import msgspec

import probes
from agent.units.finding import modules
from probes.unit import Net
from wire.judgement import Judgement
from wire.target import Target


async def main(name: str, root: str) -> None:
    [unit] = [module for module in modules(probes) if module.__name__.rpartition(".")[2] == name]
    net = Net(host="h1", clock=time.time, root=root)
    for line in sys.stdin.buffer:
        judgements = await ask(unit, msgspec.json.decode(line, type=list[Target]), net)
        sys.stdout.buffer.write(msgspec.json.encode(judgements) + b"\n")
        sys.stdout.buffer.flush()


async def ask(unit: Any, targets: list[Target], net: Net) -> list[Judgement]:
    if hasattr(unit, "ask_all"):
        return list(await unit.ask_all(targets, net))
    judgements: list[Judgement] = []
    for answer in await asyncio.gather(*(unit.ask(target, net) for target in targets)):
        judgements += [answer] if isinstance(answer, Judgement) else answer
    return judgements


asyncio.run(main(*sys.argv[1:]))
