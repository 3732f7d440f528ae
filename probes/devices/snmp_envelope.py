"""What a question by SNMP travels in: a community (v2c, RFC 3416), or what another version makes of it."""

from __future__ import annotations

from typing import Protocol

from kernel.ber import OCTETS, SEQUENCE, integer, item, items
from probes.steps import StepFailed
from wire.judgement import Reason

_VERSION_2C = 1
Pdu = tuple[int, bytes]
"""Kind and content."""


class AskAgain(Exception):
    """The agent told what the question lacked; the envelope knows it now."""


class Envelope(Protocol):
    def closed(self, pdu: bytes) -> bytes:
        """The message to send."""

    def opened(self, message: bytes) -> Pdu | None:
        """None for what is no answer to us. Raises AskAgain, StepFailed, ValueError, IndexError."""

    def unheard(self) -> StepFailed:
        """What it means that no answer came."""


def nobody() -> StepFailed:
    return StepFailed(Reason.TIMEOUT, error="no answer: away, filtered, or not for us")


class Community:
    """Whoever knows the word may ask."""

    def __init__(self, word: str) -> None:
        self._word = word.encode()

    def closed(self, pdu: bytes) -> bytes:
        return item(SEQUENCE, integer(_VERSION_2C) + item(OCTETS, self._word) + pdu)

    def opened(self, message: bytes) -> Pdu | None:
        ((_, content),) = items(message)
        (_, version), _, pdu = items(content)
        return pdu if int.from_bytes(version, "big") == _VERSION_2C else None

    def unheard(self) -> StepFailed:
        return nobody()
