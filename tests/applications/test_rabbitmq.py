"""RabbitMQ in its good and its bad states: two real nodes of one cluster."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec
import pytest

from collectors.applications import greetings, rabbitmq
from collectors.clients.declared import Login
from collectors.host import Host
from collectors.services.listening import KNOWN
from tests.applications.conftest import launching, look, machine, needs, troubles, wait_for
from tests.applications.rabbit import PATIENCE, Node, epmd, needs_rabbit
from wire.judgement import Judgement, Reason

pytestmark = pytest.mark.timeout(3 * PATIENCE)
eventually = partial(wait_for, seconds=PATIENCE)
Told = Callable[[], dict[str, Judgement]]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory) -> Iterator[tuple[Node, Node]]:
    needs_rabbit()
    home = tmp_path_factory.mktemp("rabbit")
    with launching() as start:
        register = epmd(start, needs("epmd"))
        first = Node(start, home, register).run()
        first.call("users/rootward", "PUT", password="hush", tags="monitoring")
        first.call("users/stranger", "PUT", password="hush", tags="")
        first.call("permissions/%2F/rootward", "PUT", configure="", write="", read="")
        yield first, Node(start, home, register).run(joins=first)


@pytest.fixture
def node(nodes) -> Node:
    return nodes[0]


@pytest.fixture
def asking(node, monkeypatch, tmp_path) -> Callable[..., Told]:
    """How this user sees the first node, one look after the other."""
    monkeypatch.setattr(rabbitmq, "PORTS", (node.management, 0))

    def told(user: str = "rootward", word: str = "hush") -> Told:
        secret = tmp_path / "secret"
        secret.write_text(word)
        secret.chmod(0o600)
        host = machine(login=(Login(service="beam.smp", user=user, secret_file=str(secret)),))
        return lambda: look(rabbitmq, host, node.management)

    return told


@pytest.fixture
def greeting(node, monkeypatch) -> Callable[[Host], dict[str, Judgement]]:
    """What comes of a first word of AMQP."""
    amqp = next(one for one in greetings.GREETINGS if 5672 in one.ports)
    here = msgspec.structs.replace(amqp, ports=(node.amqp,))
    monkeypatch.setattr(greetings, "GREETINGS", (here,))
    return lambda host: look(greetings, host, node.amqp)


def until(told: Told, **expected: Reason) -> None:
    """Its statistics are a second old."""
    wanted = {name.replace("_", "."): reason for name, reason in expected.items()}
    eventually(lambda: troubles(told()) == wanted, f"{wanted}; last seen {troubles(told())},")


def test_a_well_one_is_silent_and_greets(asking, greeting, box):
    found = asking()()
    assert troubles(found) == {}
    assert set(rabbitmq.COLLECTOR.signals) == found.keys()
    assert greeting(box)["app.answer"].reason is Reason.OK


@pytest.mark.parametrize("who", [("rootward", "guess"), ("stranger", "hush")])
def test_a_user_whom_it_tells_nothing_is_unknown_and_says_how_to_grant_it(asking, who):
    found = asking(*who)()
    assert troubles(found) == {"queue.alarm": Reason.NOT_PERMITTED}
    assert "monitoring" in found["queue.alarm"].evidence["grant"]


def test_a_virtual_host_that_the_user_may_not_see_is_told_and_not_taken_for_well(node, asking):
    told = asking()
    node.call("vhosts/closed", "PUT", tags="")
    try:
        found = told()
        assert troubles(found) == dict.fromkeys(("queue.consumers", "queue.backlog"), Reason.NOT_PERMITTED)
        assert found["queue.backlog"].evidence["vhosts"] == "closed"
        assert "set_permissions" in found["queue.backlog"].evidence["grant"]
    finally:
        node.call("vhosts/closed", "DELETE")
    assert troubles(told()) == {}


@contextmanager
def stomp(node: Node) -> Iterator[Callable[..., None]]:
    """A client with a text protocol: each frame is sent and confirmed."""
    with socket.create_connection(("127.0.0.1", node.stomp), 60) as sock:

        def speak(*frames: str) -> None:
            *before, (last, body) = [frame.partition("\n\n")[::2] for frame in frames]
            said = [f"{head}\n\n{content}\0" for head, content in before]
            sock.sendall("".join((*said, f"{last}\nreceipt:done\n\n{body}\0")).encode())
            heard = b""
            while b"receipt-id:done" not in heard:
                heard += (more := sock.recv(65_536))
                assert more, heard

        sock.sendall(b"CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0")
        assert sock.recv(65_536).startswith(b"CONNECTED")
        yield speak


def put(node: Node, queue: str, count: int = 1) -> None:
    with stomp(node) as speak:
        speak(*[f"SEND\ndestination:/queue/{queue}\n\nx"] * count)


def test_a_queue_that_lost_its_consumers_is_told_and_one_that_never_had_any_is_not(node, asking):
    told = asking()
    put(node, "parked")
    until(told)
    with stomp(node) as speak:
        speak("SUBSCRIBE\nid:0\nack:client\ndestination:/queue/orders\n\n")
        eventually(lambda: node.call("queues/%2F/orders").get("consumers") == 1, "the consumer")
        until(told)
    put(node, "orders")
    until(told, queue_consumers=Reason.MISSING)
    assert told()["queue.consumers"].evidence["queues"] == "/:orders"


def test_a_long_queue_that_grows_is_told(node, asking):
    told = asking()
    ready = lambda: node.call("queues/%2F/mails").get("messages_ready", 0)  # noqa: E731
    put(node, "mails", 12_000)
    eventually(lambda: ready() == 12_000, "twelve thousand messages")
    until(told)
    put(node, "mails", 1_000)
    eventually(lambda: ready() == 13_000, "a thousand more")
    until(told, queue_backlog=Reason.HIGH)


def test_one_whose_sockets_run_out_is_told_and_then_greets_nobody(node, asking, greeting, box):
    told = asking()
    assert greeting(box)["app.answer"].reason is Reason.OK
    held = [socket.create_connection(("127.0.0.1", node.amqp)) for _ in range(250)]
    try:
        until(told, db_connections=Reason.HIGH)
        held += [socket.create_connection(("127.0.0.1", node.amqp)) for _ in range(40)]
        until(told, db_connections=Reason.EXHAUSTED)
        assert greeting(box)["app.answer"].reason is Reason.REQUEST_TIMEOUT
    finally:
        for sock in held:
            sock.close()
    until(told)


def test_a_peer_that_froze_is_down_and_once_it_goes_on_the_cluster_is_of_two_minds(node, nodes, asking):
    told, peer = asking(), nodes[1]
    until(told)
    peer.child.send_signal(signal.SIGSTOP)
    node.control("eval", f"erlang:disconnect_node('{peer.name}').")  # as it would by itself in a minute
    try:
        until(told, app_cluster=Reason.ERRORS)
        assert told()["app.cluster"].evidence["down"] == peer.name
    finally:
        peer.child.send_signal(signal.SIGCONT)
    until(told, app_cluster=Reason.STOPPED)


def test_one_that_takes_no_more_messages_says_what_is_full(node, asking):
    told = asking()
    full = lambda: told()["queue.alarm"].evidence["alarms"]  # noqa: E731
    node.control("set_disk_free_limit", "900000GB")
    eventually(lambda: full() == f"{node.name}: disk", "the alarm")
    node.control("set_vm_memory_high_watermark", "absolute", "1MB")
    eventually(lambda: full() == f"{node.name}: memory, {node.name}: disk", "the other alarm")
    assert troubles(told())["queue.alarm"] is Reason.FULL


def test_one_that_was_ended_is_asked_no_more(node, asking, greeting, box):
    assert greeting(box)["app.answer"].reason is Reason.OK
    node.child.kill()
    node.child.wait(60)
    box.shared.forget(KNOWN)
    assert not [one for unit in (rabbitmq, greetings) for one in unit.read(box)]
