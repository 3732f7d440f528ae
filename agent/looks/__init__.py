"""What to look at, when, and how a look is run."""
