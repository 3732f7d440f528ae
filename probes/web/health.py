"""What does this application say of its own health?"""

from __future__ import annotations

from urllib.parse import urlsplit

from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from probes.web.health_report import BAD, Report, read
from probes.web.http_answer import Answer
from probes.web.http_request import first_answer, get, open_talk, whole
from probes.web.status import reason_of
from wire.judgement import Judgement, Layer, Reason
from wire.target import HealthTarget

PROBE = Probe(
    signals=("app.health",),
    layer=Layer.APPLICATION,
    target=HealthTarget,
    interval=30 * SECOND,
    timeout=9 * SECOND,
)
_BUDGET = 8.5
_SLOW = 3.0
_REPORTS = (200, 203, 207, 429, 472, 473, 500, 503)
"""Statuses with which reports are sent; 503 is how most say that they are not well."""
_LONGEST = 512


async def ask(target: HealthTarget, net: Net) -> Judgement:
    """Resolves, connects, asks, and names the components that are down. Value: seconds in all."""
    steps = Steps("app.health", target.subject, net, _BUDGET)
    try:
        answer = await _exchange(steps, target)
        report = _report(answer)
    except StepFailed as failure:
        return steps.failed(failure, steps.elapsed())
    took = steps.elapsed()
    steps.evidence |= {"status": answer.status, "parts": len(report.parts)}
    if report.whole:
        steps.evidence["health"] = report.whole
    down = ", ".join(report.down)[:_LONGEST]
    if report.whole in BAD or answer.status == 503:
        return steps.failed(StepFailed(Reason.BODY, step="health", down=down or "the whole"), took)
    if report.down or report.doubtful:
        names = down or ", ".join(report.doubtful)[:_LONGEST]
        return steps.warned(Reason.BODY, took, down=names)
    return steps.warned(Reason.SLOW, took) if took > _SLOW else steps.passed(took)


async def _exchange(steps: Steps, target: HealthTarget) -> Answer:
    parts = urlsplit(target.url)
    talk = await open_talk(steps, parts, target.ca_file)
    try:
        answer = await first_answer(talk, get(parts), steps)
        await whole(answer, talk, steps)
    finally:
        talk.close()
    return answer


def _report(answer: Answer) -> Report:
    if answer.status not in _REPORTS:
        raise StepFailed(reason_of(answer.status), step="status", status=answer.status)
    try:
        return read(answer.body)
    except ValueError as error:
        reason = Reason.STATUS if answer.status >= 400 else Reason.BODY
        raise StepFailed(reason, step="health", status=answer.status, error=str(error)) from None
