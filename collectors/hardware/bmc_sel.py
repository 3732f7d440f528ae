"""What has the management controller logged lately? Value: grave events that still stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.parsing import lines_of
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, Scalar, unknown

SIGNAL = "bmc.events"
KINDS = {
    "bmc.events.memory": re.compile(r"memory|dimm|\bECC\b", re.IGNORECASE),
    "bmc.events.power": re.compile(
        r"power supply|power unit|\bPSU?\d|\bPSU\b|(?:AC|input) lost", re.IGNORECASE
    ),
    "bmc.events.fan": re.compile(r"fan(?![a-z])", re.IGNORECASE),
    "bmc.events.temperature": re.compile(r"temp(?:erature)?(?![a-z])|thermal", re.IGNORECASE),
}
"""What an event is about, by the words of its sensor and its own; the first that fits."""
DEVICES = ("/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0")
COLLECTOR = Collector(
    signals=(SIGNAL, *KINDS),
    layer=Layer.HARDWARE,
    interval=300.0,
    timeout=60.0,
    risky=True,
    where=DEVICES,
)
LATELY = 86_400.0
GRAVE = re.compile(
    r"uncorrectable|fatal|non-?recoverable|\bcritical (?:going|-|$)|(?:upper|lower) critical|thermal trip|"
    r"\bIERR\b|machine check|AC lost|input lost|failure detected|power supply failure|drive fault|"
    r"redundancy lost|non-redundant|configuration error|predictive failure|in failed array|"
    r"fan.*(?:fail|removed)|power off.*fault|power fault|voltage fault|"
    r"transition to (?:critical|non-recoverable)|hardware failure|\bFRB[123]\b|initialization failure|"
    r"parity|memory (?:device disabled|scrub failed)|PCI [PS]ERR|\bNMI\b|bus timeout|I/O channel check|"
    r"in critical array|control failure|(?:240VA|interlock) power down|firmware (?:error|hang)|"
    r"unrecoverable|fault status|critical stop|(?:FRU|sensor) failure|controller off-?line|"
    r"battery\b.{0,64}\bfailed",
    re.IGNORECASE,
)
DOUBTFUL = re.compile(
    r"correctable|non-?critical|threshold exceeded|logging limit|degraded|rebuild|battery (?:low|fail)|"
    r"battery\b.{0,64}\blow\b|intrusion|limit exceeded|access degraded|no bootable media|"
    r"SEL (?:almost )?full|event log.*full|state asserted|watchdog|hard reset|throttl",
    re.IGNORECASE,
)
HARMLESS = re.compile(r"presence|fully redundant|log (?:area )?(?:reset|cleared)", re.IGNORECASE)
GONE = re.compile(r"deassert", re.IGNORECASE)
PASSING = re.compile(r"\b(?:de)?asserted\b|\breading \S+ [<>]=? threshold\b.*|\s+", re.IGNORECASE)
"""What an event and the one that takes it back do not have in common: ``Reading 300 < Threshold 800 RPM``."""
DATE = (
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%y %H:%M:%S",
    "%b-%d-%Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One record, as ipmitool or FreeIPMI prints it."""

    number: str
    at: float | None
    """Seconds since 1970 by the controller's clock; None before it was set."""
    sensor: str
    what: str
    gone: bool = False

    @property
    def words(self) -> str:
        return f"{self.sensor} {self.what}"

    @property
    def signal(self) -> str:
        return next((signal for signal, words in KINDS.items() if words.search(self.words)), SIGNAL)


