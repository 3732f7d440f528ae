"""Alembic revisions, one file each, named for their number and what they bring."""
