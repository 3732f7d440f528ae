"""What a JSON health report says: Spring actuator, MicroProfile, health+json, ASP.NET and the like."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

BAD = frozenset(
    "down fail failed failing failure unhealthy critical error out_of_service false red".split()  # noqa: SIM905
)
DOUBTFUL = frozenset(["warn", "warning", "degraded", "yellow"])
GOOD = frozenset("up pass passing ok healthy true green success alive ready".split())  # noqa: SIM905
WORDS = ("status", "health", "state")
"""Keys under which a report or a part of one tells how it is."""
HOLDERS = frozenset("components checks results entries details data dependencies services".split())  # noqa: SIM905
"""Keys that group parts and name none."""
DEEPEST = 6
MOST = 256


class Part(msgspec.Struct, frozen=True):
    """One part of the report; the name of the whole is empty."""

    name: str
    word: str

    @property
    def bad(self) -> bool:
        return self.word in BAD

    @property
    def doubtful(self) -> bool:
        return self.word in DOUBTFUL


class Report(msgspec.Struct, frozen=True):
    parts: tuple[Part, ...]

    @property
    def down(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts if part.bad and part.name)

    @property
    def doubtful(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts if part.doubtful and part.name)

    @property
    def whole(self) -> str:
        """Its word for everything, or ``""``."""
        return next((part.word for part in self.parts if not part.name), "")


def read(body: bytes) -> Report:
    """A bare word is a report too. Raises ValueError for what tells of no health."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        content = {"status": body[:64].decode("utf-8", "replace").strip()}
    parts = tuple(part for part, _ in zip(_parts(content, "", 0), range(MOST), strict=False))
    if not parts:
        raise ValueError("it tells of no health")
    return Report(parts)


def _parts(content: object, name: str, depth: int) -> Iterator[Part]:
    if depth > DEEPEST:
        return
    if isinstance(content, list):
        for one in content:
            label = str(one.get("name") or one.get("id") or "") if isinstance(one, dict) else ""
            yield from _parts(one, _joined(name, label), depth + 1)
    if not isinstance(content, dict):
        return
    word = next((told for key in WORDS if (told := _word(content.get(key)))), "")
    if word:
        yield Part(name, word)
    for key, value in content.items():
        if isinstance(value, (dict, list)):
            yield from _parts(value, name if key.lower() in HOLDERS else _joined(name, key), depth + 1)


def _word(value: object) -> str:
    """The word, if it is one that speaks of health; a number or a sentence is not."""
    if not isinstance(value, (str, bool)):
        return ""
    word = str(value).lower().replace("-", "_")
    return word if word in BAD | DOUBTFUL | GOOD else ""


def _joined(name: str, key: str) -> str:
    return ".".join(part for part in (name, key[:64]) if part)
