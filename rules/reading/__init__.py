"""Reads a line that no signature knows: who speaks, and what kind of complaint it is."""
