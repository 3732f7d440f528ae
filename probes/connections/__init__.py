"""Connections, TLS, and how what listens greets."""
