"""The parts of a running server, and how a handler asks for them: ``async def handler(parts: Parts, …)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litestar.di import NamedDependency
from sqlalchemy.exc import SQLAlchemyError

from server.auth.access import Gate
from server.auth.agents import Agents
from server.auth.operators import Operators
from server.auth.throttle import Throttle
from server.config import Config
from server.current import CurrentState
from server.diagnosis_thread import DiagnosisThread
from server.ingest.intake import Intake
from server.metrics import Metrics
from server.pipeline import Pipeline
from server.storage.database import Database
from server.tasks import TaskDesk

STALLED = 120.0
"""Seconds without a turn of the diagnosis after which something is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """Made once, by the composition root."""

    config: Config
    database: Database
    current: CurrentState
    tasks: TaskDesk
    agents: Agents
    operators: Operators
    gate: Gate
    intake: Intake
    pipeline: Pipeline
    diagnosis: DiagnosisThread
    """Which alone may use the pipeline for more than a look."""
    metrics: Metrics
    sign_ins: Throttle
    enrolments: Throttle
    url: str
    """The address by which this server is called."""
    fingerprint: str
    """SHA-256 of the authority's certificate that agents pin; empty without TLS of our own."""
    now: Callable[[], float]

    def not_ready(self) -> str:
        """Why batches could not be stored now; empty when they could."""
        try:
            with self.database.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError as error:
            return f"the database cannot be read: {error.__class__.__name__}"
        if not self.database.writer.alive:
            return "the writer has ended"
        turned_at = self.pipeline.turned_at
        if turned_at and self.now() - turned_at > STALLED:
            return f"diagnosis stands still since {self.now() - turned_at:.0f} s"
        return ""


Parts = NamedDependency[Assembly]
"""In a signature it is the type, and the mark by which the framework hands it in."""
