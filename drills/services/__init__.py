"""Real servers of the lab: what each needs to run on a host of its own."""
