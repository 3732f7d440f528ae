"""Disks, arrays, volumes and file systems."""
