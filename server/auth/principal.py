"""Who is speaking, and what a route asks for."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What sort of speaker a credential belongs to."""

    AGENT = "agent"
    OPERATOR = "operator"


class Access(StrEnum):
    """What a route asks for; a route that says nothing asks for an operator. Set as ``opt["access"]``."""

    OPEN = "open"
    AGENT = "agent"
    OPERATOR = "operator"
    ANY = "any"


class Principal(msgspec.Struct, frozen=True):
    """The speaker of one request; handlers find it as ``request.user``."""

    kind: Kind
    name: str
    """Id of the agent, or name of the operator."""
    host: str = ""
    """Of an agent: the host it speaks for."""
    csrf: str = ""
    """Of a browser session: what its unsafe requests must repeat; pages put it into their forms."""
    session: bytes = b""
    """Of a browser session: the hash of its id."""


def may(principal: Principal, access: Access) -> bool:
    return access in {Access.OPEN, Access.ANY} or principal.kind == access.value
