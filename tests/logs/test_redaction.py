"""Secrets never pass; ordinary text passes unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.matching.signatures import load_signatures
from rules.redaction import HIDDEN, redact

SECRET = "hunter2Zx9"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXBhcnQ"
KINDS = {
    "assignment": (f"password={SECRET}", SECRET),
    "colon": (f"db password: {SECRET}", SECRET),
    "quoted": (f"passwd='{SECRET} two'", f"{SECRET} two"),
    "json": (f'{{"api_key": "{SECRET}", "user": "alice"}}', SECRET),
    "environment": (f"DB_PASSWORD={SECRET} started", SECRET),
    "yaml": (f"client_secret: {SECRET}", SECRET),
    "query": (f"GET /login?user=alice&token={SECRET}&x=1 HTTP/1.1", SECRET),
    "url": (f"connecting to postgres://shop:{SECRET}@10.1.0.5/shop", SECRET),
    "url with at": (f"redis://:{SECRET}@x@10.1.0.6:6379/0", SECRET),
    "url token": ("git clone https://0123456789abcdef0123@git.lab/x", "0123456789abcdef0123"),
    "basic": ("Authorization: Basic YWxpY2U6aHVudGVyMg==", "YWxpY2U6aHVudGVyMg"),
    "bearer": (f"authorization: Bearer {JWT}", JWT),
    "bearer alone": ("sent Bearer abcdefgh12345678 to api", "abcdefgh12345678"),
    "jwt": (f"got {JWT} from client", JWT),
    "cookie": (f"Cookie: sid={SECRET}; theme=dark", SECRET),
    "set-cookie": (f"Set-Cookie: session={SECRET}; HttpOnly", SECRET),
    "aws id": ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
    "aws secret": (f"aws_secret_access_key = {SECRET}", SECRET),
    "github": ("push with ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghij"),
    "gitlab": ("token glpat-abcdefghij0123456789 refused", "glpat-abcdefghij0123456789"),
    "slack": ("xoxb-1234567890-abcdefghij failed", "xoxb-1234567890"),
    "slack hook": ("post https://hooks.slack.com/services/T000/B000/abcdef", "T000/B000/abcdef"),
    "stripe": ("charge with sk_live_abcdefghij0123456789", "sk_live_abcdefghij"),
    "google": ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaSyA1234567890"),
    "pem": ("-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\ndef\n-----END RSA PRIVATE KEY-----", "MIIEabc"),
    "pem cut": ("-----BEGIN PRIVATE KEY-----\nMIIEabc", "MIIEabc"),
    "sql": (f"CREATE USER shop IDENTIFIED BY '{SECRET}'", SECRET),
    "redis": (f"requirepass {SECRET}", SECRET),
    "option": (f"app --password {SECRET} --verbose", SECRET),
    "mysql option": (f"mysqldump -u root -p{SECRET} shop", SECRET),
    "curl user": (f"curl -u alice:{SECRET} https://api.lab/", SECRET),
    "shadow": ("root:$6$abcdefgh$0123456789abcdefghijklmnopqrstuv:19000", "0123456789abcdefghij"),
    "snmp": (f"snmp community={SECRET}", SECRET),
    "sentence": (f"the password is {SECRET}", SECRET),
    "arrow": (f"[params] password => {SECRET}", SECRET),
}


@pytest.mark.parametrize("kind", KINDS)
def test_secret_is_taken_out(kind):
    text, secret = KINDS[kind]
    assert secret not in redact(text)
    assert HIDDEN in redact(text)


@pytest.mark.parametrize("kind", KINDS)
def test_redaction_is_stable(kind):
    once = redact(KINDS[kind][0])
    assert redact(once) == once


def test_what_surrounds_a_secret_stays():
    assert redact(f"user=alice password={SECRET} host=db1") == f"user=alice password={HIDDEN} host=db1"
    assert (
        redact("https://alice:x1y2z3@db.lab:5432/shop?a=1") == f"https://alice:{HIDDEN}@db.lab:5432/shop?a=1"
    )


@pytest.mark.parametrize(
    "text",
    [
        "EXT4-fs error (device sda1): ext4_lookup:1602: inode #131074: comm find: deleted inode",
        "Failed password for root from 203.0.113.9 port 51234 ssh2",
        "password authentication failed for user",
        "GET /index.html?page=2 HTTP/1.1",
        "mailto:alice@lab and bob@lab, see http://docs.lab/keys",
        "kernel: key type dns_resolver registered",
        "systemd[1]: Started Session 42 of user root.",
        "nvme nvme0: 8/0/0 default/read/poll queues",
        "certificate and private key loaded",
        "tokenizer: 12 tokens read",
    ],
)
def test_ordinary_line_is_unchanged(text):
    assert redact(text) == text


def test_samples_of_signatures_stay_readable():
    changed = [s.id for s in load_signatures() for text in s.samples if redact(text) != text]
    assert changed == []


@given(st.text(max_size=2000))
def test_any_text_is_taken(text):
    assert isinstance(redact(text), str)


@given(st.text(alphabet="abc=\"':;@/& \n", max_size=400), st.text(alphabet="XYZ123", min_size=6, max_size=20))
def test_assigned_password_never_passes(around, secret):
    assert secret not in redact(f"{around}\npassword={secret}")


def test_long_hostile_text_is_linear():
    assert redact("password" * 20_000).count("password") == 20_000
