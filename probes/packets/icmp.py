"""Is this address alive, and how many echoes get through?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence

from probes.packets.batch import Incoming
from probes.packets.echo import Echoes
from probes.packets.echo_judge import Past, Replies, blocked, judge, lasting, silent
from probes.packets.echo_socket import HOW_TO_PERMIT, EchoDenied, EchoSocket
from probes.packets.next_hop import all_silent
from probes.path import Way, Ways
from probes.unit import SECOND, Net, Probe
from wire.entity import address as address_entity
from wire.judgement import Judgement, Layer, Reason, unknown
from wire.target import IcmpTarget

PROBE = Probe(
    signals=("net.icmp", "net.latency"),
    layer=Layer.NETWORK,
    target=IcmpTarget,
    interval=15 * SECOND,
    timeout=5 * SECOND,
    needs=("net_raw",),
)

ECHOES, GAP = 3, 0.2
MORE, MORE_GAP = 7, 0.05
"""Sent to an address that answered some echoes but not all, now or last time: loss is judged on ten."""
PATIENCE = 1.2
"""Seconds to wait for the last replies."""
_KEPT = 8192


async def ask_all(targets: Sequence[IcmpTarget], net: Net) -> list[Judgement]:
    """Pings them all together. Value: best round trip in seconds; the jitter stands in the evidence."""
    ways = Ways.of(net)
    ways.refresh()
    judgements: list[Judgement] = []
    families: dict[socket.AddressFamily, list[Way]] = {}
    for address in dict.fromkeys(target.address for target in targets):
        try:
            way = ways.to(address)
        except (ValueError, OSError) as error:
            judgements.append(_unknown(address, Reason.UNREADABLE, f"not an IP address: {error}"))
            continue
        if way.blocked:
            judgements.append(blocked(way, way.blocked, way.detail))
        else:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            families.setdefault(family, []).append(way)
    for found in await asyncio.gather(*(_ask_family(family, some, net) for family, some in families.items())):
        judgements += found
    return judgements


async def _ask_family(family: socket.AddressFamily, ways: Sequence[Way], net: Net) -> list[Judgement]:
    try:
        door = _door(family, net)
    except EchoDenied:
        return [_unknown(way.path.address, Reason.NOT_PERMITTED, HOW_TO_PERMIT) for way in ways]
    except OSError as error:
        return [_unknown(way.path.address, Reason.NOT_SUPPORTED, str(error)) for way in ways]
    async with _lock(family, net):
        echoes = _echoes(door, ways, net)
        await _waves(echoes, ECHOES, GAP)
        pasts = _pasts(ways, net)
        partial = [
            number
            for number, (way, received) in enumerate(zip(ways, echoes.received, strict=True))
            if 0 < received < ECHOES or (received and pasts[way.path.address].lossy)
        ]
        sent = bytearray([ECHOES]) * len(ways)
        steps = [max(0, received - 1) for received in echoes.received]
        if partial:
            more = Echoes(door, _incoming(net), [ways[n].path.address for n in partial])
            await _waves(more, MORE, MORE_GAP)
            for at, number in enumerate(partial):
                sent[number] += MORE
                steps[number] += max(0, more.received[at] - 1)
                echoes.received[number] += more.received[at]
                echoes.best[number] = min(echoes.best[number], more.best[at])
                echoes.varied[number] += more.varied[at]
        replies = [
            Replies(count, received, repeated, best, varied // max(1, differences), echoes.errors.get(number))
            for number, (count, received, repeated, best, varied, differences) in enumerate(
                zip(sent, echoes.received, echoes.repeated, echoes.best, echoes.varied, steps, strict=True)
            )
        ]
    lost = [way for way, each in zip(ways, replies, strict=True) if not each.received]
    unexplained = [way for way, each in zip(ways, replies, strict=True) if not (each.received or each.error)]
    dead = await all_silent(Ways.of(net), unexplained) if unexplained else {}
    # A cable may have come out while the echoes were under way.
    down = {name for name in {way.path.interface for way in lost} if _without_carrier(name, net)}
    judgements: list[Judgement] = []
    for way, each in zip(ways, replies, strict=True):
        past = pasts[way.path.address]
        if each.received:
            judged = judge(way, each, past)
            judgements += (judged, *lasting(judged, past))
        elif way.path.interface in down:
            judgements.append(blocked(way, Reason.CARRIER, f"{way.path.interface} has no carrier"))
        else:
            judgements.append(silent(way, each, past, dead.get(way.next_hop, "")))
    return judgements


async def _waves(echoes: Echoes, count: int, gap: float) -> None:
    loop = asyncio.get_running_loop()
    echoes.renew()
    for sequence in range(count):
        due = loop.time() + gap
        await echoes.wave(sequence)
        if sequence < count - 1:
            await echoes.settle(due - loop.time())
            await asyncio.sleep(max(0.0, due - loop.time()))
    await echoes.settle(PATIENCE)


def _without_carrier(interface: str, net: Net) -> bool:
    link = Ways.of(net).link(interface)
    return bool(link and not link.carrier)


def _unknown(address: str, reason: Reason, why: str) -> Judgement:
    return unknown("net.icmp", address_entity(address), reason, why=why)


def _door(family: socket.AddressFamily, net: Net) -> EchoSocket:
    door = net.memory.get(f"door {family}")
    if not isinstance(door, EchoSocket):
        door = net.memory[f"door {family}"] = EchoSocket(family)
    return door


def _incoming(net: Net) -> Incoming:
    incoming = net.memory.get("incoming")
    if not isinstance(incoming, Incoming):
        incoming = net.memory["incoming"] = Incoming()
    return incoming


def _lock(family: socket.AddressFamily, net: Net) -> asyncio.Lock:
    """A drill-down task may ask while a round is under way, and both read from one socket."""
    lock = net.memory.get(f"lock {family}")
    if not isinstance(lock, asyncio.Lock):
        lock = net.memory[f"lock {family}"] = asyncio.Lock()
    return lock


def _echoes(door: EchoSocket, ways: Iterable[Way], net: Net) -> Echoes:
    """Laid out once for the same addresses."""
    addresses = tuple(way.path.address for way in ways)
    kept = net.memory.get(f"echoes {door.family}")
    if isinstance(kept, tuple) and kept[0] == addresses and isinstance(kept[1], Echoes):
        return kept[1]
    echoes = Echoes(door, _incoming(net), addresses)
    net.memory[f"echoes {door.family}"] = (addresses, echoes)
    return echoes


def _pasts(ways: Sequence[Way], net: Net) -> dict[str, Past]:
    """What is remembered, with a place for each of these."""
    pasts: dict[str, Past] = net.memory.setdefault("past", {})
    if len(pasts) > _KEPT:
        pasts.clear()
    for way in ways:
        if way.path.address not in pasts:
            pasts[way.path.address] = Past()
    return pasts
