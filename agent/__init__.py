"""The agent: rounds, state, spool, uplink, metrics, drill-down tasks."""
