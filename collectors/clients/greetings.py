"""The first words of protocols: whoever answers them as agreed is there."""

from __future__ import annotations

import struct
from collections.abc import Callable

import msgspec

from collectors.clients.answer import Refused
from collectors.clients.mongodb import hello
from collectors.clients.stream import Stream
from wire.judgement import Reason

SECONDS = 2.0


class Told(msgspec.Struct, frozen=True):
    """What it said, and how its cluster is, where it says that."""

    text: str
    cluster: Reason | None = None


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """Who understands it: processes of these names that listen on one of these ports."""

    programs: tuple[str, ...]
    ports: tuple[int, ...]
    ask: Callable[[Stream], Told]


def kafka(stream: Stream) -> Told:
    """ApiVersions, version 0, which every broker answers (Kafka protocol guide)."""
    client = b"rootward"
    body = struct.pack("!hhih", 18, 0, 1, len(client)) + client
    stream.send(struct.pack("!i", len(body)) + body)
    (size,) = struct.unpack("!i", stream.exactly(4))
    answer = stream.exactly(size)
    number, error, count = struct.unpack_from("!ihi", answer)
    if number != 1:
        raise ValueError("no Kafka broker")
    if error:
        raise Refused(f"Kafka error code {error}")
    return Told(f"{count} kinds of request")


def zookeeper(stream: Stream) -> Told:
    """``srvr`` is the one word that is allowed by default."""
    stream.send(b"srvr\n")
    text = stream.rest().decode("utf-8", "replace")
    if "not currently serving" in text:
        return Told(text.strip()[:128], Reason.STOPPED)
    if "not in the whitelist" in text:
        return Told("srvr is not whitelisted")
    mode = next((line.removeprefix("Mode: ") for line in text.splitlines() if line.startswith("Mode: ")), "")
    if not mode:
        raise ValueError(f"no ZooKeeper: {text[:40]!r}")
    return Told(mode, None if mode == "standalone" else Reason.OK)


def nats(stream: Stream) -> Told:
    """The server speaks first: ``INFO {…}``."""
    line = stream.line()
    if not line.startswith(b"INFO {"):
        raise ValueError("no NATS server")
    facts = msgspec.json.decode(line[5:])
    return Told(f"version {facts.get('version', '')}" if isinstance(facts, dict) else "")


def amqp(stream: Stream) -> Told:
    """Connection.Start in answer to the protocol header of AMQP 0-9-1."""
    stream.send(b"AMQP\x00\x00\x09\x01")
    head = stream.exactly(11)
    if head[:1] != b"\x01" or head[7:11] != b"\x00\x0a\x00\x0a":
        raise ValueError("no AMQP 0-9-1")
    return Told("AMQP 0-9-1")


def mongodb(stream: Stream) -> Told:
    """``hello``: which part it plays in its replica set, if it is in one."""
    facts = hello(stream)
    replica_set = str(facts.get("setName", ""))
    if not replica_set and not facts.get("isreplicaset"):
        return Told("standalone")
    member = any(
        facts.get(name) is True for name in ("isWritablePrimary", "ismaster", "secondary", "arbiterOnly")
    )
    primary = str(facts.get("primary", ""))
    reason = Reason.OK if member and primary else Reason.STOPPED
    return Told(
        f"{replica_set}: primary {primary or 'none'}, {'member' if member else 'not in service'}", reason
    )


GREETINGS = (
    Greeting(programs=("java", "kafka*"), ports=(9092,), ask=kafka),
    Greeting(programs=("java",), ports=(2181,), ask=zookeeper),
    Greeting(programs=("nats-server*", "gnatsd"), ports=(4222,), ask=nats),
    Greeting(programs=("beam.smp", "beam", "lavinmq", "qpidd"), ports=(5672,), ask=amqp),
    Greeting(programs=("mongod", "mongos"), ports=(27017, 27018, 27019), ask=mongodb),
)
