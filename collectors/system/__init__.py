"""Processor, memory, processes, kernel and clock."""
