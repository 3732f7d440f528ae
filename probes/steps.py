"""The steps of a question, timed one by one, and the judgement that names the one that failed."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from probes.errors import reason_of
from probes.path import Way, Ways
from probes.unit import Net
from wire.entity import Entity
from wire.judgement import Judgement, Path, Reason, Scalar, Verdict

CONNECT = 3.6
"""Seconds for a connection: a dead neighbour answers EHOSTUNREACH after about 3.1."""


class StepFailed(Exception):
    """A step ended the question; ``reason`` says which and why."""

    def __init__(self, reason: Reason, **evidence: Scalar) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence


class Steps:
    """Collects timings, evidence and the path of one question, then judges it."""

    def __init__(self, signal: str, subject: Entity, net: Net, budget: float) -> None:
        self.net = net
        self.ways = Ways.of(net)
        self.ways.refresh()
        self.path = Path()
        self.evidence: dict[str, Scalar] = {}
        self._signal = signal
        self._subject = subject
        self._began = time.monotonic()
        self._deadline = self._began + budget

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times one step into ``<name>_ms``; a system error in it becomes the failing step."""
        began = time.monotonic()
        try:
            yield
        except ssl.SSLError as error:  # its errno is OpenSSL's, not the system's
            raise StepFailed(Reason.TLS_PROTOCOL, step=name, error=error.reason or str(error)) from None
        except TimeoutError:
            raise StepFailed(Reason.TIMEOUT, step=name) from None
        except OSError as error:
            number = error.errno or 0
            raise StepFailed(reason_of(number), step=name, error=os.strerror(number)) from None
        except asyncio.IncompleteReadError:
            raise StepFailed(Reason.RESET, step=name, error="closed early") from None
        finally:
            self.evidence[f"{name}_ms"] = round((time.monotonic() - began) * 1000, 2)

    def left(self, at_most: float = 3600.0) -> float:
        """Seconds that remain of the budget."""
        return max(0.001, min(at_most, self._deadline - time.monotonic()))

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def go(self, address: str, port: int) -> Way:
        """Notes the way to the address; raises StepFailed when there is none."""
        way = self.ways.to(address)
        self.path = msgspec.structs.replace(way.path, port=port, resolver=self.path.resolver)
        if way.blocked:
            raise StepFailed(way.blocked, step="route", error=way.detail)
        return way

    def passed(self, value: float | None = None) -> Judgement:
        return self._judge(Verdict.PASS, Reason.OK, value)

    def warned(self, reason: Reason, value: float | None = None, **evidence: Scalar) -> Judgement:
        self.evidence.update(evidence)
        return self._judge(Verdict.WARN, reason, value)

    def failed(self, failure: StepFailed, value: float | None = None) -> Judgement:
        self.evidence.update(failure.evidence)
        verdict = Verdict.UNKNOWN if failure.reason is Reason.INTERNAL else Verdict.FAIL
        return self._judge(verdict, failure.reason, value)

    def _judge(self, verdict: Verdict, reason: Reason, value: float | None) -> Judgement:
        return Judgement(
            signal=self._signal,
            subject=self._subject,
            verdict=verdict,
            reason=reason,
            value=value,
            evidence=self.evidence,
            path=self.path,
        )
