"""What this host knows of itself now, what of it is news, and what may leave it."""
