"""The page of settings: the server's environment and the agent's file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from markup import code, table

import agent.config
from server.config import SETTINGS

AGENT_TABLES = {"Config": "", "Logs": "[logs]", "Hints": "[hints]"}


def settings() -> Iterator[str]:
    yield "# Settings\n"
    yield "## Server\n"
    yield "Read from the environment. A bad value stops the start with its name."
    yield ""
    rows = ((f"`{each.name}`", code(each.default), each.meaning) for each in SETTINGS)
    yield from table(("setting", "default", "meaning"), rows)
    yield "\n## Agent\n"
    yield "A TOML file given by `--config`; all of it optional. An unknown key is an error that names it."
    yield ""
    yield from table(("key", "default", "meaning"), agent_keys())


def agent_keys() -> Iterator[tuple[str, str, str]]:
    """The fields of the structs that the file is decoded into, with the words beneath each."""
    source = Path(agent.config.__file__).read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name in AGENT_TABLES:
            section = AGENT_TABLES[node.name]
            for field, below in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    default = ast.unparse(field.value) if field.value else ""
                    yield f"`{section} {field.target.id}`".replace("` ", "`"), code(default), words(below)


def words(node: ast.stmt | None) -> str:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return " ".join(str(node.value.value).split()) if is_text else ""  # type: ignore[union-attr]
