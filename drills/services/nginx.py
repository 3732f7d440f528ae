"""nginx as TLS front and reverse proxy."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

from drills.errors import LabError
from drills.layout import BY_NAME, OUTSIDE
from drills.node import Node, Service
from drills.services.authority import Authority

KEY, CERTIFICATE, LOG = "/etc/nginx/tls/key.pem", "/etc/nginx/tls/cert.pem", "/var/log/nginx/error.log"
BACKENDS = {"web1": "app1", "web2": "app2"}
PARTNER_PORT = 9000
RELOADS, RELOAD_SECONDS = 20, 3.0
FILES = 64
"""Open files that one worker may have; set at start, as few may raise a limit later."""

CONFIG = """\
user www-data;
worker_processes 1;
worker_rlimit_nofile {files};
pid /run/nginx.pid;
error_log {log} error;
events {{ worker_connections 256; }}
http {{
    access_log /var/log/nginx/access.log;
    upstream shop {{ {backends} keepalive 4; }}
    server {{
        listen 443 ssl;
        server_name {name};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        proxy_connect_timeout 2s;
        proxy_read_timeout 6s;
        location / {{
            proxy_pass http://shop;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
        location /partner/ {{ proxy_pass http://{partner}:{partner_port}/; }}
    }}
}}
"""
SERVICE = Service(name="nginx", argv=("nginx", "-g", "daemon off;"), log="/var/log/nginx/console.log")


def start(node: Node, authority: Authority) -> None:
    """It is installed once; later starts find its files on the disk."""
    if not node.path(KEY).exists():
        node.path("/var/log/nginx").mkdir(parents=True, exist_ok=True)
        configure(node, [BACKENDS[node.name]])
        install(node, *authority.issue(BY_NAME[node.name].fqdn))
    node.start(SERVICE)


def configure(node: Node, backends: Sequence[str]) -> None:
    """Writes the file; it holds from the next start or reload on."""
    text = CONFIG.format(
        log=LOG,
        files=FILES,
        backends=" ".join(f"server {BY_NAME[backend].fqdn}:8000;" for backend in backends),
        name=BY_NAME[node.name].fqdn,
        key=KEY,
        certificate=CERTIFICATE,
        partner=BY_NAME[OUTSIDE].address,
        partner_port=PARTNER_PORT,
    )
    node.write("/etc/nginx/nginx.conf", text)


def install(node: Node, key: str, certificate: str) -> None:
    node.write(KEY, key, mode=0o600)
    node.write(CERTIFICATE, certificate)


def reload(node: Node) -> None:
    """The master reads certificates anew and replaces its workers; returns when a new worker is there.

    A signal that comes while the master is still busy with the one before may be lost, so it is repeated.
    Raises LabError when no new worker comes.
    """
    master, *workers = node.processes("nginx")
    before = {master, *workers}
    for _ in range(RELOADS):
        os.kill(master, signal.SIGHUP)
        until = time.monotonic() + RELOAD_SECONDS
        while time.monotonic() < until:
            if set(node.processes("nginx")) - before:
                return
            time.sleep(0.05)
    raise LabError(f"nginx on {node.name} does not reload")
