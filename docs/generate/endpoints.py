"""The page of endpoints, from the server's own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from markup import table

from server.app import compose
from server.config import read_config
from server.document import complete


def endpoints() -> Iterator[str]:
    yield "# Endpoints\n"
    yield "`/openapi.json` has the bodies. A credential is needed wherever the last column says so."
    yield ""
    with TemporaryDirectory() as home:
        document = document_of(Path(home))
    rows = (
        (
            f"`{method.upper()} {path}`",
            operation.get("summary", ""),
            "open" if operation.get("security") == [] else "credential",
        )
        for path, operations in sorted(document["paths"].items())
        for method, operation in operations.items()
        if isinstance(operation, dict) and "responses" in operation
    )
    yield from table(("endpoint", "what it does", "access"), rows)


def document_of(home: Path) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    """Of a server that is composed and never started."""
    app = compose(read_config({"ROOTWARD_HOME": str(home)}), "http://127.0.0.1:8470", "")
    try:
        return complete(app.litestar)
    finally:
        app.close()
