"""SNMP v3: a real snmpd with users of its own, who sign and encrypt."""

from __future__ import annotations

import asyncio
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
from probes.devices.snmp_envelope import AskAgain
from probes.devices.snmp_query import Agent, Session, Value
from probes.devices.snmp_user import User, _Engine
from probes.steps import StepFailed
from tests.probes.switch import look_at, start_snmpd
from wire.judgement import Judgement, Reason, Verdict
from wire.target import SnmpTarget

PASSWORD, PRIVATE = "correct horse", "battery staple"
HIDDEN = {"aes128": "AES", "aes192": "AES-192", "aes256": "AES-256"}
"""Users who must encrypt, and how."""


def met(cipher: str = "") -> User:
    """One who knows with whom he speaks."""
    user = User(Login("signing", PASSWORD), "sha256", cipher)
    with suppress(AskAgain):
        user._meet(_Engine(b"engine", 1, 1))
    return user


SAID = (0xA2, b"content")
MET = {cipher: met(cipher) for cipher in ("", "aes128")}
MESSAGES = {cipher: user.closed(ber.item(*SAID)) for cipher, user in MET.items()}


@pytest.fixture
def secret(tmp_path):
    """A file of mode 0600 that holds this password. Gives its name below the root."""

    def write(password: str = PASSWORD, mode: int = 0o600, name: str = "secret") -> str:
        (tmp_path / name).write_text(f"{password}\n")
        (tmp_path / name).chmod(mode)
        return f"/{name}"

    return write


@pytest.fixture
def told(serve, tmp_path, net, free_port) -> Callable[..., Judgement]:
    """What a switch says to this user. One there signs, one need not, and some must encrypt."""

    def asking(user: str, secret_file: str = "", digest: str = "sha256", privacy_file: str = "", **more: str):
        named = digest.upper().replace("SHA", "SHA-") if digest not in {"md5", "sha1"} else digest[:3].upper()
        users = [f'createUser signing {named} "{PASSWORD}"', "createUser plain", "rouser signing auth"]
        for name, cipher in HIDDEN.items():
            users += [f'createUser {name} {named} "{PASSWORD}" {cipher} "{PRIVATE}"', f"rouser {name} priv"]
        how = {"login": "sw", "digest": digest} | more
        target = start_snmpd(serve, tmp_path, free_port, *users, "rouser plain noauth", **how)
        files = {"secret_file": secret_file, "privacy_file": privacy_file}
        declared = {"login": [{"service": "sw", "user": user, **files}]}
        found = look_at(net, target, applications=msgspec.json.encode(declared).decode())
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


def test_a_user_who_must_encrypt_and_does_not_is_told(told, secret):
    assert told("aes128", secret()).reason is Reason.AUTH


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("cipher", ["aes128", "aes192", "aes256"])
def test_a_user_who_encrypts_is_answered(told, secret, digest, cipher):
    private = secret(PRIVATE, name="private")
    judged = told(cipher, secret(), digest, private, cipher=cipher)
    assert (judged.verdict, judged.evidence["name"]) == (Verdict.PASS, "sw1")
    assert judged.evidence["ports"] > 0


@pytest.mark.parametrize(("user", "word"), [("aes128", "another word"), ("aes256", PRIVATE)])
def test_another_key_to_encrypt_with_is_told_and_never_shown(told, secret, user, word):
    judged = told(user, secret(), "sha256", secret(word, name="private"), cipher="aes128")
    assert (judged.verdict, judged.reason) == (Verdict.FAIL, Reason.AUTH)
    assert "encrypt" in judged.evidence["error"]
    assert word not in repr(judged)


def test_one_who_encrypts_where_the_switch_knows_no_key_for_it_is_told(told, secret):
    assert told("signing", secret(), cipher="aes128").reason is Reason.AUTH


def test_one_who_encrypts_and_would_not_sign_is_not_sent(told):
    judged = told("aes128", cipher="aes128")
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert "secret_file" in judged.evidence["why"]


def test_a_clock_that_ran_away_is_set_by_what_the_switch_says(told, secret, free_port):
    told("signing", secret())
    user = User(Login("signing", PASSWORD), "sha256")

    async def twice() -> list[dict[str, Value]]:
        with Session(Agent("127.0.0.1", free_port, user, 5.0)) as session:
            first = await session.get([snmp._NAME])
            user._engine = replace(user._engine, age=user._engine.age + 100_000)
            return [first, await session.get([snmp._NAME])]

    assert asyncio.run(twice()) == [{snmp._NAME: b"sw1"}] * 2


@pytest.mark.parametrize("cipher", MET)
def test_a_message_as_it_was_signed_is_an_answer(cipher):
    assert MET[cipher].opened(MESSAGES[cipher]) == SAID


def test_what_is_encrypted_shows_nothing_of_what_it_says():
    assert b"content" in MESSAGES[""]
    assert b"content" not in MESSAGES["aes128"]


def test_no_two_messages_are_encrypted_alike():
    assert len({MET["aes128"].closed(ber.item(*SAID))[-20:] for _ in range(50)}) == 50


@pytest.mark.parametrize(("asked", "answered"), [("", "aes128"), ("aes128", "")])
def test_an_answer_in_another_way_than_it_was_asked_is_none(asked, answered):
    with suppress(ValueError):
        assert MET[asked].opened(MESSAGES[answered]) is None


@pytest.mark.parametrize("cipher", MET)
@given(at=st.integers(0, 500), bits=st.integers(1, 255))
def test_a_message_that_somebody_changed_is_none(cipher, at, bits):
    changed = bytearray(MESSAGES[cipher])
    changed[at % len(changed)] ^= bits
    with suppress(StepFailed, ValueError, IndexError):
        assert MET[cipher].opened(bytes(changed)) is None


def test_a_password_that_others_may_read_is_not_used(told, secret):
    judged = told("signing", secret(mode=0o644))
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_PERMITTED)
    assert "chmod 600" in judged.evidence["why"]


def test_a_login_that_nobody_declared_is_not_permitted(told):
    assert told("signing", login="elsewhere").reason is Reason.NOT_PERMITTED


def test_a_login_does_not_show_its_password():
    said = repr(Login("signing", PASSWORD, PRIVATE))
    assert PASSWORD not in said
    assert PRIVATE not in said


@given(st.binary(max_size=300))
def test_no_message_breaks_the_reader(data):
    with suppress(StepFailed, AskAgain, ValueError, IndexError):
        assert User(Login("plain"), "sha256").opened(data) is None
    with suppress(StepFailed, AskAgain, ValueError, IndexError):
        assert MET["aes128"].opened(data) is None


def test_a_target_tells_a_login_and_a_digest():
    target = msgspec.convert({"kind": "snmp", "address": "::1", "login": "sw", "digest": "sha1"}, SnmpTarget)
    assert (target.login, target.digest) == ("sw", "sha1")
