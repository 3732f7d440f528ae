"""Passive readers of what the host already knows; one file per source."""
