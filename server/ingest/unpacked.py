"""Lets an agent gzip what a route of the framework takes as JSON; the framework itself does not unpack."""

from __future__ import annotations

from server.auth.access import Gate
from server.auth.principal import Kind
from server.ingest.body import Refused, unpack
from server.ingest.endpoint import Application, Gone, Message, Receive, Scope, Send, answer_refusal, read_body
from wire.exchange import MAX_SNAPSHOT

PATH = "/api/v1/snapshots"


class Unpacked:
    """Passes a request of an agent on as if it had been sent plain; one of anybody else as it is."""

    def __init__(self, gate: Gate, application: Application) -> None:
        self._gate = gate
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        speaker = self._gate.by_bearer(headers.get(b"authorization", b"").decode("latin-1"))
        if not encoding or speaker is None or speaker.kind is not Kind.AGENT:
            await self._application(scope, receive, send)
            return
        try:
            body = unpack(await read_body(headers, receive, MAX_SNAPSHOT), encoding, MAX_SNAPSHOT)
        except Refused as refused:
            await answer_refusal(send, refused)
            return
        except Gone:
            return
        kept = [pair for pair in scope["headers"] if pair[0] not in {b"content-encoding", b"content-length"}]
        kept.append((b"content-length", str(len(body)).encode()))
        unread = [body]

        async def plain() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await receive()

        await self._application({**scope, "headers": kept}, plain, send)
