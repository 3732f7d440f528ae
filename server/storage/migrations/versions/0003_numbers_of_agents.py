"""How far an agent's numbers went, so that the next agent of its host begins above them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for name in ("start", "last_seq"):
        op.add_column("agent", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
