"""``rootward topology``: what leans on what; and takes a drawing of the network for declared."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cli.client import Client, Unreachable, add_connection
from cli.text import harmless, table
from rules.models import Relation
from rules.topology.drawing import BadDrawing, read_drawing
from rules.topology.exported import dot, graphml
from rules.topology.imported import switches_of
from rules.topology.picture import Picture
from wire.codec import decode, encode
from wire.entity import kind_of, name_of


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=("text", "json", "graphml", "dot"),
        default="text",
        help="an edge runs from what leans to what bears",
    )
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    add_connection(parser)
    children = parser.add_subparsers(dest="action", metavar="ACTION")
    drawn = children.add_parser(
        "import",
        help="declare the switches of a GraphML or GML file, in place of those declared before",
        description="Groups and dependencies that were declared stay. A node that says it is a host, or has "
        "the name of one, is plugged into the switches beside it: by its edge's `interface`, or the only "
        "one that it has.",
    )
    drawn.add_argument("file", metavar="FILE", type=Path)
    drawn.add_argument("--dry-run", action="store_true", help="only say what would be declared")


def run(options: argparse.Namespace) -> int:
    """0 done, 1 the file cannot be used, 2 the server could not be asked."""
    try:
        client = Client(options)
        if options.action == "import":
            return _import(client, options)
        _print(_picture(client), "json" if options.json else options.format)
    except Unreachable as error:
        print(f"rootward topology: {error}", file=sys.stderr)
        return 2
    return 0


def _picture(client: Client) -> Picture:
    return decode(client.get("/api/v1/topology").content, Picture)


def _print(picture: Picture, form: str) -> None:
    if form == "text":
        print(_text(picture))
    elif form == "json":
        print(encode(picture).decode())
    else:
        print(dot(picture) if form == "dot" else graphml(picture), end="")


def _text(picture: Picture) -> str:
    head = ("LEANS", "BY", "ON", "SOURCE", "SEEN")
    rows = [
        (edge.child, edge.relation.value, edge.parent, edge.source, _ago(edge.age)) for edge in picture.edges
    ]
    rows += [
        (member, "member_of", f"{group.id} ({group.need} needed)", group.source, "")
        for group in picture.groups
        for member in group.members
    ]
    return table(head, rows) if rows else "Nothing is known yet."


def _ago(age: float | None) -> str:
    if age is None:
        return ""
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if age >= 2 * seconds:
            return f"{age / seconds:.0f} {unit} ago"
    return f"{age:.0f} s ago"


def _import(client: Client, options: argparse.Namespace) -> int:
    site = client.json("/api/v1/site")
    try:
        drawing = read_drawing(options.file.read_bytes())
        switches = switches_of(drawing, _interfaces(_picture(client)))
    except OSError as error:
        print(f"rootward topology: {options.file}: {error.strerror}", file=sys.stderr)
        return 1
    except BadDrawing as error:
        print(harmless(f"rootward topology: {options.file}: {error}"), file=sys.stderr)
        return 1
    declared = [
        {"name": each.name, "ports": list(each.ports), "uplinks": list(each.uplinks)} for each in switches
    ]
    if not options.dry_run:
        client.post("/api/v1/site", {**site, "switch": declared})
    rows = [(each["name"], " ".join(each["ports"]), " ".join(each["uplinks"])) for each in declared]
    print(table(("SWITCH", "PORTS", "UPLINKS"), rows) if rows else "No switches in it.")
    return 0


def _interfaces(picture: Picture) -> dict[str, tuple[str, ...]]:
    """Of each host those that are plugged in somewhere."""
    found: dict[str, set[str]] = {}
    for edge in picture.edges:
        if kind_of(edge.child) == "nic" and edge.relation is Relation.ATTACHED_TO:
            host, _, interface = name_of(edge.child).partition("/")
            found.setdefault(host, set()).add(interface)
    return {host: tuple(sorted(names)) for host, names in found.items()}
