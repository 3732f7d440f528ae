"""Switches by SNMP: snmpd stands in, with its own interfaces for the ports and with users of its own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import ber
from probes.devices import snmp
from probes.devices.login import Login
from probes.devices.snmp_envelope import AskAgain, Community
from probes.devices.snmp_query import Agent, Session, Value, parsed
from probes.devices.snmp_user import User, _Engine
from probes.steps import StepFailed
from wire.judgement import Judgement, Reason, Verdict
from wire.target import SnmpTarget

PASSWORD = "correct horse"


@pytest.fixture
def snmpd(serve, tmp_path) -> Callable[..., SnmpTarget]:
    """The real agent with this configuration. Gives the target."""
    program = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")
    if program is None:
        pytest.skip("snmpd is not installed")

    def start(port: int, *lines: str, **more: object) -> SnmpTarget:
        configuration = tmp_path / "snmpd.conf"
        configuration.write_text("\n".join(("rocommunity public", "sysName sw1", *lines)) + "\n")
        state = {"SNMP_PERSISTENT_DIR": str(tmp_path), "PATH": "/usr/sbin:/usr/bin"}
        listen = f"udp:127.0.0.1:{port}"
        serve(program, "-f", "-C", "-c", str(configuration), "-I", "-smux", listen, env=state)
        return SnmpTarget("127.0.0.1", port=port, **more)

    return start


@pytest.fixture
def look(net) -> Callable[..., dict[tuple[str, str], Judgement]]:
    """Asks a switch, once it listens. By signal and subject."""

    def looking(target, **options):
        door = replace(net, options=options)
        for _ in range(2400):
            judged = asyncio.run(snmp.ask(target, door))
            if judged[0].reason is not Reason.REFUSED:
                return {(each.signal, each.subject): each for each in judged}
            time.sleep(0.05)
        raise AssertionError("snmpd does not listen")

    return looking


def test_an_agent_tells_its_uptime_and_its_ports(snmpd, look, free_port):
    found = look(snmpd(free_port))
    agent = found["snmp.agent", f"endpoint:snmp://127.0.0.1:{free_port}"]
    assert (agent.verdict, agent.evidence["name"]) == (Verdict.PASS, "sw1")
    assert found["snmp.interface", "nic:sw1/lo"].verdict is Verdict.PASS


def test_a_wanted_port_that_is_not_there_is_stopped(snmpd, look, free_port):
    found = look(snmpd(free_port, ports=("Gi1/0/7",), name="core"))
    port = found["snmp.interface", "nic:core/Gi1/0/7"]
    assert (port.verdict, port.reason) == (Verdict.FAIL, Reason.STOPPED)


def test_a_wanted_port_that_is_up_passes(snmpd, look, free_port):
    found = look(snmpd(free_port, ports=("lo",)))
    assert found["snmp.interface", "nic:sw1/lo"].verdict is Verdict.PASS


def test_a_counter_of_uptime_that_fell_is_a_restart(snmpd, look, net, free_port):
    target = snmpd(free_port)
    net.memory[f"uptime {target.subject}"] = (10_000_000, net.clock() - 60)
    agent = look(target)["snmp.agent", target.subject]
    assert (agent.verdict, agent.reason) == (Verdict.WARN, Reason.REBOOTED)


def test_a_counter_of_uptime_that_ran_over_is_none(snmpd, look, net, free_port):
    target = snmpd(free_port)
    net.memory[f"uptime {target.subject}"] = (2**32 - 3000, net.clock() - 60)
    assert look(target)["snmp.agent", target.subject].verdict is Verdict.PASS


def test_another_community_gets_no_answer(snmpd, look, net, free_port):
    target = snmpd(free_port)
    look(target)
    (judged,) = asyncio.run(snmp.ask(SnmpTarget("127.0.0.1", "secret-one", port=free_port), net))
    assert judged.reason is Reason.TIMEOUT
    assert "secret-one" not in repr(judged)


def test_no_agent_is_refused(net, free_port):
    (judged,) = asyncio.run(snmp.ask(SnmpTarget("127.0.0.1", port=free_port), net))
    assert judged.reason is Reason.REFUSED


@pytest.mark.root
@pytest.mark.parametrize(
    ("address", "reason"),
    [("10.99.0.77", Reason.UNREACHABLE), ("10.99.0.2", Reason.REFUSED), ("fd99::2", Reason.REFUSED)],
)
def test_what_the_network_says_of_a_switch(lan, address, reason):
    (judged,) = lan.ask("snmp", SnmpTarget(address))
    assert judged.reason is reason


ROW = {
    snmp._SHORT_NAME: b"Gi1",
    snmp._STATE: 1,
    snmp._WANTED: 1,
    snmp._MEGABITS: 100,
    snmp._IN_OCTETS: 0,
    snmp._IN_PACKETS: 0,
    snmp._IN_ERRORS: 0,
}


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        ({snmp._IN_PACKETS: 1000, snmp._IN_ERRORS: 5}, Reason.OK),
        ({snmp._IN_PACKETS: 10_000_000, snmp._IN_ERRORS: 500}, Reason.OK),
        ({snmp._IN_PACKETS: 1000, snmp._IN_ERRORS: 500}, Reason.ERRORS),
        ({snmp._IN_OCTETS: 60 * 12_400_000}, Reason.SATURATED),
        ({snmp._IN_OCTETS: 60 * 6_000_000}, Reason.OK),
        ({snmp._IN_OCTETS: 0, snmp._IN_ERRORS: 0}, Reason.OK),
    ],
)
def test_a_port_is_judged_by_what_its_counters_grew_in_a_minute(net, later, reason):
    now = [1000.0]
    steps = snmp.Steps("snmp.agent", "switch:sw1", type(net)("here", lambda: now[0], net.root), 5.0)
    snmp._port(steps, "nic:sw1/Gi1", ROW, wanted=False)
    now[0] += 60
    assert snmp._port(steps, "nic:sw1/Gi1", ROW | later, wanted=False).reason is reason


def test_a_port_that_somebody_shut_is_told_so(net):
    steps = snmp.Steps("snmp.agent", "switch:sw1", net, 5.0)
    judged = snmp._port(steps, "nic:sw1/Gi1", ROW | {snmp._STATE: 2, snmp._WANTED: 2}, wanted=True)
    assert (judged.reason, judged.evidence["shut_by_hand"]) == (Reason.STOPPED, True)


@given(st.binary(max_size=300))
def test_no_answer_breaks_the_reader(data):
    with suppress(StepFailed, ValueError, IndexError):
        pdu = Community("public").opened(data)
        assert pdu is None or parsed(pdu, 1) is None


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_an_object_identifier_reads_as_it_was_written(arcs):
    text = ".".join(map(str, (1, 3, *arcs)))
    ((kind, content),) = ber.items(ber.oid(text))
    assert (kind, ber.dotted(content)) == (ber.OID, text)


def test_a_babbling_agent_is_a_timeout(net):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        (judged,) = asyncio.run(snmp.ask(SnmpTarget("127.0.0.1", port=silent.getsockname()[1]), net))
    assert judged.reason is Reason.TIMEOUT


def met() -> User:
    """One who knows with whom he speaks."""
    user = User(Login("signing", PASSWORD), "sha256")
    with suppress(AskAgain):
        user._meet(_Engine(b"engine", 1, 1))
    return user


MET = met()
SAID = (0xA2, b"content")
MESSAGE = MET.closed(ber.item(*SAID))


@pytest.fixture
def secret(tmp_path):
    """A file of mode 0600 that holds this password. Gives its name below the root."""

    def write(password: str = PASSWORD, mode: int = 0o600) -> str:
        (tmp_path / "secret").write_text(f"{password}\n")
        (tmp_path / "secret").chmod(mode)
        return "/secret"

    return write


@pytest.fixture
def told(snmpd, look, free_port) -> Callable[..., Judgement]:
    """What a switch says to this user. It knows one who signs, and one who need not."""

    def asking(user: str, secret_file: str = "", digest: str = "sha256", login: str = "sw") -> Judgement:
        named = digest.upper().replace("SHA", "SHA-") if digest not in {"md5", "sha1"} else digest[:3].upper()
        users = (f'createUser signing {named} "{PASSWORD}"', "createUser plain", "rouser signing auth")
        users += (f'createUser hidden {named} "{PASSWORD}" AES "{PASSWORD}"', "rouser hidden priv")
        target = snmpd(free_port, *users, "rouser plain noauth", login=login, digest=digest)
        declared = {"login": [{"service": "sw", "user": user, "secret_file": secret_file}]}
        found = look(target, applications=msgspec.json.encode(declared).decode())
        return found["snmp.agent", target.subject]

    return asking


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_a_user_with_the_right_password_is_answered(told, secret, digest):
    judged = told("signing", secret(), digest)
    assert (judged.verdict, judged.evidence["name"]) == (Verdict.PASS, "sw1")
    assert judged.evidence["ports"] > 0


def test_a_user_without_a_password_is_answered_where_the_switch_lets_him(told):
    assert told("plain").verdict is Verdict.PASS


def test_another_password_is_told_and_never_shown(told, secret):
    judged = told("signing", secret("another word"))
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, Reason.AUTH)
    assert "password" in judged.evidence["error"]
    assert "another word" not in repr(judged)


def test_a_user_who_is_not_known_there_is_told(told, secret):
    judged = told("stranger", secret())
    assert (judged.reason, judged.evidence["error"]) == (Reason.AUTH, "no such user")


def test_a_user_who_must_sign_and_does_not_is_told(told):
    assert told("signing").reason is Reason.AUTH


def test_a_user_who_must_encrypt_is_told(told, secret):
    assert told("hidden", secret()).reason is Reason.AUTH


def test_a_clock_that_ran_away_is_set_by_what_the_switch_says(told, secret, snmpd, free_port):
    told("signing", secret())
    user = User(Login("signing", PASSWORD), "sha256")

    async def twice() -> list[dict[str, Value]]:
        with Session(Agent("127.0.0.1", free_port, user, 5.0)) as session:
            first = await session.get([snmp._NAME])
            user._engine = replace(user._engine, age=user._engine.age + 100_000)
            return [first, await session.get([snmp._NAME])]

    assert asyncio.run(twice()) == [{snmp._NAME: b"sw1"}] * 2


def test_a_message_as_it_was_signed_is_an_answer():
    assert MET.opened(MESSAGE) == SAID


@given(st.integers(0, len(MESSAGE) - 1), st.integers(1, 255))
def test_a_message_that_somebody_changed_is_none(at, bits):
    changed = bytearray(MESSAGE)
    changed[at] ^= bits
    with suppress(StepFailed, ValueError, IndexError):
        assert MET.opened(bytes(changed)) is None


def test_a_password_that_others_may_read_is_not_used(told, secret):
    judged = told("signing", secret(mode=0o644))
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert "chmod 600" in judged.evidence["why"]


def test_a_login_that_nobody_declared_is_not_permitted(told):
    assert told("signing", login="elsewhere").reason is Reason.NOT_PERMITTED


def test_a_login_does_not_show_its_password():
    assert PASSWORD not in repr(Login("signing", PASSWORD))


@given(st.binary(max_size=300))
def test_no_message_breaks_the_reader(data):
    with suppress(StepFailed, AskAgain, ValueError, IndexError):
        assert User(Login("plain"), "sha256").opened(data) is None


def test_a_target_tells_a_login_and_a_digest():
    target = msgspec.convert({"kind": "snmp", "address": "::1", "login": "sw", "digest": "sha1"}, SnmpTarget)
    assert (target.login, target.digest) == ("sw", "sha1")
