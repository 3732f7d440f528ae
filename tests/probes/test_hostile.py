"""What comes from the network may be anything: it is refused cleanly, and never breaks the reader."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import certificate
from probes.connections.talk import Talk
from probes.names.resolve import ResolveFailed, resolve
from probes.web.http_answer import MOST, read_answer


@pytest.fixture(scope="module")
def der(authority):
    return ssl.PEM_cert_to_DER_cert(
        authority.alone("fuzz", "DNS:fuzz.lab,IP:10.0.0.1").read_text().split("-----BEGIN PRIV")[0]
    )


def test_a_certificate_gives_its_names(der):
    assert certificate.parse(der).names == ("fuzz.lab", "10.0.0.1")


@given(st.data())
def test_a_damaged_certificate_is_a_value_error_or_a_certificate(der, data):
    damaged = bytearray(der[: data.draw(st.integers(0, len(der)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = certificate.parse(bytes(damaged))
    except ValueError:
        return
    assert isinstance(found, certificate.Certificate)


@given(st.binary(max_size=400))
def test_rubbish_is_no_certificate(data):
    with pytest.raises(ValueError, match=r".+"):
        certificate.parse(data)


async def read(data: bytes) -> bytes | None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        talk = Talk(ours)
        try:
            answer = await read_answer(talk)
            await answer.read_body(talk)
        except (ValueError, asyncio.IncompleteReadError):
            return None
        return answer.body


@given(
    st.sampled_from(
        [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 500\r\n", b"HTTP/1.1 100 go\r\n\r\nHTTP/1.1 204 \r\n"]
    ),
    st.lists(
        st.sampled_from(
            [
                b"Content-Length: 5\r\n",
                b"Content-Length: -1\r\n",
                b"Content-Length: 99999999999999999999\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b":\r\n",
                b"\xff\xfe: \x00\r\n",
            ]
        ),
        max_size=4,
    ),
    st.one_of(
        st.binary(max_size=300),
        st.just(b"5\r\nhello\r\n0\r\n\r\n"),
        st.just(b"-5\r\n"),
        st.just(b"z" * 3 * MOST),
    ),
)
def test_no_answer_breaks_the_reader_or_grows_beyond_its_bound(first, headers, rest):
    body = asyncio.run(read(first + b"".join(headers) + b"\r\n" + rest))
    assert body is None or len(body) <= MOST


@given(st.text(min_size=1, max_size=300))
def test_no_name_breaks_the_resolver(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp() / "no-resolver"
    (root / "etc").mkdir(parents=True, exist_ok=True)
    (root / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\noptions ndots:x timeout\nsearch\n")
    with suppress(ResolveFailed):
        assert asyncio.run(resolve(name, str(root), 1.0)).addresses
