"""From a name to addresses, with the host's own hosts file and resolvers, within a deadline."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import dns.rcode

from probes.names.dns_query import query, texts
from probes.steps import StepFailed
from wire.judgement import Reason

_PER_RESOLVER = 1.5
_MOST = 3
"""resolv.conf(5): MAXNS."""
_NO_QUESTION = frozenset(["files", "compat", "db", "myhostname", "mymachines"])
"""Services of nsswitch.conf(5) that know names without asking a name server; all others may ask one."""


@dataclass(frozen=True)
class Resolved:
    addresses: tuple[str, ...]
    resolver: str = ""
    """Who answered; empty for literal addresses and the hosts file."""


class ResolveFailed(StepFailed):
    """No address for the name. ``resolver`` is the one that was asked first."""

    def __init__(self, resolver: str, error: str) -> None:
        super().__init__(Reason.RESOLVE, step="resolve", error=error)
        self.resolver = resolver


@dataclass(frozen=True)
class _Settings:
    resolvers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1
    why_none: str = "/etc/resolv.conf names no resolver"


async def resolve(name: str, root: str, seconds: float) -> Resolved:
    """Addresses in the order to be tried. Raises ResolveFailed."""
    bare = name.strip("[]")
    try:
        ip_address(bare.partition("%")[0])
    except ValueError:
        pass
    else:
        return Resolved((bare,))
    if known := _hosts(bare, root):
        return Resolved(known)
    settings = _settings(root)
    if not settings.resolvers:
        raise ResolveFailed("", settings.why_none)
    return await _ask(bare, settings, seconds)


def resolvers(root: str) -> tuple[str, ...]:
    """Those that programs of this host ask."""
    return _settings(root).resolvers


def hosts_lines(root: str) -> list[list[str]]:
    """An address and its names each, of the hosts file."""
    return _lines(root, "etc/hosts")


async def _ask(name: str, settings: _Settings, seconds: float) -> Resolved:
    """Each resolver in turn for each candidate name, as the C library does (resolv.conf(5))."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    why = ""
    for resolver in settings.resolvers:
        for candidate in _candidates(name, settings):
            left = min(_PER_RESOLVER, deadline - loop.time())
            if left <= 0:
                break
            try:
                addresses = await _addresses(resolver, candidate, left)
            except StepFailed as failure:
                why = why or f"{resolver}: {failure.reason} {failure.evidence.get('error', '')}".strip()
                break
            usable = tuple(each for each in addresses if not ip_address(each).is_unspecified)
            if usable:
                return Resolved(usable, resolver)
            said = f"answers {addresses[0]}, where nobody is, for" if addresses else "knows no address of"
            why = why or f"{resolver} {said} {name}"
        else:
            break  # it answered, and knows no such name: the others need not be asked
    raise ResolveFailed(settings.resolvers[0], why or "no time left to ask")


async def _addresses(resolver: str, name: str, seconds: float) -> tuple[str, ...]:
    kinds = ("A", "AAAA") if socket.has_ipv6 else ("A",)
    answers = await asyncio.gather(
        *(query(resolver, name, kind, seconds=seconds) for kind in kinds), return_exceptions=True
    )
    found: list[str] = []
    for kind, answer in zip(kinds, answers, strict=True):
        if isinstance(answer, StepFailed) and kind == "A":
            raise answer
        if isinstance(answer, BaseException):
            continue
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) and kind == "A":
            raise StepFailed(Reason.STATUS, error=dns.rcode.to_text(answer.rcode()))
        found += texts(answer, kind)
    return tuple(found)


def _candidates(name: str, settings: _Settings) -> list[str]:
    if name.endswith("."):
        return [name]
    longer = [f"{name}.{domain}" for domain in settings.search]
    return [name, *longer] if name.count(".") >= settings.ndots else [*longer, name]


def _hosts(name: str, root: str) -> tuple[str, ...]:
    wanted = name.rstrip(".").lower()
    found = [
        words[0]
        for words in hosts_lines(root)
        if wanted in (word.lower() for word in words[1:])
    ]  # fmt: skip
    if not found and (wanted == "localhost" or wanted.endswith(".localhost")):  # RFC 6761
        return ("127.0.0.1", "::1")
    return tuple(sorted(found, key=lambda address: ":" in address))


def _settings(root: str) -> _Settings:
    if not _asks(root):
        return _Settings(why_none="/etc/nsswitch.conf has no name server asked for hosts")
    resolvers: list[str] = []
    search: tuple[str, ...] = ()
    ndots = 1
    for words in _lines(root, "etc/resolv.conf"):
        if words[0] == "nameserver" and len(words) > 1:
            resolvers.append(words[1])
        elif words[0] in {"search", "domain"}:
            search = tuple(words[1:7])
        elif words[0] == "options":
            for option in words[1:]:
                if option.startswith("ndots:") and option[6:].isdigit():
                    ndots = int(option[6:])
    return _Settings(tuple(resolvers[:_MOST]), search, ndots)


def _asks(root: str) -> bool:
    """Does a program that looks up a host ask a name server? Where nothing else is said, it does."""
    for words in _lines(root, "etc/nsswitch.conf"):
        if words[0] == "hosts:":
            services = {word for word in words[1:] if not word.startswith("[") and not word.endswith("]")}
            return not services or not services <= _NO_QUESTION
    return True


def _lines(root: str, path: str) -> list[list[str]]:
    """Words of each line, comments left out; nothing when the file cannot be read."""
    try:
        text = (Path(root) / path).read_text(errors="replace")
    except OSError:
        return []
    lines = (line.split("#", 1)[0].split(";", 1)[0].split() for line in text.splitlines())
    return [words for words in lines if words]
