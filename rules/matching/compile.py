"""Compiles patterns in a process of its own: compiling takes memory that the agent would never give back.

Standard input: JSON list of patterns. Standard output: the serialised hyperscan database.
"""

from __future__ import annotations

import json
import sys

import hyperscan


def compile_patterns(patterns: list[str]) -> bytes:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.encode() for pattern in patterns],
        ids=list(range(len(patterns))),
        flags=[hyperscan.HS_FLAG_MULTILINE] * len(patterns),
    )
    return bytes(hyperscan.dumpb(database))


if __name__ == "__main__":
    sys.stdout.buffer.write(compile_patterns(json.load(sys.stdin)))
