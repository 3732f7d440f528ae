"""Everything that is on disk. Only this package knows SQL."""
