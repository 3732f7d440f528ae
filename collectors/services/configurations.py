"""Would the services that run here take their configuration once more? Each program tests its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.clients.local import local_services
from collectors.command import Completed
from collectors.host import Host
from collectors.judging import judged
from collectors.services.listening import Service
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "svc.config"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.APPLICATION,
    interval=60 * SECOND,
    timeout=12 * SECOND,
    where=("nginx", "haproxy", "apachectl", "sshd", "dnsmasq", "unbound-checkconf"),
)
TESTS: dict[str, tuple[tuple[str, ...], str]] = {
    "nginx": (("nginx", "-t", "-q"), "-c"),
    "haproxy": (("haproxy", "-c", "-q"), "-f"),
    "apache2": (("apachectl", "configtest"), ""),
    "httpd": (("apachectl", "configtest"), ""),
    "sshd": (("sshd", "-t"), "-f"),
    "dnsmasq": (("dnsmasq", "--test"), "-C"),
    "unbound": (("unbound-checkconf",), ""),
}
"""Program → how it tests a configuration without using it, and its option for another file than the usual."""
OWN_FILE = frozenset(["-c", "-f", "-C", "-p"])
"""Options by which a program is told of files of its own; where we cannot pass one on, nothing is tested."""
SYNTAX = re.compile(
    r"(?i)syntax error|unknown (?:directive|option|keyword|parameter)|bad (?:option|configuration option)"
    r"|invalid (?:number of arguments|parameter|value|command)|unexpected (?:end|\"[{};]\")|is not terminated"
    r"|is duplicate|directive is not allowed here|not allowed here|unsupported option|missing .{0,20}argument"
)
"""What only an edit of the file changes. A name that does not resolve, a file that may not be read by this
agent, or a key that does not fit, are other matters, or unknown."""
LONGEST = 300


def read(host: Host) -> Iterable[Judgement]:
    for service in local_services(host):
        argv = test_of(service.process, _arguments(host, service))
        if argv:
            answer = host.run(argv, timeout=4.0)
            yield from judge(host, service.name, answer)


def test_of(program: str, arguments: Iterable[str]) -> tuple[str, ...]:
    """The command that tests the configuration that this program was started with; empty where unknown."""
    if program not in TESTS:
        return ()
    argv, option = TESTS[program]
    given = iter(arguments)
    for argument in given:
        if argument == option:
            argv = (*argv, option, next(given, ""))
        elif argument in OWN_FILE:
            return ()
    return argv if program != "haproxy" or option in argv else ()


def judge(host: Host, name: str, answer: Completed) -> Iterable[Judgement]:
    """Nothing where the test itself could not be taken."""
    said = (answer.err + b"\n" + answer.out).decode("utf-8", "replace")
    wrong = next((line for line in said.splitlines() if SYNTAX.search(line)), "")
    if answer.ok:
        yield judged(SIGNAL, entity.service(host.name, name), Reason.OK)
    elif wrong and not (answer.missing or answer.late or answer.cut):
        yield judged(SIGNAL, entity.service(host.name, name), Reason.WRONG, line=wrong.strip()[:LONGEST])


def _arguments(host: Host, service: Service) -> list[str]:
    """Of the main process. Some programs write theirs anew, as one text (nginx: "master process …")."""
    try:
        raw = host.read_bytes(f"/proc/{service.pid}/cmdline", 8192)
    except OSError:
        return []
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").split()[1:]
