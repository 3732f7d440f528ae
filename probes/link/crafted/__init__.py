"""Packets that no socket makes for us; what sends them runs in a process of its own, with scapy."""

APART = True
