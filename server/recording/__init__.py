"""Recordings of what agents said: made from a living server, and run again through the same stages."""
