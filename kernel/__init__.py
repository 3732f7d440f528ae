"""Doors to this machine's kernel that probes and collectors share; knows neither of them."""
