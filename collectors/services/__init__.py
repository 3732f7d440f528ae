"""What runs and listens on this host, and who keeps it running."""
