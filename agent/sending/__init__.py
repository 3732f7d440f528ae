"""The way out: numbered, spooled on disk, sent in order."""
