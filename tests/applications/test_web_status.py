"""Apache and nginx, asked for their own status pages."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from collectors.applications import web_status
from collectors.clients.local import Local
from tests.applications.conftest import free_port, look, needs, troubles, wait_for
from wire.judgement import Reason

MODULES = "/usr/lib/apache2/modules"


@pytest.fixture
def apache(launch, tmp_path):
    def start(extra: str = "", workers: int = 3) -> int:
        port = free_port()
        file = tmp_path / "apache.conf"
        names = {"mpm_prefork": "mpm_prefork", "authz_core": "authz_core", "status": "status"}
        modules = "\n".join(
            f"LoadModule {name}_module {MODULES}/mod_{file}.so" for name, file in names.items()
        )
        file.write_text(
            f"{modules}\nServerRoot {tmp_path}\nPidFile {tmp_path}/pid\nErrorLog {tmp_path}/error.log\n"
            f"Listen 127.0.0.1:{port}\nServerName box\nDocumentRoot {tmp_path}\nTimeout 300\n"
            f"StartServers {workers}\nServerLimit {workers}\nMaxRequestWorkers {workers}\n{extra}\n"
        )
        launch(needs("apache2"), "-DFOREGROUND", "-f", str(file), port=port)
        return port

    return start


STATUS = "<Location /server-status>\nSetHandler server-status\n</Location>"


def test_an_idle_apache_is_silent(apache, box):
    port = apache(STATUS)
    wait_for(lambda: look(web_status, box, port)["app.workers"].evidence["workers"] == 3, "the last worker")
    assert troubles(look(web_status, box, port)) == {}


def test_an_apache_whose_workers_are_busy_is_told(apache, box):
    port = apache(STATUS)
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    try:
        for sock in held:
            sock.sendall(b"GET / HTTP/1.1\r\n")
        wait_for(
            lambda: troubles(look(web_status, box, port)) == {"app.workers": Reason.EXHAUSTED},
            "the last worker",
        )
    finally:
        for sock in held:
            sock.close()


def test_one_without_a_status_page_is_silent_and_not_asked_at_each_look(apache, box, tmp_path):
    log = tmp_path / "access.log"
    port = apache(f'CustomLog {log} "%r"', workers=1)
    assert look(web_status, box, port) == {}
    first = asked(log, port).count("server-status")
    assert look(web_status, box, port) == {}
    assert first > 0
    assert asked(log, port).count("server-status") == first


def asked(log: Path, port: int) -> str:
    """What its one worker was asked for. It logs after it has answered, so a question of ours comes last."""
    last = f"/{time.monotonic_ns()}"
    requests.get(f"http://127.0.0.1:{port}{last}", timeout=60)
    while last not in (text := log.read_text()):
        time.sleep(0.02)
    return text


def test_nginx_counts_its_connections(launch, box, tmp_path):
    port = free_port()
    file = tmp_path / "nginx.conf"
    paths = " ".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file.write_text(
        f"daemon off; pid {tmp_path}/pid;\nevents {{ worker_connections 64; }}\n"
        f"http {{ access_log off; {paths}\nserver {{ listen 127.0.0.1:{port};\n"
        "location = /nginx_status { stub_status; } } }\n"
    )
    launch(needs("nginx"), "-c", str(file), "-e", f"{tmp_path}/error.log", port=port)
    found = look(web_status, box, port)
    assert troubles(found) == {}
    assert found["app.workers"].evidence["active"] >= 1


@given(st.text(max_size=300))
def test_no_text_breaks_the_readers(text):
    from collectors.host import Host
    from collectors.services.listening import Service

    service = Service("x", "", "", "x", 1, (1,), 0.0, True, False, ())
    for read in (web_status.apache, web_status.nginx):
        read(Host("box", "/nowhere"), Local(service, ("127.0.0.1", 80)), text)
        read(
            Host("box", "/nowhere"), Local(service, ("127.0.0.1", 80)), "BusyWorkers: 1\nScoreboard: " + text
        )
