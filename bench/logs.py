"""Log matching beside one-thread ripgrep, same patterns: MB per CPU second at three densities of hits.

Ours is what the agent does: read, match, and for every hit choose the signature, take the groups with RE2,
find the program that wrote the line, name the entity (one lookup once it was named), count it in its window;
the redacted evidence is made for what is told, one judgement per window of repeats. "redact all" makes entity
and redacted line for every hit instead, told or not. ripgrep only prints the lines. The hits are samples of
signatures and forms behind changing time stamps, so entities repeat; their bodies are matched anew each time.
`python bench/logs.py [MB]`
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors.host import Host
from collectors.logs.log_reading import Reader
from rules.matching.matcher import Matcher
from rules.matching.pattern import read_pattern
from rules.matching.signatures import Meaning, load_signatures
from rules.reading.lexicon import load_lexicon
from rules.reading.triggers import triggers
from rules.redaction import redact

MEGABYTE = 1_000_000
BLOCK = 1024 * 1024
UNIQUE = 20 * MEGABYTE
TURNS = 3
DENSITIES = (0.0001, 0.01, 0.2)
QUIET = (
    "kernel: [{a}.{b}] usb 1-{c}: new high-speed USB device number {c} using xhci_hcd",
    "systemd[1]: Started session-{a}.scope - Session {a} of User alice.",
    "sshd[{b}]: Accepted publickey for deploy from 10.1.{c}.{c} port {b} ssh2: ED25519 SHA256:{a}",
    'nginx[{b}]: 10.1.{c}.{c} - - "GET /items/{a}?page={c} HTTP/1.1" 200 {b} "-" "curl/8.5" 0.0{c}',
    "postgres[{b}]: [{c}-1] LOG:  checkpoint complete: wrote {a} buffers (0.{c}%); write={c}.{a} s",
    "shop[{b}]: INFO request id={a} user={b} path=/cart took {c} ms cache=hit rows={c}",
    "CRON[{b}]: (root) CMD (/usr/lib/sysstat/sa1 1 1 >/dev/null # {a})",
    "dnsmasq[{b}]: query[A] host{a}.lab from 10.1.{c}.{c}",
    "java[{b}]: 2026-11-22 08:23:16,{c} DEBUG [worker-{c}] shop.Stock - reserved {a} of article {b}",
    "haproxy[{b}]: 10.1.{c}.{c}:{b} [22/Nov/2026] front~ shop/app1 0/0/{c}/{c} 200 {a} - - ---- 1/1/0/0/0",
)


def corpus(path: Path, megabytes: int, density: float, meanings: Sequence[Meaning]) -> tuple[int, int]:
    """Lines and bytes written: ordinary lines, and among them samples of all signatures."""
    dice = random.Random(7)
    samples = [sample.split("\n")[0] for meaning in meanings for sample in meaning.samples]
    lines: list[str] = []
    size = 0
    while size < UNIQUE:
        a, b, c = dice.randrange(10**6), dice.randrange(1000, 65535), dice.randrange(1, 254)
        head = f"Nov 22 {c % 24:02}:{b % 60:02}:{a % 60:02} web1 "
        body = dice.choice(samples) if dice.random() < density else dice.choice(QUIET).format(a=a, b=b, c=c)
        lines.append(head + body)
        size += len(lines[-1].encode()) + 1
    block = ("\n".join(lines) + "\n").encode()
    times = -(-megabytes * MEGABYTE // len(block))
    with path.open("wb") as file:
        for _ in range(times):
            file.write(block)
    return len(lines) * times, len(block) * times


def blocks(path: Path) -> Iterator[bytes]:
    rest = b""
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            end = data.rfind(b"\n") + 1
            yield rest + data[:end]
            rest = data[end:]


def ours(path: Path) -> tuple[float, int]:
    """CPU seconds as the agent spends them, and what it tells."""
    reader = Reader(Host("web1"), "bench")
    told = 0
    before = time.process_time()
    for block in blocks(path):
        told += sum(1 for _ in reader.read(block)) + len(reader.due())
    return time.process_time() - before, told


def every_hit(path: Path, matcher: Matcher) -> tuple[float, int]:
    """CPU seconds with entity and redaction for each hit."""
    hits = 0
    before = time.process_time()
    for block in blocks(path):
        for hit in matcher.scan(block):
            hit.entity("web1")
            redact(hit.text)
            hits += 1
    return time.process_time() - before, hits


def ripgrep(path: Path, patterns: Path, out: Path) -> float:
    """CPU seconds. Bytes and no Unicode classes, as ours; enough room for its automata."""
    words = ["rg", "--no-config", "-j1", "-a", "-N", "-I", "--no-unicode", "--dfa-size-limit=1G"]
    with out.open("wb") as sink:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [*words, "--regex-size-limit=1G", "-f", str(patterns), str(path)], stdout=sink, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> int:
    if shutil.which("rg") is None:
        print("ripgrep is not installed: nothing to compare with")
        return 1
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    signatures = load_signatures()
    matcher = Matcher(signatures)
    print(f"{len(signatures)} signatures, engine {matcher.engine}, {megabytes} MB each; MB per CPU second")
    head = ("hits", "lines", "found", "told", "agent", "redact all", "rg -j1", "ratio")
    print(" ".join(f"{word:>10}" for word in head))
    with tempfile.TemporaryDirectory() as folder:
        log, patterns, out = (Path(folder, name) for name in ("log", "patterns", "out"))
        wanted = [*(read_pattern(one.pattern).capturing() for one in signatures), *triggers(load_lexicon())]
        patterns.write_text("\n".join(wanted) + "\n")
        for density in DENSITIES:
            lines, size = corpus(log, megabytes, density, matcher.meanings)
            told = ours(log)[1]
            # By turns: what else runs on the machine then slows both.
            turns = [(ours(log)[0], ripgrep(log, patterns, out)) for _ in range(TURNS)]
            agent, peer = (min(seconds) for seconds in zip(*turns, strict=True))
            whole, hits = every_hit(log, matcher)
            speeds = [size / MEGABYTE / seconds for seconds in (agent, whole, peer)]
            figures = (f"{density:.2%}", lines, hits, told, *(f"{speed:.0f}" for speed in speeds))
            print(" ".join(f"{figure:>10}" for figure in (*figures, f"{speeds[0] / speeds[2]:.2f}")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
