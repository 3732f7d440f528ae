"""Do the local brokers and stores answer a first word of their own protocol? Value: seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from collectors.clients.answer import ANSWER, asked
from collectors.clients.greetings import GREETINGS, SECONDS, Greeting, Told
from collectors.clients.local import Local, found, shown
from collectors.clients.stream import Stream
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire.judgement import Judgement, Layer

CLUSTER = "app.cluster"
COLLECTOR = Collector(signals=(ANSWER, CLUSTER), layer=Layer.APPLICATION, timeout=10 * SECOND)


def read(host: Host) -> Iterable[Judgement]:
    for greeting in GREETINGS:
        for local in found(host, *greeting.programs, ports=greeting.ports, only=True):
            subject = local.subject(host)
            told, answer = asked(host, subject, _question(greeting, local), address=shown(local.where))
            yield answer
            if told is not None and told.cluster is not None:
                yield judged(CLUSTER, subject, told.cluster, state=told.text)


def _question(greeting: Greeting, local: Local) -> Callable[[], Told]:
    def ask() -> Told:
        with Stream(local.where, SECONDS) as stream:
            return greeting.ask(stream)

    return ask
