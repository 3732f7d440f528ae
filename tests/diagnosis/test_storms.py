"""A failure with very many symptoms is one ticket from beginning to end, whatever arrives first."""

from __future__ import annotations

import pytest

from bench.storm.play import ARRIVALS, Play
from bench.storm.shapes import core_switch, database, file_system, name_server

pytestmark = pytest.mark.timeout(600)
"""A storm takes seconds; a machine that others use, too, takes minutes."""


def tickets_of(storm, arrival, folder, catalogue):
    """All that there ever were, the merged ones too."""
    play = Play(storm, folder, catalogue)
    play.settle_in()
    play.fail(ARRIVALS[arrival])
    found = play.tickets()
    play.database.close()
    return found


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_a_switch_with_two_thousand_symptoms_never_was_more_than_one_ticket(arrival, tmp_path, catalogue):
    storm = core_switch(2_000)
    tickets = tickets_of(storm, arrival, tmp_path, catalogue)
    assert [each.root for each in tickets] == [storm.root]


@pytest.mark.parametrize("shape", [database, name_server, file_system])
def test_what_many_hosts_lean_on_never_was_more_than_one_ticket(shape, tmp_path, catalogue):
    storm = shape(600)
    tickets = tickets_of(storm, "last", tmp_path, catalogue)
    assert [each.root for each in tickets] == [storm.root]


def test_the_ticket_of_a_storm_watches_every_symptom(tmp_path, catalogue):
    storm = database(600)
    (ticket,) = tickets_of(storm, "2 s late", tmp_path, catalogue)
    assert len(ticket.watch) == storm.symptoms
