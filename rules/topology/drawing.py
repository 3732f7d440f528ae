"""A graph as some other program drew it, read from GraphML or GML. Every file is taken for hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from xml.parsers import expat

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 32
MAX_TEXT = 1024
"""Characters of one value; the rest is cut off."""


class BadDrawing(ValueError):
    """A file that cannot be read; the text says where and why."""


@dataclass
class Drawing:
    """Nodes by id with their attributes, and edges (one end, other end, attributes)."""

    directed: bool = False
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


def read_drawing(content: bytes) -> Drawing:
    """Raises BadDrawing. XML is GraphML, everything else is taken for GML."""
    if len(content) > MAX_BYTES:
        raise BadDrawing(f"larger than {MAX_BYTES // 2**20} MiB")
    is_xml = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    drawing = _Graphml().read(content) if is_xml else read_gml(content.decode("utf-8", "replace"))
    for one, other, _ in drawing.edges:
        for end in (one, other):
            if end not in drawing.nodes:
                raise BadDrawing(f"an edge leads to {end[:80]!r}, which is no node")
    return drawing


class _Graphml:
    """Without document types, and so without entities of its own: what they expand to has no bound."""

    def __init__(self) -> None:
        self._drawing = Drawing()
        self._names: dict[str, str] = {}
        self._open: list[dict[str, str]] = []
        self._key = ""
        self._text: list[str] = []
        self._depth = 0

    def read(self, content: bytes) -> Drawing:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise BadDrawing(f"no well-formed XML: {error}") from None
        except (LookupError, ValueError) as error:  # an encoding that nobody knows
            raise error if isinstance(error, BadDrawing) else BadDrawing(str(error)) from None
        return self._drawing

    @staticmethod
    def _refuse(*_: object) -> None:
        raise BadDrawing("a document type is not read")

    def _start(self, name: str, given: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadDrawing(f"nested deeper than {MAX_DEPTH}")
        match name.rpartition(":")[2]:
            case "key":
                self._names[given.get("id", "")] = given.get("attr.name") or given.get("id", "")
            case "graph":
                self._drawing.directed = given.get("edgedefault") == "directed"
            case "node":
                self._open.append(self._drawing.nodes.setdefault(_end(given, "id"), {}))
            case "edge":
                told: dict[str, str] = {}
                self._drawing.edges.append((_end(given, "source"), _end(given, "target"), told))
                self._open.append(told)
            case "data":
                self._key = given.get("key", "")
                self._text = []

    def _end(self, name: str) -> None:
        self._depth -= 1
        bare = name.rpartition(":")[2]
        if bare in ("node", "edge"):
            self._open.pop()
        elif bare == "data" and self._open:
            self._open[-1][self._names.get(self._key, self._key)] = "".join(self._text).strip()[:MAX_TEXT]

    def _characters(self, text: str) -> None:
        if len(self._text) < MAX_TEXT:
            self._text.append(text)


def _end(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise BadDrawing(f"a node or an edge without {name}")
    return given[name]


TOKEN = re.compile(r'"(?P<text>[^"]*)"|(?P<open>\[)|(?P<close>\])|(?P<word>[^\s\[\]"]+)|(?P<stray>")')
COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
Value = str | list[tuple[str, "Value"]]


def read_gml(text: str) -> Drawing:
    """``graph [ node [ id 1 label "a" ] edge [ source 1 target 2 ] ]`` (Himsolt, 1996)."""
    tokens = TOKEN.finditer(COMMENT.sub("", text))
    top = dict(_pairs(tokens, 0))
    graph = top.get("graph")
    if not isinstance(graph, list):
        raise BadDrawing('neither GraphML nor GML: there is no "graph [ … ]"')
    drawing = Drawing(directed=dict(graph).get("directed") == "1")
    for name, value in graph:
        if name == "node" and isinstance(value, list):
            told = _scalars(value)
            drawing.nodes[_end(told, "id")] = told
        elif name == "edge" and isinstance(value, list):
            told = _scalars(value)
            drawing.edges.append((_end(told, "source"), _end(told, "target"), told))
    return drawing


def _pairs(tokens: Iterator[re.Match[str]], depth: int) -> Iterator[tuple[str, Value]]:
    """Keys with their values, up to the bracket that closes this list."""
    if depth > MAX_DEPTH:
        raise BadDrawing(f"nested deeper than {MAX_DEPTH}")
    for token in tokens:
        if token["close"]:
            if depth:
                return
            raise BadDrawing(f"a ] too many at character {token.start()}")
        value = next(tokens, None)
        if not token["word"] or value is None or value["close"] or value["stray"]:
            raise BadDrawing(f"no key with its value at character {token.start()}")
        if value["open"]:
            yield token["word"], list(_pairs(tokens, depth + 1))
        else:
            yield token["word"], unescape((value["text"] or value["word"] or "")[:MAX_TEXT])
    if depth:
        raise BadDrawing("a [ is never closed")


def _scalars(pairs: list[tuple[str, Value]]) -> dict[str, str]:
    return {name: value for name, value in pairs if isinstance(value, str)}
