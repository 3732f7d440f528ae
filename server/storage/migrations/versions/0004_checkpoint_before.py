"""The checkpoint before the last: with the batches since, a record of what the engine saw lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "checkpoint_before",
        sa.Column("agent", sa.String(64), primary_key=True),
        sa.Column("upto", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.execute("INSERT INTO checkpoint_before SELECT agent, upto, body FROM checkpoint")
