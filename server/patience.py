"""How long a caller may take over one request: slow ones must not hold connections open for ever."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
BODY_SECONDS = 60.0
"""A full batch over a line of 70 kB/s."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, which itself only bounds the silence between two requests.

    A request that arrives in one piece, as nearly all do, sets no timer.
    """

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS
    _timer: asyncio.TimerHandle | None = None
    _missing = "head"
    """Of the request: head, body, or nothing. Before the first byte it is the head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        before = self._missing
        super().data_received(data)
        if self._timer is None or self._missing != before:
            self._wait()

    def on_message_begin(self) -> None:
        self._missing = "head"
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._missing = "body"
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._missing = ""
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._missing = ""
        self._wait()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Sets the timer for what is missing, in place of the one before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._missing:
            seconds = self.head_seconds if self._missing == "head" else self.body_seconds
            self._timer = self.loop.call_later(seconds, self._hang_up)

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
