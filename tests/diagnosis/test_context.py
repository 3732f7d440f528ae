"""Lines of a new kind: they open nothing, and stand in the report of what began shortly after."""

from __future__ import annotations

import pytest

from wire.judgement import Reason, Verdict

LINE = "shop: warning: the price list of supplier 7 lost its signature"


def say(lab, host, subject, line=LINE):
    lab.look(
        host,
        "log.novel",
        subject,
        Reason.MATCHED,
        verdict=Verdict.WARN,
        confirmed=False,
        evidence={"line": line},
    )


def test_new_lines_on_every_host_open_nothing_and_are_no_symptom(lab):
    lab.join("web1", "web2", "web3")
    for host in lab.agents:
        say(lab, host, f"host:{host}")
        say(lab, host, f"service:{host}/nginx")
    lab.pass_time(180)
    assert (lab.tickets(), lab.diagnoses(), dict(lab.pipeline.standing.failing)) == ([], [], {})


@pytest.mark.parametrize(
    ("language", "words"), [("en", "new on this host since"), ("zh", "首次出现的日志类型")]
)
def test_the_report_cites_a_line_that_came_shortly_before(lab, language, words):
    lab.join("web1", "web2")
    say(lab, "web1", "service:web1/nginx")
    lab.pass_time(60)
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    report = lab.report(lab.only_ticket(), language=language)
    assert f"{words}" in report
    assert "the price list of supplier 7" in report
    assert lab.unproven() == []


def test_the_line_changes_nothing_of_the_diagnosis(lab):
    lab.join("web1", "web2")
    say(lab, "web1", "service:web1/nginx")
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    [found] = lab.diagnoses()
    assert all(signal != "log.novel" for _, signal, _ in (*found.explains, *found.perhaps))
    assert lab.only_ticket().fault == "svc.process.down"


@pytest.mark.parametrize(("host", "wait"), [("web1", 900), ("web2", 10)])
def test_an_old_line_and_one_of_another_host_are_not_cited(lab, host, wait):
    lab.join("web1", "web2")
    say(lab, host, f"host:{host}")
    lab.pass_time(wait)
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    assert "price list" not in lab.report(lab.only_ticket())


def test_a_restart_of_the_server_keeps_what_the_report_cites(lab):
    lab.join("web1", "web2")
    say(lab, "web1", "service:web1/nginx")
    lab.stop("web1", "nginx")
    lab.pass_time(30)
    lab.restart()
    lab.pass_time(120)
    assert "the price list of supplier 7" in lab.report(lab.only_ticket())
