"""What was changed on purpose: deployments and the like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "declared_change",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entity", sa.String(512), nullable=False),
        sa.Column("what", sa.String(512), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("told_at", sa.Float, nullable=False),
    )
    op.create_index("declared_change_at", "declared_change", ["at"])
