"""Would the services of this host take their configuration once more? Each program tests its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

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


class Test(msgspec.Struct, frozen=True):
    """How a program tests a configuration without using it."""

    argv: tuple[str, ...]
    option: str = ""
    """By which the program is told of another file than the usual; empty: then nothing is tested."""
    bare: bool = False
    """Its test takes the file without that option."""


TESTS = {
    "nginx": Test(("nginx", "-t", "-q"), "-c"),
    "haproxy": Test(("haproxy", "-c"), "-f"),  # its -q keeps silent about what is wrong too
    "apache2": Test(("apachectl", "configtest")),
    "httpd": Test(("apachectl", "configtest")),
    "sshd": Test(("sshd", "-t"), "-f"),
    "dnsmasq": Test(("dnsmasq", "--test"), "-C"),
    "unbound": Test(("unbound-checkconf",), "-c", bare=True),
}
OWN_FILE = frozenset(["-c", "-f", "-C", "-p"])
"""Options by which a program is told of files of its own; where we cannot pass one on, nothing is tested."""
SYNTAX = re.compile(
    r"(?i)syntax error|unknown (?:directive|option|keyword|parameter)|bad (?:option|configuration option)"
    r"|invalid (?:number of arguments|parameter|value|command|port)|unexpected (?:end|character|\"[{};]\")"
    r"|is not terminated|is duplicate|directive is not allowed here|not allowed here|unsupported option"
    r"|missing .{0,20}argument|no argument after|badly formatted|number expected|expected yes or no"
    r"|key values mismatch|inconsistencies between private key and certificate"
    r"|private key .{0,300}do not match"
)
"""What only an edit of the files changes. A name that does not resolve, or a file that may not be read by
this agent, are other matters, or unknown."""
MISSING = re.compile(r"(?i)no such file or directory")
"""Why it does not come up, where it has ended; what still runs may have got that file by other means."""
ELSEWHERE = re.compile(
    r"(?i)permission denied|does not exist|no such file|(?:cannot|could not|unable to) (?:open|load)"
)
"""Apache calls a syntax error what it may not read, such as a key when this agent runs it."""
LONGEST = 300
ENDED_LATELY = 3600.0
"""Seconds for which it is asked of a service that has ended: its configuration may be why."""


def read(host: Host) -> Iterable[Judgement]:
    known: dict[str, tuple[tuple[str, ...], float]] = host.memory.setdefault("tests of configurations", {})
    alive: set[str] = set()
    for service in local_services(host):
        alive.add(service.name)
        arguments = _arguments(host, service)
        if arguments is not None and (argv := test_of(service.process, arguments)):
            known[service.name] = (argv, host.ticks())
    for name, (argv, at) in sorted(known.items()):
        if host.ticks() - at > ENDED_LATELY:
            del known[name]
        else:
            yield from judge(host, name, host.run(argv, timeout=4.0), ended=name not in alive)


def test_of(program: str, arguments: Iterable[str]) -> tuple[str, ...]:
    """The command that tests the configuration that this program was started with; empty where unknown."""
    if program not in TESTS:
        return ()
    test = TESTS[program]
    argv = test.argv
    given = iter(arguments)
    for argument in given:
        if test.option and argument == test.option:
            argv = (*argv, *([] if test.bare else [argument]), next(given, ""))
        elif argument in OWN_FILE:
            return ()
    return argv if program != "haproxy" or test.option in argv else ()


def judge(host: Host, name: str, answer: Completed, *, ended: bool = False) -> Iterable[Judgement]:
    """Nothing where the test itself could not be taken. ``ended``: the service runs no longer."""
    said = (answer.err + b"\n" + answer.out).decode("utf-8", "replace").splitlines()
    wrong = _wrong(said) or (next(filter(MISSING.search, said), "") if ended else "")
    if answer.ok:
        yield judged(SIGNAL, entity.service(host.name, name), Reason.OK)
    elif wrong and not (answer.missing or answer.late or answer.cut):
        yield judged(SIGNAL, entity.service(host.name, name), Reason.WRONG, line=wrong.strip()[:LONGEST])


def _wrong(lines: Sequence[str]) -> str:
    """The first complaint of the file itself, with the line after a colon; empty where there is none."""
    for line, after in zip(lines, (*lines[1:], ""), strict=True):
        whole = f"{line} {after}" if line.endswith(":") else line
        if SYNTAX.search(line) and not ELSEWHERE.search(whole):
            return whole
    return ""


def _arguments(host: Host, service: Service) -> list[str] | None:
    """Of the main process, while it lives. Some write theirs anew, as one text: "nginx: master process …"."""
    try:
        raw = host.read_bytes(f"/proc/{service.pid}/cmdline", 8192)
    except OSError:
        return None
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").split()[1:]
