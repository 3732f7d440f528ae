"""What Prometheus scrapes: results with their reason, and the agent's own health."""

import subprocess
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.edge.state import EdgeState, Finding
from agent.metrics import Exposition, MetricsServer, Numbers
from wire.judgement import JITTER, Judgement, Reason, Verdict

NUMBERS = Numbers(**dict.fromkeys(Numbers.__dataclass_fields__, 3))


@pytest.fixture
def scraped():
    state = EdgeState()
    for subject, verdict, reason in (
        ('endpoint:http://a"b', Verdict.FAIL, Reason.STATUS),
        ("host:x", Verdict.UNKNOWN, Reason.DEADLINE),
    ):
        judgement = Judgement(
            signal="app.http",
            subject=subject,
            verdict=verdict,
            reason=reason,
            value=0.5,
            evidence={JITTER: 2.5} if subject == "host:x" else {},
        )
        state.apply(Finding(judgement=judgement, at=1.0, source="probe"))
    return _scrape(state)


@pytest.fixture
def child():
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def _scrape(state=()):
    exposition = Exposition(lambda: list(state), lambda: {"15s/1": 1.0}, lambda: NUMBERS)
    server = MetricsServer("127.0.0.1:0", exposition)
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        text = answer.read().decode()
    server.stop()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {(one.name, one.labels.get("subject", "")): one for one in samples}


def test_a_result_has_its_reason_and_value(scraped):
    result = scraped[("rootward_probe_result", 'endpoint:http://a"b')]
    assert (result.value, result.labels["reason"]) == (0.0, "status")
    assert scraped[("rootward_probe_result", "host:x")].value == -1.0
    assert scraped[("rootward_probe_value", 'endpoint:http://a"b')].value == 0.5


def test_the_jitter_of_round_trips_is_told_in_seconds_where_it_was_measured(scraped):
    assert scraped[("rootward_probe_jitter_seconds", "host:x")].value == 0.0025
    assert ("rootward_probe_jitter_seconds", 'endpoint:http://a"b') not in scraped


def test_the_agent_tells_of_itself(scraped):
    assert scraped[("rootward_dropped_total", "")].value == 3
    assert scraped[("rootward_skipped_rounds_total", "")].value == 3
    assert scraped[("rootward_agent_resident_bytes", "")].value > 1e6
    assert scraped[("rootward_agent_cpu_seconds_total", "")].value > 0
    assert scraped[("rootward_agent_threads", "")].value >= 1


def test_memory_of_living_children_is_told(child):
    assert _scrape()[("rootward_agent_children_resident_bytes", "")].value > 1e5


def test_an_empty_address_opens_no_port():
    assert MetricsServer("", Exposition(list, dict, lambda: NUMBERS)).port == 0
