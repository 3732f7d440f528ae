"""From log lines to signals: signatures, and the one matcher for all of them."""
