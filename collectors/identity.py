"""What a process is called: its unit, else the program it runs."""

from __future__ import annotations

import re

import msgspec

from collectors.host import Host
from collectors.process_table import Process

INTERPRETER = re.compile(
    r"^(python|pypy|perl|ruby|php|node|nodejs|bun|deno|lua|java|bash|sh|dash|uwsgi|(node-)?MainThread)[\d.]*m?$"
)
UNIT = re.compile(r"/([^/]+)\.service(?:/|$)")
NO_SERVICE = re.compile(r"^(user@\d+|run-.*)$")
"""Managers of users, and what systemd-run started for a moment."""
SCRIPTS = (".py", ".js", ".mjs", ".jar", ".rb", ".pl", ".php", ".sh")
SAFE = re.compile(r"[^A-Za-z0-9_.@+-]+")
LONGEST = 64
VALUE_FLAGS = frozenset(["-W", "-X", "-cp", "-classpath", "--class-path", "-r", "--require", "-I"])
"""Flags of interpreters that are followed by a word of their own."""


class Identity(msgspec.Struct, frozen=True):
    """How a process is known to people."""

    name: str
    unit: str = ""
    """``nginx.service``, for what systemd started as a system service."""
    command: str = ""
    """Its command line, by which a restarted one is recognised."""


def identify(host: Host, process: Process) -> Identity:
    """A service of systemd bears the unit's name, a script its own name and not the interpreter's."""
    unit = unit_of(host, process.pid)
    words = command_of(host, process.pid)
    command = " ".join(words)[:512]
    if unit:
        return Identity(clean(unit.removesuffix(".service")), unit, command)
    return Identity(clean(_program(process.name, words)), "", command)


def unit_of(host: Host, pid: int) -> str:
    """The system service whose control group the process is in, or ``""``; user managers are none."""
    try:
        lines = host.read(f"/proc/{pid}/cgroup", 65_536).splitlines()
    except OSError:
        return ""
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers in ("", "name=systemd"):
            unit = unit_in(path)
            if unit:
                return unit
    return ""


def unit_in(path: str) -> str:
    """``/system.slice/nginx.service/worker`` → ``nginx.service``."""
    found = UNIT.search(path)
    if found is None or NO_SERVICE.match(found.group(1)):
        return ""
    return found.group(1).replace("\\x2d", "-") + ".service"


def command_of(host: Host, pid: int) -> list[str]:
    try:
        raw = host.read_bytes(f"/proc/{pid}/cmdline", 8192)
    except OSError:
        return []
    return [word.decode("utf-8", "replace") for word in raw.split(b"\0") if word]


def clean(name: str) -> str:
    """Fit to be part of an entity id, whatever a process calls itself."""
    return SAFE.sub("-", name).strip("-.")[:LONGEST] or "unnamed"


def _program(name: str, words: list[str]) -> str:
    """The name that a process gave itself; of an interpreter the script, module or archive that it runs."""
    if not INTERPRETER.match(name):
        return _bare(name)
    rest = iter(words[1:])
    for word in rest:
        if word in ("-m", "-jar", "--module"):
            return _stem(next(rest, name))
        if word in ("-c", "-e"):
            return name
        if word in VALUE_FLAGS:
            next(rest, None)
        elif not word.startswith("-"):
            return _stem(word)
    return name


def _stem(word: str) -> str:
    return _bare(word.rstrip("/").rpartition("/")[2])


def _bare(name: str) -> str:
    for suffix in SCRIPTS:
        name = name.removesuffix(suffix)
    return name
