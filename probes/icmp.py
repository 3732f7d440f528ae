"""Is this address alive, and how many echoes get through?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probes.batch import Incoming
from probes.echo import Echoes, Tally
from probes.echo_socket import HOW_TO_PERMIT, EchoSocket
from probes.errors import reason_of_icmp
from probes.next_hop import all_silent
from probes.path import Way, Ways
from probes.unit import SECOND, Net, Probe
from wire.entity import address as address_entity
from wire.judgement import Judgement, Layer, Reason, Scalar, Verdict, unknown
from wire.target import IcmpTarget

PROBE = Probe(
    signals=("net.icmp",),
    layer=Layer.NETWORK,
    target=IcmpTarget,
    interval=15 * SECOND,
    timeout=5 * SECOND,
    needs=("net_raw",),
)

ECHOES, GAP = 3, 0.2
MORE, MORE_GAP = 7, 0.05
"""Sent to an address that answered some echoes but not all: loss is judged on ten."""
PATIENCE = 1.2
"""Seconds to wait for the last replies."""
SLOW, SLOWER_BY, SLOWER_TIMES = 0.5, 0.03, 4.0
"""Slow is half a second, or four times the best round trip known and 30 ms more than it."""
_KEPT = 8192


@dataclass(slots=True)
class _Past:
    """What earlier rounds saw of one address."""

    lost: int = 0
    """One bit per echo, the newest lowest; set where it was lost."""
    best: float = 0.0
    rounds: int = 0


async def ask_all(targets: Sequence[IcmpTarget], net: Net) -> list[Judgement]:
    """Pings them all together. Value: best round trip in seconds."""
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
            judgements.append(_judgement(way, Verdict.FAIL, way.blocked, None, {"error": way.detail}))
        else:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            families.setdefault(family, []).append(way)
    for found in await asyncio.gather(*(_ask_family(family, some, net) for family, some in families.items())):
        judgements += found
    return judgements


async def _ask_family(family: socket.AddressFamily, ways: Sequence[Way], net: Net) -> list[Judgement]:
    try:
        door = _door(family, net)
    except PermissionError:
        return [_unknown(way.path.address, Reason.NOT_PERMITTED, HOW_TO_PERMIT) for way in ways]
    except OSError as error:
        return [_unknown(way.path.address, Reason.NOT_SUPPORTED, str(error)) for way in ways]
    async with _lock(family, net):
        echoes = _echoes(door, ways, net)
        await _waves(echoes, ECHOES, GAP)
        partial = [n for n, tally in enumerate(echoes.tallies) if 0 < tally.received < ECHOES]
        more = Echoes(door, _incoming(net), [ways[n].path.address for n in partial])
        if partial:
            await _waves(more, MORE, MORE_GAP)
    sent = [ECHOES] * len(ways)
    for number, tally in zip(partial, more.tallies, strict=True):
        sent[number] += MORE
        _add(echoes.tallies[number], tally)
    lost = (
        way for way, tally in zip(ways, echoes.tallies, strict=True) if not (tally.received or tally.error)
    )
    dead = await all_silent(Ways.of(net), lost)
    answers = zip(ways, echoes.tallies, sent, strict=True)
    return [_judge(way, tally, count, dead.get(way.next_hop, ""), net) for way, tally, count in answers]


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


def _judge(way: Way, tally: Tally, sent: int, dead: str, net: Net) -> Judgement:
    past = _past(way.path.address, net)
    lost = sent - tally.received
    past.lost = (past.lost << sent | (1 << lost) - 1) & 0xFFFFFFFF
    if not tally.received:
        return _silent(way, tally, sent, dead, net)
    rtt = tally.best / 1e9
    evidence: dict[str, Scalar] = {"rtt_ms": round(rtt * 1000, 3), "sent": sent}
    if lost:
        evidence["lost"] = lost
    if tally.repeated:
        evidence["repeated"] = tally.repeated
    if lost and past.lost.bit_count() > 1:  # one lost echo in the last 32 is nobody's fault
        verdict = Verdict.FAIL if lost * 2 >= sent else Verdict.WARN
        return _judgement(way, verdict, Reason.LOSS, rtt, evidence)
    usual = past.best
    if rtt > SLOW or (past.rounds >= 3 and rtt > max(usual * SLOWER_TIMES, usual + SLOWER_BY)):
        evidence["usual_ms"] = round(usual * 1000, 3)
        return _judgement(way, Verdict.WARN, Reason.SLOW, rtt, evidence)
    # The best ever seen, forgotten by one per cent a round, so that a moved machine becomes usual again.
    past.best = min(past.best * 1.01, rtt) if past.rounds else rtt
    past.rounds += 1
    return _judgement(way, Verdict.PASS, Reason.OK, rtt, evidence)


def _silent(way: Way, tally: Tally, sent: int, dead: str, net: Net) -> Judgement:
    evidence: dict[str, Scalar] = {"sent": sent, "lost": sent}
    reason = Reason.TIMEOUT
    if tally.error:
        family = socket.AF_INET6 if ":" in way.path.address else socket.AF_INET
        reason = reason_of_icmp(tally.error, family, port_is_refusal=False) or Reason.TIMEOUT
        evidence |= tally.error.evidence()
    elif dead:
        reason = Reason.UNREACHABLE
        evidence["neighbour"] = dead
    if reason in (Reason.TIMEOUT, Reason.UNREACHABLE):
        link = Ways.of(net).link(way.path.interface)
        reason = Reason.CARRIER if link and not link.carrier else reason
    verdict = Verdict.UNKNOWN if reason is Reason.INTERNAL else Verdict.FAIL
    return _judgement(way, verdict, reason, None, evidence)


def _judgement(
    way: Way, verdict: Verdict, reason: Reason, value: float | None, evidence: dict[str, Scalar]
) -> Judgement:
    return Judgement(
        signal="net.icmp",
        subject=address_entity(way.path.address),
        verdict=verdict,
        reason=reason,
        value=value,
        evidence=evidence,
        path=way.path,
    )


def _unknown(address: str, reason: Reason, why: str) -> Judgement:
    return unknown("net.icmp", address_entity(address), reason, why=why)


def _add(tally: Tally, more: Tally) -> None:
    tally.received += more.received
    tally.repeated += more.repeated
    tally.best = min(tally.best, more.best)


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


def _past(address: str, net: Net) -> _Past:
    pasts: dict[str, _Past] = net.memory.setdefault("past", {})
    past = pasts.get(address)
    if past is None:
        if len(pasts) >= _KEPT:
            pasts.clear()
        past = pasts[address] = _Past()
    return past
