"""The name and password by which a device wants to be asked: declared on this host, known to no server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from kernel.private_line import private_line
from probes.unit import Net

OPTION = "applications"


@dataclass(frozen=True)
class Login:
    user: str
    password: str = field(default="", repr=False)
    """Empty where no file is declared."""
    privacy: str = field(default="", repr=False)
    """The password to encrypt with; empty where it is the same."""


class Refused(Exception):
    """The text says what to do about it."""


class _Declared(msgspec.Struct, frozen=True):
    """One ``[[applications.login]]``, as far as a probe needs it."""

    service: str
    user: str = ""
    secret_file: str = ""
    privacy_file: str = ""


class _Table(msgspec.Struct, frozen=True):
    login: tuple[_Declared, ...] = ()


def login(name: str, net: Net) -> Login:
    """Raises Refused where it is not declared, or its file is one that others may read."""
    found = next((one for one in _declared(net.options) if one.service == name), None)
    if found is None:
        raise Refused(f"declare [[applications.login]] with service = {name!r}")
    return Login(found.user, *(_secret(path, net) for path in (found.secret_file, found.privacy_file)))


def _secret(path: str, net: Net) -> str:
    """Empty where none is declared. Raises Refused."""
    if not path:
        return ""
    try:
        password = _first_line(Path(net.root) / path.lstrip("/"))
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    if not password:
        raise Refused(f"chmod 600 {path}, with the password as its first line")
    return password


def _declared(options: Mapping[str, str]) -> tuple[_Declared, ...]:
    content = options.get(OPTION, "")
    return msgspec.json.decode(content, type=_Table).login if content else ()


def _first_line(path: Path) -> str:
    """Empty for what is no plain file of one owner. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return private_line(descriptor) or ""
    finally:
        os.close(descriptor)
