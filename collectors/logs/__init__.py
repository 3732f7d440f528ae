"""The kernel log, the journal and files, through one matcher."""
