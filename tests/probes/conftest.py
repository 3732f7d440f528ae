"""A small network to ask about: a prober, a host, a gateway, an outside, and what serves on them."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from probes.unit import Net
from rules.catalogue import load_catalogue
from wire.judgement import Judgement, Verdict
from wire.target import Target

HERE = Path(__file__).parent
PATIENCE = 120.0
"""Seconds for something to get ready; a busy machine needs long."""


@pytest.fixture
def net(tmp_path: Path) -> Net:
    """A door to this machine's loopback, with an /etc of its own."""
    (tmp_path / "etc").mkdir()
    return Net(host="here", clock=time.time, root=str(tmp_path))


@pytest.fixture
def ask(net: Net) -> Callable[..., Judgement]:
    """Asks one probe one question, here and now."""

    def asking(unit: Any, target: Target) -> Judgement:
        answer = asyncio.run(unit.ask(target, net))
        return declared([answer] if isinstance(answer, Judgement) else answer)[0]

    return asking


def declared(judgements: list[Judgement]) -> list[Judgement]:
    """Only endings that the signal declares may leave a probe."""
    signals = load_catalogue().signals
    for each in judgements:
        known = (
            each.verdict in {Verdict.PASS, Verdict.UNKNOWN} or each.reason in signals[each.signal].outcomes
        )
        assert known, f"{each.signal} does not declare {each.reason}"
    return judgements


