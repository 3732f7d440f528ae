"""The tables of identity and ingest. Times are seconds since the epoch, by the server's clock."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

agents = Table(
    "agent",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("host", String(253), nullable=False),
    Column("secret_hash", LargeBinary(32), nullable=False),
    Column("boot_id", String(64), nullable=False, default=""),
    Column("enrolled_at", Float, nullable=False),
    Column("revoked_at", Float),
    Column("start", Integer, nullable=False, default=0),  # its numbers are above this
    Column("last_seq", Integer, nullable=False, default=0),  # once revoked: the highest it had given
)
Index("agent_host", agents.c.host)

enrolment_tokens = Table(
    "enrolment_token",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("host", String(253), nullable=False, default=""),  # empty: any host that is not enrolled yet
    Column("made_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("used_at", Float),
    Column("agent", String(64)),
)

operators = Table(
    "operator",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", Float, nullable=False),
)

sessions = Table(
    "session",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("operator", String(64), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("began_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)

batches = Table(
    "batch_log",
    metadata,
    Column("id", Integer, primary_key=True),  # given by the server, rising over all agents
    Column("agent", String(64), nullable=False),
    Column("received_at", Float, nullable=False),
    Column("last_seq", Integer, nullable=False),  # the agent's high-water mark after this batch
    Column("body", LargeBinary, nullable=False),  # as received: JSON, or gzip of it
)

checkpoints = Table(
    "checkpoint",
    metadata,
    Column("agent", String(64), primary_key=True),
    Column("upto", Integer, nullable=False),  # the last batch that this state holds
    Column("body", LargeBinary, nullable=False),  # msgpack of the agent's state
)

checkpoints_before = Table(
    "checkpoint_before",  # the one before of each agent: where a recording of the last minutes begins
    metadata,
    Column("agent", String(64), primary_key=True),
    Column("upto", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

snapshots = Table(
    "snapshot",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("host", String(253), nullable=False),
    Column("at", Float, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("body", LargeBinary, nullable=False),  # gzip of the JSON
)
Index("snapshot_host", snapshots.c.host, snapshots.c.received_at)
