"""What a program says when it tests its own configuration: real nginx and dnsmasq."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collectors.host import Host
from collectors.services.configurations import judge
from collectors.services.configurations import test_of as command_for
from wire.judgement import Reason

HOST = Host("box")
NGINX = "pid {place}/pid;\nerror_log {place}/log;\nevents {{}}\nhttp {{ access_log off; {more} }}\n"


def answers(program: str, option: str, file: Path) -> list[Reason]:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    argv = command_for(program, [option, str(file)])
    return [each.reason for each in judge(HOST, program, HOST.run(argv, timeout=20.0))]


def nginx(place: Path, more: str) -> list[Reason]:
    file = place / "nginx.conf"
    file.write_text(NGINX.format(place=place, more=more))
    return answers("nginx", "-c", file)


def dnsmasq(place: Path, text: str) -> list[Reason]:
    file = place / "dnsmasq.conf"
    file.write_text(text)
    return answers("dnsmasq", "-C", file)


def test_a_configuration_that_can_be_used_passes(tmp_path: Path) -> None:
    assert nginx(tmp_path, "") == [Reason.OK]
    assert dnsmasq(tmp_path, "no-resolv\n") == [Reason.OK]


def test_an_unknown_word_is_wrong(tmp_path: Path) -> None:
    assert nginx(tmp_path, "proxy_cash_path /tmp;") == [Reason.WRONG]
    assert dnsmasq(tmp_path, "no-resolve-at-all\n") == [Reason.WRONG]


def test_a_missing_bracket_is_wrong(tmp_path: Path) -> None:
    assert nginx(tmp_path, "server {") == [Reason.WRONG]


def test_a_name_that_does_not_resolve_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    assert nginx(tmp_path, "upstream a { server no-such-host.invalid:80; }") == []


def test_a_file_that_may_not_be_read_tells_nothing(tmp_path: Path) -> None:
    assert answers("nginx", "-c", tmp_path / "not-there.conf") == []


def test_the_file_that_a_program_was_started_with_is_the_one_that_is_tested() -> None:
    said = "master process /usr/sbin/haproxy -Ws -f /etc/other.cfg -p /run/haproxy.pid"
    assert command_for("nginx", ["master", "process", "nginx", "-g", "daemon", "off;"]) == (
        "nginx",
        "-t",
        "-q",
    )
    assert command_for("haproxy", ["-Ws", "-f", "/etc/other.cfg"])[-2:] == ("-f", "/etc/other.cfg")
    assert command_for("haproxy", said.split()) == ()
    assert command_for("postgres", []) == ()
