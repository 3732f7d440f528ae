"""Does this URL answer as it should?"""

from __future__ import annotations

from urllib.parse import urlsplit

from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from probes.web import http2
from probes.web.http_answer import Answer
from probes.web.http_request import first_answer, get, open_talk, whole
from probes.web.status import reason_of
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


async def ask(target: HttpTarget, net: Net) -> Judgement:
    """Resolves, connects, shakes hands, asks, and judges the answer. Value: seconds in all."""
    steps = Steps("app.http", page(target.url), net, _BUDGET)
    try:
        answer = await _exchange(steps, target)
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


async def _exchange(steps: Steps, target: HttpTarget) -> Answer:
    parts = urlsplit(target.url)
    newer = target.version == "2"
    talk = await open_talk(steps, parts, target.ca_file, "h2" if newer else "")
    try:
        if newer:
            answer = await first_answer(talk, http2.get(parts), steps, http2.read_answer)
        else:
            answer = await first_answer(talk, get(parts), steps)
        await whole(answer, talk, steps)
    finally:
        talk.close()
    return answer


def _judge(target: HttpTarget, answer: Answer) -> StepFailed | None:
    accepted = answer.status in target.status if target.status else 200 <= answer.status < 400
    if not accepted:
        return StepFailed(reason_of(answer.status), step="status")
    if target.body and target.body.encode() not in answer.body:
        return StepFailed(Reason.BODY, step="body", wanted=target.body[:128], bytes=len(answer.body))
    return _headers(target, answer)


def _headers(target: HttpTarget, answer: Answer) -> StepFailed | None:
    place = answer.headers.get("location", "")
    if target.redirect and not place.startswith(target.redirect):
        wanted = target.redirect[:256]
        return StepFailed(Reason.WRONG, step="redirect", wanted=wanted, location=place[:256])
    for header in target.headers:
        name, _, wanted = header.partition(":")
        found = answer.headers.get(name.lower())
        if found is None or wanted.strip().lower() not in found.lower():
            return StepFailed(Reason.WRONG, step="header", wanted=header[:256], found=(found or "")[:256])
    return None