def read(host: Host) -> Iterable[Judgement]:
    """``ipmitool sel elist`` of the last day, where the machine has such a controller."""
    if not any(host.exists(device) for device in DEVICES):
        return
    done = host.run(["ipmitool", "sel", "elist", "last", "200"], timeout=40.0)
    subject = entity.chassis(host.name)
    if done.missing or done.late:
        why = Reason.TOOL_MISSING if done.missing else Reason.DEADLINE
        yield unknown(SIGNAL, subject, why, tool="ipmitool")
        return
    if not done.ok:
        yield unknown(
            SIGNAL,
            subject,
            Reason.NOT_PERMITTED,
            tool="ipmitool",
            error=done.err.decode("utf-8", "replace")[:256],
        )
        return
    since = host.clock() - LATELY
    try:
        events = [one for one in parse(done.out) if one.at is None or one.at >= since]
    except ValueError:
        events = []
    yield from judge(events, host)


def parse(raw: bytes) -> list[Event]:
    """Raises ValueError for other text."""
    found: list[Event] = []
    known = False
    for line in lines_of(raw):
        known |= line.startswith(("SEL has no entries", "ID ", "SEL Information", "ID,"))
        if (one := _event(line)) is not None:
            found.append(one)
    if not found and not known and raw.strip():
        raise ValueError("no record of an event log")
    return found


def _event(line: str) -> Event | None:
    """``1 | 04/17/2024 | 18:28:30 | Memory #0x53 | Uncorrectable ECC | Asserted``; FreeIPMI adds a type."""
    fields = [field.strip().strip("'") for field in line.split("|" if "|" in line else ",")]
    if len(fields) < 4 or not re.fullmatch(r"[0-9a-fA-F]{1,8}", fields[0]):
        return None
    early = fields[1].lower().startswith("pre-init")
    rest = fields[2:] if early else fields[3:]
    if early and rest and re.fullmatch(r"[\d:]{5,10}", rest[0]):
        rest = rest[1:]
    if not rest:
        return None
    return Event(
        number=fields[0],
        at=None if early else _when(fields[1], fields[2]),
        sensor=rest[0][:128],
        what=" ".join(part for part in rest[1:] if part)[:256],
        gone=any(GONE.search(part) for part in rest[1:]),
    )


def _when(day: str, clock: str) -> float | None:
    text = f"{day} {clock.split(' ', maxsplit=1)[0]}"
    for form in DATE:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None


def standing(events: list[Event]) -> list[Event]:
    """What was asserted and not taken back since; of repeats the last."""
    left: dict[tuple[str, str], Event] = {}
    for one in events:
        key = (one.sensor, PASSING.sub(" ", one.what).strip())
        if one.gone:
            left.pop(key, None)
        else:
            left[key] = one
    return list(left.values())


def judge(events: list[Event], host: Host) -> Iterator[Judgement]:
    """One judgement of each kind of event, as the part at fault is another one."""
    for signal in (SIGNAL, *KINDS):
        yield _of_kind(signal, [one for one in events if one.signal == signal], host)


def _of_kind(signal: str, events: list[Event], host: Host) -> Judgement:
    left = standing(events)
    grave = [one for one in left if GRAVE.search(one.words) and not _mild(one.words)]
    doubtful = [
        one
        for one in left
        if one not in grave and DOUBTFUL.search(one.words) and not HARMLESS.search(one.words)
    ]
    reason = Reason.ERRORS if grave else Reason.HIGH if doubtful else Reason.OK
    words: dict[str, Scalar] = {"events": len(events)}
    if grave or doubtful:
        words["found"] = "; ".join(one.words for one in (*grave, *doubtful)[-8:])[:1024]
    return judged(signal, entity.chassis(host.name), reason, len(grave), **words)


def _mild(words: str) -> bool:
    """``Upper Non-critical going high`` holds the word critical."""
    text = words.lower()
    return "non-critical" in text and "uncorrect" not in text


def facts(events: list[Event]) -> dict[str, JSON]:
    return {
        "entries": len(events),
        "events": [f"{one.sensor}: {one.what}" for one in events[:256]],
        "standing": [one.words for one in standing(events)][:256],
    }


SOURCE = Source(kinds=("ipmitool_sel", "ipmi_sel", "sel"), parse=parse, judge=judge, facts=facts)
