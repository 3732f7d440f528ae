"""The one command, ``rootward``; each subcommand is imported only when it is called."""

__version__ = "0.1.0"