class Lan:
    """h1 and h2 on a bridge with gw; out behind gw. 10.99.0.0/24 and fd99::/64 inside."""

    def __init__(self, namespaces: Any) -> None:
        self.spaces = namespaces
        for name in ("sw", "h1", "h2", "gw", "out"):
            namespaces.add(name)
        namespaces.run("sw", "ip", "link", "add", "br0", "type", "bridge")
        namespaces.run("sw", "ip", "link", "set", "br0", "up")
        for name, last in (("h1", "1"), ("h2", "2"), ("gw", "254")):
            self.plug(name, f"10.99.0.{last}", f"fd99::{last}")
        namespaces.veth("gw", "eth1", "out", "eth0")
        self.address("gw", "eth1", "10.98.0.254/24", "fd98::254/64")
        self.address("out", "eth0", "10.98.0.2/24", "fd98::2/64")
        forwarding = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        namespaces.run("gw", "sysctl", "-qw", *forwarding)
        for name, gateway in (("h1", "10.99.0.254"), ("h2", "10.99.0.254"), ("out", "10.98.0.254")):
            namespaces.run(name, "ip", "route", "add", "default", "via", gateway)
        namespaces.run("h1", "ip", "-6", "route", "add", "default", "via", "fd99::254")
        namespaces.run("out", "ip", "-6", "route", "add", "default", "via", "fd98::254")

    def plug(self, name: str, *addresses: str) -> None:
        """Connects a namespace to the bridge by its eth0."""
        self.spaces.veth(name, "eth0", "sw", f"to-{name}")
        self.spaces.run("sw", "ip", "link", "set", f"to-{name}", "master", "br0")
        self.address(name, "eth0", *(f"{each}/{64 if ':' in each else 24}" for each in addresses))

    def address(self, name: str, interface: str, *addresses: str) -> None:
        for address in addresses:
            more = ("nodad",) if ":" in address else ()
            self.spaces.run(name, "ip", "address", "add", address, "dev", interface, *more)

    def run(self, name: str, *argv: str) -> str:
        return str(self.spaces.run(name, *argv))

    def filter(self, name: str, hook: str, rule: str) -> None:
        """One nft rule in a host, at ``input``, ``forward`` or ``output``."""
        rules = f"table inet t {{\nchain c {{\ntype filter hook {hook} priority 0\n{rule}\n}}\n}}\n"
        self.spaces.run(name, "nft", rules)

    def wait(self, name: str, condition: str) -> None:
        """Until a shell command is content there."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if subprocess.run(self.spaces.argv(name, "sh", "-c", condition), check=False).returncode == 0:
                return
            time.sleep(0.02)
        raise AssertionError(f"never on {name}: {condition}")

    def ask(
        self,
        unit: str,
        *targets: Target,
        then: Sequence[Callable[[], object]] = (),
        at: str = "h1",
        root: str = "/",
        prefix: Sequence[str] = (),
    ) -> list[Judgement]:
        """What the probe in ``probes/`` says there; asked again after each change, the last word counts."""
        child = (sys.executable, str(HERE / "asking.py"), unit, root)
        environment = {"PYTHONPATH": str(HERE.parent.parent), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(self.spaces.argv(at, *prefix, *child), env=environment, **pipes) as process:
            said = b""
            for change in (None, *then):
                if change:
                    change()
                process.stdin.write(msgspec.json.encode(targets) + b"\n")
                process.stdin.flush()
                said = process.stdout.readline()
            process.stdin.close()
            errors = process.stderr.read().decode()
        assert said, errors
        return declared(msgspec.json.decode(said, type=list[Judgement]))


@pytest.fixture
def lan(namespaces: Any) -> Lan:
    return Lan(namespaces)


@pytest.fixture
def serve() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a program, ready when its port accepts (``port`` 0: at once); ends it after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, port: int = 0, address: str = "127.0.0.1", **more: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        started.append(process)
        if port:
            wait_for(address, port)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(100)


def wait_for(address: str, port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
            if sock.connect_ex((address, port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"{address}:{port} does not accept")


@pytest.fixture
def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def resolver(serve: Callable[..., object], free_port: int) -> int:
    """Where a real one listens that has shop.lab at 10.0.0.1, and knows no other name."""
    options = ("--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces")
    listen = ("--listen-address=127.0.0.1", f"--port={free_port}", "--user=root", "--local=/lab/")
    serve("dnsmasq", *options, *listen, "--address=/shop.lab/10.0.0.1", port=free_port)
    return free_port


@pytest.fixture
def speaking() -> Iterator[Callable[..., int]]:
    """A server that says this to whoever connects (after hearing something, unless ``first``), then closes.

    With ``hold`` it stays open. Gives its port.
    """
    ends: list[tuple[socket.socket, threading.Event, threading.Thread]] = []

    def start(
        said: bytes = b"", *, first: bool = True, hold: bool = False, address: str = "127.0.0.1"
    ) -> int:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.create_server((address, 0), family=family)
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if not first:
                    connection.recv(4096)
                connection.sendall(said)
                if hold:
                    over.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        ends.append((server, over, thread))
        return int(server.getsockname()[1])

    yield start
    for server, over, thread in ends:
        over.set()
        thread.join()
        server.close()


class Authority:
    """A certificate authority of the test's own; leaves of any age by running openssl at another time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._key = folder / "ca.key"
        subject = ("-subj", "/CN=Test Authority", "-days", "20000")
        self._openssl(
            "req", "-x509", *KEY, "-keyout", self._key, "-out", self.certificate, *subject, at="2010-01-01"
        )

    def between(self, name: str) -> Authority:
        """An authority that this one vouches for."""
        lower = Authority(self.folder / name.replace(" ", "-"))
        key, request, extensions = lower._key, lower.folder / "ca.csr", lower.folder / "ca.ext"
        extensions.write_text("basicConstraints=critical,CA:TRUE\n")
        self._openssl("req", "-new", "-key", key, "-out", request, "-subj", f"/CN={name}", at="2020-01-01")
        signing = ("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-extfile", extensions)
        days = ("-days", "9000")
        self._openssl(
            "x509", "-req", "-in", request, "-out", lower.certificate, *days, *signing, at="2020-01-01"
        )
        return lower

    def leaf(self, name: str, names: str, days: int, at: str, key: tuple[str, ...] = ()) -> Path:
        """A file with certificate and key, valid for ``days`` from ``at`` (in the words of date(1))."""
        pem, own, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        self._openssl("req", *(key or KEY), "-keyout", own, "-out", request, "-subj", f"/CN={name}", at=at)
        signing = ("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-extfile", extensions)
        self._openssl("x509", "-req", "-in", request, "-out", pem, "-days", str(days), *signing, at=at)
        pem.write_text(pem.read_text() + own.read_text())
        return pem

    def alone(self, name: str, names: str) -> Path:
        """A self-signed one."""
        pem, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-days", "90")
        self._openssl("req", "-x509", *KEY, "-keyout", key, "-out", pem, *subject, at="1 day ago")
        pem.write_text(pem.read_text() + key.read_text())
        return pem

    def _openssl(self, *arguments: str | Path, at: str) -> None:
        subprocess.run(["faketime", at, "openssl", *arguments], check=True, capture_output=True)


KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def nginx(serve: Callable[..., Any], tmp_path: Path) -> Callable[[str, int], None]:
    """Starts the real server with these ``server`` blocks, and waits for the port."""

    def start(blocks: str, port: int) -> None:
        folder = tmp_path / "nginx"
        folder.mkdir()
        configuration = folder / "nginx.conf"
        paths = " ".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration.write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; {paths}\n{blocks}\n}}\n"
        )
        serve("nginx", "-c", str(configuration), "-e", f"{folder}/error.log", port=port)

    return start
