"""The signatures that a site brings along: TOML as ours, and node-problem-detector's files as they are."""

from __future__ import annotations

from pathlib import Path

from rules.catalogue import BadRule
from rules.matching.node_problem_detector import read_npd
from rules.matching.signatures import Signature, load_signatures


def with_site(folder: Path | None) -> tuple[Signature, ...]:
    """Ours and those of the folder. Raises BadRule for what cannot be used, or an id given twice."""
    ours = load_signatures()
    if folder is None:
        return ours
    if not folder.is_dir():
        raise BadRule(f"no folder of rules: {folder}")
    site = [*load_signatures(folder)]
    for path in sorted(folder.glob("*.json")):
        site += read_npd(path)
    known = {one.id for one in ours}
    for one in site:
        if one.id in known:
            raise BadRule(f"{folder}: {one.id} is declared twice")
        known.add(one.id)
    return (*ours, *site)
