"""Lines and services meet on one entity: both are called as discovery calls them."""

from __future__ import annotations

import os

import pytest

from collectors.host import Host
from collectors.identity import identify
from collectors.logs.log_writers import Writers
from collectors.process_table import process

GONE = "/var/log/postgresql/postgresql-15-main.log"


def command(pid: int) -> str:
    found = process(Host("db1"), pid)
    assert found is not None
    return identify(Host("db1"), found).name


@pytest.fixture
def writers():
    def make(**services: dict[str, str]) -> Writers:
        return Writers(Host("db1", remembered={"services": services}))

    return make


def test_who_has_the_file_open_wrote_it(writers, tmp_path):
    with (tmp_path / "shop.log").open("w"):
        assert writers().of_file(str(tmp_path / "shop.log")) == command(os.getpid())


@pytest.mark.parametrize(
    ("service", "process"), [("postgres", "postgres"), ("postgresql@15-main", "postgres"), ("postgresql", "")]
)
def test_of_a_service_that_has_ended_the_file_still_goes_by_its_name(writers, service, process):
    assert writers(**{service: {"process": process}}).of_file(GONE) == service


def test_a_program_goes_by_the_service_that_it_ran_as(writers):
    named = writers(web={"unit": "web.service", "process": "nginx-like"})
    assert named.of_program("nginx-like") == "web"


def test_two_services_that_are_like_a_file_are_none(writers):
    named = writers(postgres={"process": "postgres"}, postgresqlx={"process": ""})
    assert named.of_file(GONE) == "postgresql"
