"""Machines without an agent, asked by SNMP."""
