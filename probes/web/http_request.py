"""The steps of every question over HTTP: connect, shake hands, send the request, read head and body."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import SplitResult, unquote

from probes.connections.connect import connect
from probes.connections.handshake import described, secure
from probes.connections.talk import Talk
from probes.steps import StepFailed, Steps
from probes.web.http_answer import Answer, read_answer
from wire.judgement import Reason

Read = Callable[[Talk], Awaitable[Answer]]
SECURE = frozenset(["https", "wss"])
PLAIN_HEADERS = ("Accept: */*", "Accept-Encoding: identity", "Connection: close")
_REQUEST = 5.0
"""Seconds to the first byte of the answer."""


async def open_talk(steps: Steps, parts: SplitResult, ca_file: str, speaks: str = "") -> Talk:
    """The caller's to close. The server must choose what we want to speak. Raises StepFailed."""
    host = parts.hostname or ""
    is_secure = parts.scheme in SECURE
    sock = await connect(steps, host, parts.port or (443 if is_secure else 80))
    if not is_secure:
        return Talk(sock)
    secured = await secure(steps, sock, host, ca_file, speaks)
    steps.evidence["days_left"] = described(secured.certificate, steps.net.clock())["days_left"]
    chosen = secured.talk.session.selected_alpn_protocol() or ""
    if speaks and chosen != speaks:
        secured.talk.close()
        raise StepFailed(Reason.TLS_PROTOCOL, step="alpn", wanted=speaks, alpn=chosen)
    return secured.talk


async def first_answer(talk: Talk, request: bytes, steps: Steps, read: Read = read_answer) -> Answer:
    """The head of the answer. Raises StepFailed."""
    with steps.step("request"):
        try:
            async with asyncio.timeout(steps.left(_REQUEST)):
                await talk.send(request)
                return await read(talk)
        except TimeoutError:
            raise StepFailed(
                Reason.REQUEST_TIMEOUT, step="request", error="connected, but no answer to the request"
            ) from None
        except ValueError as error:
            raise StepFailed(Reason.STATUS, step="request", error=f"not HTTP: {error}") from None


async def whole(answer: Answer, talk: Talk, steps: Steps) -> None:
    """Reads the body too. Raises StepFailed."""
    with steps.step("body"):
        try:
            async with asyncio.timeout(steps.left()):
                await answer.read_body(talk)
        except TimeoutError:
            raise StepFailed(Reason.REQUEST_TIMEOUT, error="the body does not end") from None
        except ValueError as error:
            raise StepFailed(Reason.BODY, error=f"not HTTP: {error}") from None


def get(parts: SplitResult, headers: Sequence[str] = PLAIN_HEADERS) -> bytes:
    """A GET of this URL, with its credentials."""
    host = parts.netloc.rpartition("@")[2]
    lines = [f"GET {resource(parts)} HTTP/1.1", f"Host: {host}", "User-Agent: rootward", *headers]
    if pair := credentials(parts):
        lines.append(f"Authorization: {pair}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def resource(parts: SplitResult) -> str:
    """What of the URL the server gets to see."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def credentials(parts: SplitResult) -> str:
    """Those of the URL, as a header says them."""
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
