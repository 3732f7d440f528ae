"""Processes for reads that may hang."""
