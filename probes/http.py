"""Does this URL answer as it should?"""

from __future__ import annotations

import asyncio
import base64
from urllib.parse import SplitResult, unquote, urlsplit

from probes.connect import connect
from probes.handshake import described, secure
from probes.http_answer import Answer, read_answer
from probes.steps import StepFailed, Steps
from probes.talk import Talk
from probes.unit import SECOND, Net, Probe
from wire.entity import page
from wire.judgement import Judgement, Layer, Reason
from wire.target import HttpTarget

PROBE = Probe(
    signals=("app.http",),
    layer=Layer.APPLICATION,
    target=HttpTarget,
    interval=15 * SECOND,
    timeout=9 * SECOND,
)
_BUDGET = 8.5
_REQUEST = 5.0
"""Seconds to the first byte of the answer."""
_GATEWAY = (502, 503, 504)
_REFUSED = (401, 407)


async def ask(target: HttpTarget, net: Net) -> Judgement:
    """Resolves, connects, shakes hands, asks, and judges the answer. Value: seconds in all."""
    parts = urlsplit(target.url)
    steps = Steps("app.http", page(target.url), net, _BUDGET)
    try:
        answer = await _exchange(steps, target, parts)
    except StepFailed as failure:
        return steps.failed(failure, steps.elapsed())
    steps.evidence["status"] = answer.status
    for header in ("server", "date"):  # the date is how far the other clock is off
        if header in answer.headers:
            steps.evidence[header] = answer.headers[header][:128]
    took = steps.elapsed()
    if failed := _judge(target, answer):
        return steps.failed(failed, took)
    return steps.warned(Reason.SLOW, took) if took > target.slow_after else steps.passed(took)


async def _exchange(steps: Steps, target: HttpTarget, parts: SplitResult) -> Answer:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    sock = await connect(steps, host, port)
    if parts.scheme == "https":
        secured = await secure(steps, sock, host, target.ca_file)
        steps.evidence["days_left"] = described(secured.certificate, steps.net.clock())["days_left"]
        talk: Talk = secured.talk
    else:
        talk = Talk(sock)
    try:
        with steps.step("request"):
            answer = await _first(talk, _request(parts), steps)
        with steps.step("body"):
            await _body(answer, talk, steps)
    finally:
        talk.close()
    return answer


async def _first(talk: Talk, request: bytes, steps: Steps) -> Answer:
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


async def _body(answer: Answer, talk: Talk, steps: Steps) -> None:
    try:
        async with asyncio.timeout(steps.left()):
            await answer.read_body(talk)
    except TimeoutError:
        raise StepFailed(Reason.REQUEST_TIMEOUT, error="the body does not end") from None
    except ValueError as error:
        raise StepFailed(Reason.BODY, error=f"not HTTP: {error}") from None


def _request(parts: SplitResult) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: rootward",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _judge(target: HttpTarget, answer: Answer) -> StepFailed | None:
    accepted = answer.status in target.status if target.status else 200 <= answer.status < 400
    if not accepted and answer.status in _REFUSED:
        return StepFailed(Reason.AUTH, step="status")
    if not accepted:
        return StepFailed(Reason.STATUS, step="status", gateway=answer.status in _GATEWAY)
    if target.body and target.body.encode() not in answer.body:
        return StepFailed(Reason.BODY, step="body", wanted=target.body[:128], bytes=len(answer.body))
    return None
