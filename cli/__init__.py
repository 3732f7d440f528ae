"""The one command, ``rootward``; each subcommand is imported only when it is called."""
