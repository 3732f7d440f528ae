"""The composition root: the only place that reads the configuration and knows every part."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from socket import gethostname

import structlog
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

import server.api
import server.auth.routes
import server.ingest.routes
import server.system
import server.web.pages
from rules.catalogue import load_catalogue
from server.auth.access import Gate, guard
from server.auth.agents import Agents
from server.auth.operators import Operators
from server.auth.throttle import Throttle
from server.config import Config
from server.current import CurrentState
from server.diagnosis_thread import DiagnosisThread
from server.errors import EXCEPTION_HANDLERS
from server.headers import add_headers
from server.ingest.checkpoint import Checkpointer, rebuild
from server.ingest.endpoint import PATH, BatchEndpoint, Receive, Scope, Send
from server.ingest.intake import Intake
from server.ingest.unpacked import PATH as SNAPSHOTS
from server.ingest.unpacked import Unpacked
from server.metrics import Metrics
from server.parts import Assembly
from server.pipeline import Pipeline
from server.site_file import read_site_file
from server.storage import batches
from server.storage.database import Database
from server.tasks import TaskDesk

_log = structlog.get_logger("server")
MAX_BODY = 64 * 1024
"""Bytes of a request, where a route does not say otherwise."""
ROUTES: Sequence[ControllerRouterHandler] = [
    *server.auth.routes.ROUTES,
    *server.ingest.routes.ROUTES,
    *server.api.ROUTES,
    *server.system.ROUTES,
    *server.web.pages.ROUTES,
]


class App:
    """An ASGI application: batches go straight to their endpoint, the rest to the framework.

    Measured: the framework's share of a request is 120 us, as much as all the rest of a small batch.
    """

    def __init__(self, parts: Assembly, checkpointer: Checkpointer) -> None:
        self.parts = parts
        self._batches = BatchEndpoint(parts.gate, parts.intake, parts.current, parts.tasks, parts.metrics)
        self.litestar = litestar(parts, checkpointer)
        self._snapshots = Unpacked(parts.gate, self.litestar)  # type: ignore[arg-type]  # its scope is a TypedDict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._batches(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == SNAPSHOTS:
            await self._snapshots(scope, receive, send)
        else:
            await self.litestar(scope, receive, send)  # type: ignore[arg-type]  # its scope is a TypedDict

    def close(self) -> None:
        """After the last request: commits what waits and lets go of the files."""
        self.parts.operators.close()
        self.parts.database.close()


def litestar(parts: Assembly, checkpointer: Checkpointer) -> Litestar:
    """Every route but that of batches."""
    return Litestar(
        route_handlers=ROUTES,
        guards=[guard],
        dependencies={"parts": Provide(lambda: parts, sync_to_thread=False, use_cache=True)},
        state=State({"gate": parts.gate}),
        lifespan=[partial(_lifespan, parts=parts, checkpointer=checkpointer)],
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_headers],
        request_max_body_size=MAX_BODY,
        # Served by our own route, with what the framework does not know (server/document.py).
        openapi_config=OpenAPIConfig(title="Rootward", version="1", path="/api/v1/schema"),
        logging_config=None,
    )


@asynccontextmanager
async def _lifespan(_app: Litestar, parts: Assembly, checkpointer: Checkpointer) -> AsyncIterator[None]:
    parts.tasks.open(asyncio.get_running_loop())
    checkpointer.start()
    parts.diagnosis.start()
    try:
        yield
    finally:
        await asyncio.to_thread(parts.diagnosis.stop)
        await checkpointer.stop()


def compose(config: Config, url: str, fingerprint: str, now: Callable[[], float] = time.time) -> App:
    """Opens the database, rebuilds what was known, and connects the parts."""
    metrics = Metrics()
    database = Database(config.database, metrics.committed)
    agents = Agents(database, now)
    operators = Operators(database, config.operator_token, now)
    current = CurrentState(started_at=now())
    replayed = rebuild(database, current, agents)
    with database.reading() as connection:
        last_id = batches.last_id(connection)
    tasks = TaskDesk(now)
    pipeline = Pipeline(
        load_catalogue(),
        current,
        database,
        tasks=tasks,
        observe=metrics.decided,
        clock=now,
        server_host=gethostname(),
        close_after=config.close_after,
    )
    read_site_file(config.site_file, pipeline.declare)
    diagnosis = DiagnosisThread(pipeline, current, now)
    intake = Intake(database.writer, current, metrics, last_id=last_id, submit=diagnosis.submit, now=now)
    metrics.gauge(
        "rootward_writer_queue", "Pieces of work that wait for a commit", lambda: database.writer.waiting
    )
    metrics.gauge("rootward_ingest_queue", "Batches that wait for their commit", lambda: intake.waiting)
    metrics.gauge("rootward_agents", "Enrolled agents", lambda: len(current.agents()))
    metrics.gauge("rootward_held_requests", "Idle requests held for agents", lambda: tasks.held)
    metrics.gauge("rootward_symptoms", "Looks that fail now", lambda: len(pipeline.standing.failing))
    metrics.gauge("rootward_tickets_open", "Open tickets", lambda: pipeline.open_count)
    metrics.gauge(
        "rootward_batches_passed_over",
        "Batches of which only the outcome was weighed, because too many came at once",
        lambda: diagnosis.overrun.passed_over,
    )
    parts = Assembly(
        config=config,
        database=database,
        current=current,
        tasks=tasks,
        agents=agents,
        operators=operators,
        gate=Gate(agents, operators),
        intake=intake,
        pipeline=pipeline,
        diagnosis=diagnosis,
        metrics=metrics,
        sign_ins=Throttle(each=10, all_together=60, seconds=60.0),
        enrolments=Throttle(each=600, all_together=1200, seconds=60.0),
        url=url,
        fingerprint=fingerprint,
        now=now,
    )
    _log.info("state rebuilt", agents=len(current.agents()), batches_replayed=replayed)
    return App(parts, Checkpointer(database, current, intake, metrics))
