"""The part of the configuration that units may see."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.config import Config
from collectors.clients.declared import OPTION, Declared


def host_options(config: Config) -> dict[str, str]:
    """``log.kernel``: path or ""; ``log.journal``: "yes" or ""; ``log.files``: globs, one a line.

    ``log.cache``: folder of the compiled signatures. ``log.rules``: folder of the site's own.
    ``log.novelty``: "yes" or "".
    ``applications``: what is declared of them, as JSON; ``applications.fresh`` … is "yes" where there is any.
    """
    declared = config.applications
    return {
        "log.kernel": config.logs.kernel,
        "log.journal": "yes" if config.logs.journal else "",
        "log.files": "\n".join(config.logs.files),
        OPTION: msgspec.json.encode(config.applications).decode(),
        **{f"{OPTION}.{table}": "yes" for table in Declared.__struct_fields__ if getattr(declared, table)},
        "log.cache": str(Path(config.home) / "cache") if config.home else "",
        "log.rules": config.logs.rules,
        "log.novelty": "yes" if config.logs.novelty else "",
    }
