"""The part of the configuration that units may see."""

from __future__ import annotations

from pathlib import Path

from agent.config import Config


def host_options(config: Config) -> dict[str, str]:
    """``log.kernel``: path or ""; ``log.journal``: "yes" or ""; ``log.files``: globs, one a line.

    ``log.cache``: folder of the compiled signatures.
    """
    return {
        "log.kernel": config.logs.kernel,
        "log.journal": "yes" if config.logs.journal else "",
        "log.files": "\n".join(config.logs.files),
        "log.cache": str(Path(config.home) / "cache") if config.home else "",
    }
