"""HTTP/2: nginx is the real server, with and without TLS."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.connections.talk import Talk
from probes.web import hpack, http, http2
from wire.judgement import Reason, Verdict
from wire.target import HttpTarget

PAGES = (
    'location = / { return 200 "all is well"; }',
    'location = /created { return 201 "made"; }',
    "location = /bug { return 500; }",
    "location = /backend { proxy_pass http://127.0.0.1:1; }",
    "location = /secret { return 401; }",
)
MODULES = Path("/usr/lib/apache2/modules")
FRAME = b"\0\0%c%c%c\0\0\0\1"


@pytest.fixture
def site(nginx, free_port, tmp_path):
    """In the clear, with a page for each case and a long one. Gives its address."""
    (tmp_path / "long").write_bytes(b"x" * 200_000)
    pages = (*PAGES, f"location = /long {{ root {tmp_path}; }}")
    nginx(f"server {{ listen 127.0.0.1:{free_port} http2; {' '.join(pages)} }}", free_port)
    return f"http://127.0.0.1:{free_port}"


@pytest.fixture
def secure_site(authority, nginx, free_port):
    """Gives how to start it, with http2 or without: its target."""

    def start(listen: str) -> HttpTarget:
        pem = authority.leaf("h2", "IP:127.0.0.1", 90, "1 day ago")
        pair = f"ssl_certificate {pem}; ssl_certificate_key {pem};"
        nginx(f"server {{ listen 127.0.0.1:{free_port} {listen}; {pair} {PAGES[0]} }}", free_port)
        url = f"https://127.0.0.1:{free_port}/"
        return HttpTarget(url, body="all is well", ca_file=str(authority.certificate), version="2")

    return start


def test_a_page_passes_with_every_phase_timed(secure_site, ask):
    judged = ask(http, secure_site("ssl http2"))
    assert (judged.verdict, judged.evidence["status"]) == (Verdict.PASS, 200)
    assert {"resolve_ms", "connect_ms", "tls_ms", "request_ms", "body_ms"} <= judged.evidence.keys()


def test_a_server_that_chooses_another_version_is_told(secure_site, ask):
    judged = ask(http, secure_site("ssl"))
    assert (judged.reason, judged.evidence["step"]) == (Reason.TLS_PROTOCOL, "alpn")


@pytest.mark.parametrize(
    ("page", "status", "reason"),
    [
        ("/", 200, Reason.OK),
        ("/created", 201, Reason.OK),
        ("/long", 200, Reason.OK),
        ("/nowhere", 404, Reason.WRONG),
        ("/bug", 500, Reason.STATUS),
        ("/backend", 502, Reason.GATEWAY),
        ("/secret", 401, Reason.AUTH),
    ],
)
def test_a_status_is_read_however_it_is_written(site, ask, page, status, reason):
    judged = ask(http, HttpTarget(f"{site}{page}", version="2"))
    assert (judged.evidence["status"], judged.reason) == (status, reason)


def test_a_server_that_writes_by_the_code_of_huffman_is_read(serve, ask, free_port, tmp_path):
    if not (MODULES / "mod_http2.so").exists():
        pytest.skip("apache2 is not installed")
    modules = ("mpm_event", "authz_core", "alias", "http2")
    loaded = (f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules)
    served = ("Protocols h2c", "H2Direct on", "Redirect 302 / http://elsewhere.lab/")
    places = (f"ServerRoot {tmp_path}", "PidFile pid", "ErrorLog log", f"Listen 127.0.0.1:{free_port}")
    configuration = tmp_path / "apache.conf"
    configuration.write_text("\n".join((*places, "ServerName here", *loaded, *served)) + "\n")
    serve("/usr/sbin/apache2", "-DFOREGROUND", "-f", str(configuration), port=free_port)
    judged = ask(http, HttpTarget(f"http://127.0.0.1:{free_port}/", version="2"))
    assert (judged.verdict, judged.evidence["status"]) == (Verdict.PASS, 302)


def test_another_text_is_told(site, ask):
    assert ask(http, HttpTarget(f"{site}/", body="all is lost", version="2")).reason is Reason.BODY


def test_a_long_address_arrives_whole(site, ask):
    judged = ask(http, HttpTarget(f"{site}/created?{'x' * 1500}", version="2"))
    assert judged.evidence["status"] == 201


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Reason.STATUS),
        (FRAME % (1, 1, 5) + b"\xbe", Reason.STATUS),
        (FRAME % (4, 3, 0) + bytes(4), Reason.RESET),
        (b"\0\0\x08\x07\0\0\0\0\0" + bytes(7) + b"\1", Reason.RESET),
        (b"", Reason.RESET),
    ],
)
def test_what_is_no_answer_is_told(ask, speaking, said, reason):
    port = speaking(said, first=False)
    assert ask(http, HttpTarget(f"http://127.0.0.1:{port}/", version="2")).reason is reason


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (b"\x88", 200),
        (b"\x20\x8e", 500),
        (b"\x08\x03502", 502),
        (b"\x48\x82\x64\x02", 302),
        (b"\x48\x82\x10\x03", 201),
        (b"\x08\x83\x6d\xf7\xdf", 599),
    ],
)
def test_each_way_to_write_a_status_is_read(block, status):
    """``64 02`` for 302 is the example of RFC 7541, C.6.1."""
    assert hpack.status_of(block) == status


@given(st.binary(max_size=40))
def test_no_block_breaks_the_reader(block):
    with suppress(ValueError, IndexError):
        assert 0 <= hpack.status_of(block) <= 999


async def read(data: bytes) -> int:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        talk = Talk(ours)
        answer = await http2.read_answer(talk)
        await answer.read_body(talk)
        return len(answer.body)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 1, 3, 4, 5, 6, 7, 8, 9, 77]),
            st.sampled_from([0, 1, 4, 5, 8, 12, 13, 32, 45]),
            st.sampled_from([b"", b"\x88", b"\x01\x88\x00", b"\xff", b"\x48\x03abc", bytes(8)]),
            st.sampled_from([0, 1, 3]),
        ),
        max_size=8,
    ),
    st.binary(max_size=20),
)
def test_no_frames_break_the_reader(frames, rest):
    data = b"".join(
        len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content
        for kind, flags, content, stream in frames
    )
    with suppress(ValueError, OSError, asyncio.IncompleteReadError):
        assert asyncio.run(read(data + rest)) <= len(data)


def test_what_version_2_does_not_compare_is_refused():
    with pytest.raises(msgspec.ValidationError, match=r"1\.1"):
        msgspec.convert({"kind": "http", "url": "http://a/", "version": "2", "redirect": "x"}, HttpTarget)
