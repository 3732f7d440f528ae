"""The server: ingest, state, diagnosis, desk, pages."""
