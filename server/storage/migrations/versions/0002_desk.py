"""Tickets with their events, diagnoses and cited observations; declared sites; maintenance windows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("active_key", sa.String(1024), unique=True),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ticket_opened", "ticket", ["opened_at"])
    for name, number in (("ticket_event", "seq"), ("diagnosis", "number")):
        op.create_table(
            name,
            sa.Column("ticket", sa.Integer, primary_key=True),
            sa.Column(number, sa.Integer, primary_key=True),
            sa.Column("at", sa.Float, nullable=False),
            sa.Column("body", sa.Text, nullable=False),
        )
    op.create_table(
        "cited_observation",
        sa.Column("ticket", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(320), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    _create_declarations()


def _create_declarations() -> None:
    op.create_table(
        "declared_site",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "maintenance_window",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entity", sa.String(512), nullable=False),
        sa.Column("starts_at", sa.Float, nullable=False),
        sa.Column("ends_at", sa.Float, nullable=False),
        sa.Column("why", sa.String(512), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("cancelled_at", sa.Float),
    )
    op.create_index("maintenance_ends", "maintenance_window", ["ends_at"])
