"""What a collector declares so that recorded output can go through it: how it is read, judged and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from collectors.host import JSON, Host
from wire.judgement import Judgement

F = TypeVar("F")
ANY = "*"
"""As a kind: a source of it is asked last about a text of every kind."""


@dataclass(frozen=True, kw_only=True)
class Source(Generic[F]):
    """Declared by a module as ``SOURCE``, or several as the tuple ``SOURCES``, beside ``COLLECTOR`` and
    ``read``, which obtains the same bytes from the machine and gives them to the same functions.

    Sources may share a kind (``lvm`` is what pvs, vgs and lvs print): the first that accepts the text reads
    it, in the order of the modules' names and of the tuple.
    """

    kinds: tuple[str, ...]
    """Names by which ``rootward replay --kind`` finds it; ``-`` and ``_`` are the same there."""
    parse: Callable[[bytes], F]
    """Bytes to facts, named as the tool names them. Raises ValueError naming what is wrong when it is not
    that kind of text."""
    judge: Callable[[F, Host], Iterable[Judgement]]
    facts: Callable[[F], dict[str, JSON]]
    """What ``rootward replay`` prints as the facts that were read."""
    nothing: F | None = None
    """The listing without a row: what was read where the tool said a few words instead of its listing."""


@dataclass(frozen=True, kw_only=True)
class TreeSource(Generic[F]):
    """The same for what is read from many small files below /proc and /sys: ``replay --root``."""

    kinds: tuple[str, ...]
    gather: Callable[[Host], F | None]
    """None where the machine has nothing of this kind."""
    judge: Callable[[F, Host], Iterable[Judgement]]
    facts: Callable[[F], dict[str, JSON]]
