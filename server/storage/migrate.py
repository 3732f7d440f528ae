"""Brings the database to the newest schema at start, one process at a time."""

from __future__ import annotations

import fcntl
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, lock: Path) -> None:
    """Runs what is missing, in one transaction; a second process waits on ``lock`` and then has none."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
