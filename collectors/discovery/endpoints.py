"""The URLs by which others reach this host's web servers, learnt from their configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from collectors.host import Host
from collectors.identity import command_of
from collectors.services.listening import Service
from wire import entity
from wire.inventory import Endpoint

NGINX = "/etc/nginx/nginx.conf"
COMMENT = re.compile(r"(?m)#.*$")
SERVER = re.compile(r"\bserver\s*\{")
DIRECTIVE = re.compile(r"\b(listen|server_name|include|ssl_certificate)\s+([^;{}]+);")
NAME = re.compile(r"^(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
FILES = 256
"""Configuration files read, at most."""


def endpoints(host: Host, services: Sequence[Service]) -> list[Endpoint]:
    """One for each server name and port that nginx was told to serve and really listens on."""
    found: set[tuple[str, str]] = set()
    for service in services:
        if service.process == "nginx":
            ports = {door.port for door in service.doors}
            for block in _servers(_configuration(host, service)):
                found.update((url, service.name) for url in _urls(block, ports))
    return [Endpoint(url=url, service=name) for url, name in sorted(found)]


def _configuration(host: Host, service: Service) -> str:
    words = command_of(host, service.pid)
    main = words[words.index("-c") + 1] if "-c" in words[:-1] else NGINX
    return "\n".join(_with_included(host, [main if main.startswith("/") else NGINX]))


def _with_included(host: Host, paths: list[str]) -> Iterator[str]:
    """Each file once; what is included by a name pattern is looked for in that folder only."""
    done: set[str] = set()
    while paths and len(done) < FILES:
        path = paths.pop()
        if path in done:
            continue
        done.add(path)
        try:
            content = COMMENT.sub("", host.read(path))
        except OSError:
            continue
        yield content
        for word, goal in DIRECTIVE.findall(content):
            if word == "include":
                paths.extend(_matching(host, goal.strip(), path.rpartition("/")[0]))


def _matching(host: Host, goal: str, folder: str) -> list[str]:
    goal = goal if goal.startswith("/") else f"{folder}/{goal}"
    parent, _, pattern = goal.rpartition("/")
    if "*" not in pattern:
        return [goal]
    start, _, end = pattern.partition("*")
    try:
        names = host.list(parent, FILES)
    except OSError:
        return []
    return [f"{parent}/{name}" for name in names if name.startswith(start) and name.endswith(end)]


def _servers(content: str) -> Iterator[str]:
    """The inside of each ``server { … }``."""
    for opening in SERVER.finditer(content):
        depth, at = 1, opening.end()
        while depth and at < len(content):
            depth += {"{": 1, "}": -1}.get(content[at], 0)
            at += 1
        yield content[opening.end() : at - 1]


def _urls(block: str, ports: set[int]) -> Iterator[str]:
    directives = DIRECTIVE.findall(block)
    names = [name for word, value in directives if word == "server_name" for name in value.split()]
    doors = [value.split() for word, value in directives if word == "listen"] or [["80"]]
    for name in names:
        for door in doors:
            port = _port(door[0])
            if NAME.match(name) and port in ports:
                scheme = "https" if "ssl" in door[1:] else "http"
                yield entity.endpoint(f"{scheme}://{name}:{port}").removeprefix("endpoint:")


def _port(listen: str) -> int:
    """``[::]:443``, ``10.0.0.1:80``, ``8080``, ``10.0.0.1``, ``unix:/run/x``."""
    last = listen.rpartition(":")[2]
    if last.isdigit():
        return int(last)
    return 0 if listen.startswith("unix:") else 80
