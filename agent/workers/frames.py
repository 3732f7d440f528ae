"""What the agent and its killable worker say to each other, by frames on two pipes."""

from __future__ import annotations

from typing import Any

import msgspec

from kernel.child import framed
from wire.judgement import Judgement


class Setup(msgspec.Struct, frozen=True, tag="setup"):
    """First message: which machine to read."""

    host: str
    root: str
    options: dict[str, str]


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Run this unit; leave alone what hung."""

    unit: str
    hung: tuple[str, ...] = ()
    remembered: dict[str, Any] = {}
    """What units keep for ever: the worker itself is gone when nobody asks it for a while."""


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The worker has started and the unit is loaded: its time counts from now."""


class Touching(msgspec.Struct, frozen=True, tag="touching"):
    """The worker is about to touch this."""

    subject: str


class Judged(msgspec.Struct, frozen=True, tag="judged"):
    judgement: Judgement


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The unit is through; ``error`` is what it raised."""

    error: str = ""
    remembered: dict[str, Any] = {}
    """What of it is new."""


Request = Setup | Read
Reply = Begun | Touching | Judged | Ended
_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(Request)
_replies = msgspec.msgpack.Decoder(Reply)


def frame(message: Request | Reply) -> bytes:
    return framed(_encoder.encode(message))


def request(body: bytes) -> Request:
    message: Request = _requests.decode(body)
    return message


def reply(body: bytes) -> Reply:
    message: Reply = _replies.decode(body)
    return message
