"""The chain that a TLS server shows: does it only lack a link that others have seen or can fetch?"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Any

from kernel.certificate import Certificate, parse
from probes.unit import Net

_KEPT = 256
_DER = 2
"""_ssl.ENCODING_DER."""


def shown_chain(session: ssl.SSLObject) -> list[Certificate]:
    """What the server sent, its own certificate first; empty where that cannot be told."""
    inner: Any = getattr(session, "_sslobj", None)
    tell: Callable[[], Any] | None = getattr(
        inner, "get_unverified_chain", None
    )  # public from Python 3.13 on
    chain: list[Certificate] = []
    for each in (tell() if tell else None) or ():
        try:
            chain.append(parse(each.public_bytes(_DER)))
        except ValueError:
            break
    return chain


def remember(chain: Sequence[Certificate], net: Net) -> None:
    """Authorities between a server and a trusted root, from chains that were well."""
    known: set[str] = net.memory.setdefault("authorities", set())
    if len(known) < _KEPT:
        known.update(each.subject for each in chain[1:])


def lacks_link(chain: Sequence[Certificate], net: Net) -> bool:
    """Its end was issued by an authority that others showed, or, of a lone one, that tells where it is found.

    A chain that ends in a root nobody trusts lacks nothing.
    """
    if not chain or chain[-1].issuer == chain[-1].subject:
        return False
    known: set[str] = net.memory.get("authorities", set())
    return chain[-1].issuer in known or (len(chain) == 1 and chain[0].tells_issuer)
