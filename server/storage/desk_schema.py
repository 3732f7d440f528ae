"""The tables of the desk. Times are seconds since the epoch, by the server's clock."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from server.storage.schema import metadata

tickets = Table(
    "ticket",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    # NULL once nobody works on it; the index lets one open ticket hold a root, whatever races.
    Column("active_key", String(1024), unique=True),
    Column("opened_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("body", Text, nullable=False),  # the fold of its events, as JSON
)
Index("ticket_opened", tickets.c.opened_at)

ticket_events = Table(
    "ticket_event",
    metadata,
    Column("ticket", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),  # server.desk.ticket.Event as JSON
)

diagnoses = Table(
    "diagnosis",
    metadata,
    Column("ticket", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("body", Text, nullable=False),  # rules.diagnosis.Diagnosis as JSON
)

cited = Table(
    "cited_observation",
    metadata,
    Column("ticket", Integer, primary_key=True),
    Column("id", String(320), primary_key=True),
    Column("body", Text, nullable=False),  # server.desk.draft.Cited as JSON
)

sites = Table(
    "declared_site",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("body", Text, nullable=False),  # rules.topology.Site as JSON
)

windows = Table(
    "maintenance_window",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(512), nullable=False),
    Column("starts_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
    Column("why", String(512), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("cancelled_at", Float),
)
Index("maintenance_ends", windows.c.ends_at)

changes = Table(
    "declared_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(512), nullable=False),
    Column("what", String(512), nullable=False),
    Column("at", Float, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("told_at", Float, nullable=False),
)
Index("declared_change_at", changes.c.at)
