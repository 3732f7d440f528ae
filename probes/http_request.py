"""The first steps of every question over HTTP: connect, shake hands, send the request, read the head."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from urllib.parse import SplitResult, unquote

from probes.connect import connect
from probes.handshake import described, secure
from probes.http_answer import Answer, read_answer
from probes.steps import StepFailed, Steps
from probes.talk import Talk
from wire.judgement import Reason

SECURE = frozenset(["https", "wss"])
PLAIN_HEADERS = ("Accept: */*", "Accept-Encoding: identity", "Connection: close")
_REQUEST = 5.0
"""Seconds to the first byte of the answer."""


async def open_talk(steps: Steps, parts: SplitResult, ca_file: str) -> Talk:
    """The caller's to close. Raises StepFailed."""
    host = parts.hostname or ""
    is_secure = parts.scheme in SECURE
    sock = await connect(steps, host, parts.port or (443 if is_secure else 80))
    if not is_secure:
        return Talk(sock)
    secured = await secure(steps, sock, host, ca_file)
    steps.evidence["days_left"] = described(secured.certificate, steps.net.clock())["days_left"]
    return secured.talk


async def first_answer(talk: Talk, request: bytes, steps: Steps) -> Answer:
    """The head of the answer. Raises StepFailed."""
    with steps.step("request"):
        try:
            async with asyncio.timeout(steps.left(_REQUEST)):
                await talk.send(request)
                return await read_answer(talk)
        except TimeoutError:
            raise StepFailed(
                Reason.REQUEST_TIMEOUT, step="request", error="connected, but no answer to the request"
            ) from None
        except ValueError as error:
            raise StepFailed(Reason.STATUS, step="request", error=f"not HTTP: {error}") from None


def get(parts: SplitResult, headers: Sequence[str] = PLAIN_HEADERS) -> bytes:
    """A GET of this URL, with its credentials."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: rootward", *headers]
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
