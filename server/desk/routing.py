"""Priority and team of a ticket, looked up in the tables beside this file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rules.classification import Domain
from server.desk.ticket import Level, Priority, Scope, Words

HERE = Path(__file__).parent
Matrix = dict[Scope, dict[Level, Priority]]


class Team(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    domain: Domain
    name: Words


class _TeamFile(msgspec.Struct, forbid_unknown_fields=True):
    team: list[Team]


class Routing(msgspec.Struct, frozen=True):
    """The tables by which tickets find their priority and team."""

    matrix: Matrix
    teams: tuple[Team, ...]

    def priority(self, impact: Scope, urgency: Level) -> Priority:
        return self.matrix[impact][urgency]

    def team(self, domain: Domain) -> str:
        """Id of the team; the first one of all where the table names none for the domain."""
        return next((each.id for each in self.teams if each.domain == domain), self.teams[0].id)

    def team_name(self, team: str) -> Words:
        return next((each.name for each in self.teams if each.id == team), {"en": team, "zh": team})


def load_routing(folder: Path = HERE) -> Routing:
    """Raises msgspec.DecodeError, naming the field, for tables that are not complete."""
    matrix = msgspec.toml.decode((folder / "priority.toml").read_bytes(), type=Matrix)
    teams = msgspec.toml.decode((folder / "teams.toml").read_bytes(), type=_TeamFile).team
    return Routing(matrix=matrix, teams=tuple(teams))
