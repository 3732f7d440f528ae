"""The flight recorder: the last minutes in fine grain, and one bounded snapshot when the server wants it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from collectors.host import Host
from rules.redaction import redact
from wire.exchange import MAX_SNAPSHOT, Snapshot
from wire.judgement import Judgement

SAMPLE_SECONDS = 5.0
SAMPLES = 60
LINES = 200
LINE = 400
SECONDS = 5.0
SECTION = 100_000
TOP = 40
PER_BYTE = 2
"""What JSON may make of a character, at worst, in the texts that we send."""


class Recorder:
    """``sample`` is cheap and called every few seconds; ``snapshot`` takes seconds and runs in a thread."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._samples: deque[str] = deque(maxlen=SAMPLES)
        self._lines: deque[str] = deque(maxlen=LINES)

    def sample(self) -> None:
        parts = [f"{self._host.clock():.0f}", self._first("/proc/loadavg")]
        memory = self._table("/proc/meminfo", ("MemAvailable", "SwapFree", "Dirty", "Writeback"))
        parts += [
            f"{what}:{self._first(f'/proc/pressure/{what}').removeprefix('some ')}"
            for what in ("cpu", "memory", "io")
        ]
        self._samples.append(" ".join([*parts, memory]))

    def note(self, judgement: Judgement) -> None:
        """Keep the line that a log judgement came from."""
        line = judgement.evidence.get("line")
        if isinstance(line, str):
            self._lines.append(f"{self._host.clock():.0f} {judgement.subject} {line[:LINE]}")

    def snapshot(self, agent: str) -> Snapshot:
        """At most 1 MB and about 5 s; what did not fit is said."""
        until = time.monotonic() + SECONDS
        room = MAX_SNAPSHOT // PER_BYTE
        sections: dict[str, str] = {}
        for name, collect in self._sections():
            if time.monotonic() > until:
                sections[name] = "(no time left)"
                continue
            try:
                text = collect()
            except (OSError, ValueError) as error:
                text = f"(not readable: {error})"
            text = redact(_printable(text[: min(SECTION, max(0, room))]))
            room -= len(text.encode())
            sections[name] = text
        return Snapshot(agent=agent, at=self._host.clock(), sections=sections)

    def _sections(self) -> Iterator[tuple[str, Callable[[], str]]]:
        host = self._host
        yield "samples", lambda: "\n".join(self._samples)
        yield "log", lambda: "\n".join(self._lines)
        yield "processes", lambda: "\n".join(_processes(host))
        for name, path in (
            ("memory", "/proc/meminfo"),
            ("mounts", "/proc/self/mountinfo"),
            ("routes", "/proc/net/route"),
            ("routes6", "/proc/net/ipv6_route"),
            ("neighbours", "/proc/net/arp"),
            ("interfaces", "/proc/net/dev"),
            ("sockets", "/proc/net/sockstat"),
            ("tcp", "/proc/net/tcp"),
            ("tcp6", "/proc/net/tcp6"),
            ("disks", "/proc/diskstats"),
            ("interrupts", "/proc/softirqs"),
        ):
            yield name, lambda path=path: host.read(path, SECTION)  # type: ignore[misc]
        yield "units", lambda: self._command("systemctl", "list-units", "--failed", "--no-legend", "--plain")
        yield "kernel", lambda: self._command("dmesg", "--time-format", "iso")[-SECTION // 2 :]

    def _command(self, *argv: str) -> str:
        done = self._host.run(argv, timeout=1.0, limit=SECTION * 4)
        return done.text if done.ok or done.out else "(not available)"

    def _first(self, path: str) -> str:
        try:
            return self._host.read(path, 4096).partition("\n")[0]
        except OSError:
            return "-"

    def _table(self, path: str, wanted: tuple[str, ...]) -> str:
        try:
            lines = self._host.read(path, 16_384).splitlines()
        except OSError:
            return "-"
        rows = (line.split() for line in lines if line.startswith(wanted))
        return " ".join(f"{words[0]}{words[1]}" for words in rows if len(words) > 1)


def _processes(host: Host) -> Iterator[str]:
    """D-state first, then by processor time: pid, state, seconds, resident MiB, name, where it waits."""
    rows: list[tuple[bool, float, str]] = []
    for name in host.list("/proc"):
        if not name.isdigit():
            continue
        try:
            stat = host.read(f"/proc/{name}/stat", 4096)
        except OSError:
            continue
        command, _, rest = stat.partition("(")[2].rpartition(")")
        fields = rest.split()
        if len(fields) < 22:
            continue
        state, used = fields[0], (int(fields[11]) + int(fields[12])) / 100
        waits = _wait_channel(host, name) if state == "D" else ""
        row = f"{name} {state} {used:.1f}s {int(fields[21]) * 4096 >> 20}MiB {command} {waits}".rstrip()
        rows.append((state != "D", -used, row))
    yield from (row for _, _, row in sorted(rows)[:TOP])


def _wait_channel(host: Host, pid: str) -> str:
    try:
        return host.read(f"/proc/{pid}/wchan", 256)
    except OSError:
        return ""


def _printable(text: str) -> str:
    """Without control characters: they cost six bytes each in JSON and have no place in a report."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
