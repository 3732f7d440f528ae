"""Prometheus with a community's rules beside us: the same lab, the same faults, one run."""
