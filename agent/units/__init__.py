"""Probes and collectors: found, what they declare, and what they are allowed."""
