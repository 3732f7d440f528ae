"""Memory and processor time of the agent beside node_exporter and blackbox_exporter, with the same targets.

Run: python bench/agent.py [--minutes 5]. Needs the Debian packages prometheus-node-exporter and
prometheus-blackbox-exporter. The scraper, the probed servers and Rootward's own server are not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import requests

INTERVAL = 15.0
EACH = 20
"""Targets of each kind: ping, TCP connection, web page."""
STARTS_WITHIN = 300.0
"""Seconds until the first round is through; on a busy machine most of it compiles the signatures."""
SETTLE = 20.0
"""Seconds after the first round that are not counted."""
LARGEST = 8
"""Parts of the memory that are listed."""
TICK = os.sysconf("SC_CLK_TCK")
BLACKBOX = """
modules:
  icmp: {prober: icmp, timeout: 4s, icmp: {preferred_ip_protocol: ip4}}
  tcp: {prober: tcp, timeout: 4s}
  http: {prober: http, timeout: 4s, http: {preferred_ip_protocol: ip4}}
"""


@dataclass
class Usage:
    """Of one process, at one moment."""

    cpu: float
    children_cpu: float
    """Of children that ended and were waited for: the short-lived ones."""
    resident: int
    proportional: int
    unique: int
    """KiB that would be free without this process."""


def usage(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in rollup if line.endswith(" kB")}
    return Usage(
        cpu=(int(fields[11]) + int(fields[12])) / TICK,
        children_cpu=(int(fields[13]) + int(fields[14])) / TICK,
        resident=kib["Rss"],
        proportional=kib["Pss"],
        unique=kib["Private_Clean"] + kib["Private_Dirty"],
    )


def breakdown(pid: int) -> dict[str, float]:
    """MiB resident by what is mapped: the Python heaps, what C allocates, each library."""
    found: Counter[str] = Counter()
    name = ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            name = Path(words[5]).name.partition(".")[0] if len(words) > 5 else "objects (anonymous)"
        elif words[0] == "Rss:":
            found[name] += int(words[1])
    return {f"  {name}": kib / 1024 for name, kib in found.most_common(LARGEST)}


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += (task / "children").read_text().split()
    return sorted({int(one) for one in found})


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(*argv: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(
        argv,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_until_open(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on {port}")


def wait_until_through(port: int) -> None:
    """The agent tells that its first round was completed."""
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        with suppress(requests.RequestException):
            if (
                "rootward_round_completed_timestamp_seconds{"
                in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
            ):
                return
        time.sleep(1.0)
    raise SystemExit(f"the agent completed no round within {STARTS_WITHIN:.0f} s")


def scrape(stop: threading.Event, urls: list[str]) -> None:
    """Each URL once per interval, spread over it as Prometheus does."""
    session = requests.Session()
    due = [(index * INTERVAL / len(urls), url) for index, url in enumerate(urls)]
    began = time.monotonic()
    while not stop.is_set():
        for offset, url in due:
            if stop.wait(max(0.0, began + offset - time.monotonic())):
                return
            with suppress(requests.RequestException):
                session.get(url, timeout=10)
        began += INTERVAL


def agent_config(folder: Path, tcp: list[int], web: list[int], metrics: int) -> Path:
    path = folder / "agent.toml"
    tables = [f'[[target]]\nkind = "icmp"\naddress = "127.0.0.{n + 1}"\n' for n in range(EACH)]
    tables += [f'[[target]]\nkind = "tcp"\nhost = "127.0.0.1"\nport = {port}\n' for port in tcp]
    tables += [f'[[target]]\nkind = "http"\nurl = "http://127.0.0.1:{port}/"\n' for port in web]
    head = f'home = "{folder / "agent"}"\nmetrics = "127.0.0.1:{metrics}"\n'
    path.write_text(head + "".join(tables))
    return path


def rootward(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        env={**os.environ, "ROOTWARD_HOME": str(folder / "server")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def enroll(folder: Path, config: Path) -> None:
    address = folder / "server" / "address"
    until = time.monotonic() + 30
    while not address.exists() and time.monotonic() < until:
        time.sleep(0.1)
    token = json.loads(rootward(folder, "server", "token", "--json"))["token"]
    where = ("--server", address.read_text().strip(), "--token", token, "--config", str(config))
    rootward(folder, "agent", "enroll", *where)


def measure(minutes: float) -> dict[str, float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "server").mkdir()
        pages = [ThreadingHTTPServer(("127.0.0.1", 0), Page) for _ in range(EACH)]
        doors = [socket.create_server(("127.0.0.1", 0), backlog=128) for _ in range(EACH)]
        for page in pages:
            threading.Thread(target=page.serve_forever, daemon=True).start()
        for door in doors:
            threading.Thread(target=accept, args=(door,), daemon=True).start()
        tcp = [door.getsockname()[1] for door in doors]
        web = [page.server_port for page in pages]
        home = {"ROOTWARD_HOME": str(folder / "server"), "ROOTWARD_LISTEN": "127.0.0.1:0"}
        stack.enter_context(process(sys.executable, "-m", "cli.main", "server", "run", **home))
        metrics = free_port()
        config = agent_config(folder, tcp, web, metrics)
        enroll(folder, config)
        node, box = start_peers(stack, folder, tcp, web)
        command = (sys.executable, "-m", "cli.main", "agent", "run", "--config", str(config))
        # With byte code, as it runs everywhere else: without, it keeps what the compiler needed.
        agent = stack.enter_context(process(*command, PYTHONDONTWRITEBYTECODE=""))
        wait_until_through(metrics)
        return watch(agent.pid, [node, box], minutes * 60)


def accept(door: socket.socket) -> None:
    while True:
        connection, _ = door.accept()
        connection.close()


def start_peers(stack: ExitStack, folder: Path, tcp: list[int], web: list[int]) -> tuple[int, int]:
    node_port, box_port = free_port(), free_port()
    (folder / "blackbox.yml").write_text(BLACKBOX)
    node = stack.enter_context(
        process("prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{node_port}")
    )
    box = stack.enter_context(
        process(
            "prometheus-blackbox-exporter",
            f"--web.listen-address=127.0.0.1:{box_port}",
            f"--config.file={folder / 'blackbox.yml'}",
        )
    )
    wait_until_open(node_port)
    wait_until_open(box_port)
    asked = [("icmp", f"127.0.0.{n + 1}") for n in range(EACH)]
    asked += [("tcp", f"127.0.0.1:{port}") for port in tcp]
    asked += [("http", f"http://127.0.0.1:{port}/") for port in web]
    urls = [f"http://127.0.0.1:{box_port}/probe?module={kind}&target={quote(to)}" for kind, to in asked]
    stop = threading.Event()
    stack.callback(stop.set)
    everything = [f"http://127.0.0.1:{node_port}/metrics", *urls]
    threading.Thread(target=scrape, args=(stop, everything), daemon=True).start()
    return node.pid, box.pid


def watch(agent: int, peers: list[int], seconds: float) -> dict[str, float]:
    time.sleep(SETTLE)
    before = {pid: usage(pid) for pid in [agent, *children(agent), *peers]}
    most = alive = looks = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(5.0, max(0.1, until - time.monotonic())))
        most = max(most, usage(agent).resident)
        alive += bool(children(agent))
        looks += 1
    helpers = [pid for pid in children(agent) if pid in before]
    now = {pid: usage(pid) for pid in [agent, *helpers, *peers]}

    def cpu(pids: list[int]) -> float:
        return sum(now[pid].cpu - before[pid].cpu for pid in pids)

    short = sum(now[pid].children_cpu - before[pid].children_cpu for pid in [agent, *helpers])
    return {
        "minutes": seconds / 60,
        "probes": 3 * EACH,
        "agent_rss_mib": now[agent].resident / 1024,
        "agent_pss_mib": now[agent].proportional / 1024,
        "agent_uss_mib": now[agent].unique / 1024,
        "agent_rss_most_mib": most / 1024,
        "worker_alive_share": alive / max(1, looks),
        "worker_rss_mib": sum(now[pid].resident for pid in helpers) / 1024,
        "worker_pss_mib": sum(now[pid].proportional for pid in helpers) / 1024,
        "peers_rss_mib": sum(now[pid].resident for pid in peers) / 1024,
        "peers_pss_mib": sum(now[pid].proportional for pid in peers) / 1024,
        "agent_cpu_s": cpu([agent]),
        "worker_cpu_s": cpu(helpers),
        "short_children_cpu_s": short,
        "peers_cpu_s": cpu(peers),
        "cpu_ratio": (cpu([agent, *helpers]) + short) / max(0.01, cpu(peers)),
        "rss_ratio": now[agent].resident / sum(now[pid].resident for pid in peers),
        **breakdown(agent),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    minutes = parser.parse_args().minutes
    for program in ("prometheus-node-exporter", "prometheus-blackbox-exporter"):
        if shutil.which(program) is None:
            print(f"not run: {program} is not installed", file=sys.stderr)
            return 2
    for name, value in measure(minutes).items():
        print(f"{name:24} {value:10.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
