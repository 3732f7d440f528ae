"""Looks without a server: one round, recorded output, a collected host."""
