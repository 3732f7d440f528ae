"""Doors to this machine's kernel, and formats, that probes and collectors share; knows neither of them."""
