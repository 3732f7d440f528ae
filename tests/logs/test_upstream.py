"""The backend that a proxy's line names."""

import pytest

from collectors.services.upstream import upstream_in
from wire.judgement import Path


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (
            'while connecting to upstream, client: 10.0.0.9, upstream: "http://10.1.0.4:8080/", host: "a"',
            8080,
        ),
        (
            'upstream timed out (110: ) while connecting to upstream, upstream: "fastcgi://10.1.0.4:9000"',
            9000,
        ),
        ("AH00957: HTTP: attempt to connect to 10.1.0.4:8080 (10.1.0.4) failed", 8080),
    ],
)
def test_a_line_that_names_its_backend_is_about_that_address(line, named):
    assert upstream_in(line) == Path(address="10.1.0.4", port=named)


def test_an_address_of_six_is_read_without_its_brackets():
    assert upstream_in('upstream: "http://[2001:db8::4]:8080/"') == Path(address="2001:db8::4", port=8080)


@pytest.mark.parametrize(
    "line",
    [
        'no live upstreams while connecting to upstream, client: 10.0.0.9, upstream: "http://shop/"',
        'upstream: "http://unix:/run/app.sock:/"',
        'upstream: "http://999.1.0.4:8080/"',
        'upstream: "http://10.1.0.4:99999/"',
    ],
)
def test_a_line_that_names_no_address_is_about_none(line):
    assert upstream_in(line) is None
