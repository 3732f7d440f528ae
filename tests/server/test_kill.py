"""kill -9 at random moments while agents stream: what was acknowledged is kept, nothing is applied twice."""

from __future__ import annotations

import random
import threading
import time

import requests

from wire.codec import decode, encode
from wire.exchange import Ack, Digest
from wire.judgement import Reason, Verdict
from wire.observation import Observation

ROUNDS = 3
SUBJECTS = 7


class Stream(threading.Thread):
    """Sends batches of rising sequences, each until it is acknowledged; remembers what was."""

    def __init__(self, agent, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.agent = agent
        self.stopping = stopping
        self.acknowledged = 0
        self.said: list[Observation] = []
        self.trouble: list[str] = []
        self._chance = random.Random(agent.host)

    def run(self) -> None:
        while not self.stopping.is_set():
            seen = tuple(self._look() for _ in range(self._chance.randint(1, 30)))
            self.said += seen
            body = encode(self.agent.batch(*seen))
            while self._send(body) is None:
                time.sleep(0.05)

    def _look(self) -> Observation:
        verdict = self._chance.choice([Verdict.PASS, Verdict.FAIL])
        return self.agent.look(f"host:h{self._chance.randrange(SUBJECTS)}", verdict)

    def _send(self, body: bytes) -> Ack | None:
        try:
            answer = self.agent.send_raw(body)
        except requests.RequestException:
            return None
        if answer.status_code != 200:
            self.trouble.append(answer.text)
            return None
        ack = decode(answer.content, Ack)
        if ack.applied < self.acknowledged:
            self.trouble.append(f"acknowledged {self.acknowledged}, later only {ack.applied}")
        self.acknowledged = ack.applied
        return ack

    def digest(self) -> str:
        """Of what stands after all that was said, each once and in order."""
        last = {seen.subject: seen for seen in self.said}
        digest = Digest()
        for seen in last.values():
            digest.add(seen.signal, seen.subject, seen.verdict, seen.reason)
        return str(digest)


def test_killed_at_random_moments_the_server_keeps_what_it_acknowledged(launch) -> None:
    server = launch(ROOTWARD_LISTEN="127.0.0.1:0")
    port = server.url.rpartition(":")[2]
    server.environment["ROOTWARD_LISTEN"] = f"127.0.0.1:{port}"
    stopping = threading.Event()
    streams = [Stream(server.enroll(f"h{number}"), stopping) for number in range(4)]
    for stream in streams:
        stream.start()
    chance = random.Random(8470)
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.05, 0.8))
        server.kill()
        before = {stream.agent.id: stream.acknowledged for stream in streams}
        server.start()
        for stream in streams:
            # An empty batch asks how far the server is: not behind what it acknowledged.
            assert stream.agent.send(stream.agent.batch()).applied >= before[stream.agent.id]
    stopping.set()
    for stream in streams:
        stream.join(100)
        assert not stream.is_alive()
        assert stream.trouble == []
        assert stream.acknowledged == len(stream.said)
        right = stream.agent.batch(heartbeat=stream.agent.beat(stream.digest()))
        assert not stream.agent.send(right).resync


def test_after_a_kill_what_is_sent_again_is_not_applied_again(launch) -> None:
    server = launch()
    agent = server.enroll()
    batches = [agent.batch(*(agent.look() for _ in range(20))) for _ in range(10)]
    for batch in batches:
        agent.send(batch)
    server.kill()
    server.start()
    for batch in batches:
        assert agent.send(batch).applied == 200
    lines = server.get("/metrics").text.splitlines()
    applied = [
        line for line in lines if line.startswith('rootward_ingest_observations_total{outcome="applied"}')
    ]
    assert [float(line.split()[1]) for line in applied] == [0.0]


def test_a_clean_end_leaves_nothing_to_replay(launch) -> None:
    server = launch()
    agent = server.enroll()
    agent.send(agent.batch(agent.look("host:h1"), agent.look("host:h2", Verdict.FAIL)))
    assert server.stop() == 0
    server.start()
    rebuilt = [line for line in server.output.read_text().splitlines() if "state rebuilt" in line]
    assert '"batches_replayed": 0' in rebuilt[-1]
    digest = Digest()
    digest.add("net.icmp", "host:h1", Verdict.PASS, Reason.OK)
    digest.add("net.icmp", "host:h2", Verdict.FAIL, Reason.TIMEOUT)
    assert not agent.send(agent.batch(heartbeat=agent.beat(str(digest)))).resync
