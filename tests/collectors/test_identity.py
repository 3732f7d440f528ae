"""What processes are called."""

from __future__ import annotations

import pytest

from collectors.identity import identify, unit_in
from collectors.process_table import Process


def _process(name: str) -> Process:
    return Process(7, name, "S", 1, 7, 0, 0, 0, False)


@pytest.mark.parametrize(
    ("name", "words", "called"),
    [
        ("nginx", ["nginx: master process /usr/sbin/nginx"], "nginx"),
        ("python3", ["python3", "-u", "/srv/shop.py", "8000"], "shop"),
        ("python3", ["/usr/bin/python3.11", "-m", "http.server", "8000"], "http.server"),
        ("python3", ["python3", "-W", "error", "shop.py"], "shop"),
        ("node", ["node", "--inspect", "/srv/app/server.js"], "server"),
        ("java", ["java", "-Xmx1g", "-cp", "a:b", "-jar", "/opt/billing.jar"], "billing"),
        ("python3", ["python3", "-c", "print()"], "python3"),
        ("shopd", ["python3", "-I", "/srv/shop.py"], "shopd"),
        ("shop.py", ["/usr/bin/python3", "/srv/shop.py"], "shop"),
        ("node-MainThread", ["node", "/srv/app/server.js"], "server"),
        ("redis-server", ["redis-server *:6379"], "redis-server"),
        ("evil /name", ["evil"], "evil-name"),
        ("\x1b[31m", [], "31m"),
    ],
)
def test_a_process_is_called_by_the_program_it_runs(tree, name, words, called):
    tree.write("/proc/7/cmdline", "\0".join(words) + "\0")
    tree.write("/proc/7/cgroup", "0::/user.slice/session-1.scope\n")
    assert identify(tree.host(), _process(name)).name == called


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/system.slice/nginx.service", "nginx.service"),
        ("/system.slice/nginx.service/worker", "nginx.service"),
        ("/system.slice/system-postgresql.slice/postgresql@15-main.service", "postgresql@15-main.service"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice", ""),
        ("/system.slice/run-r12.service", ""),
        ("/system.slice/docker-0123.scope", ""),
        ("/", ""),
    ],
)
def test_only_lasting_services_of_the_system_are_units(path, unit):
    assert unit_in(path) == unit
