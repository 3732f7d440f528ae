"""Boards, sensors, memory modules, GPUs and power."""
