"""What plain ``ethtool DEVICE`` prints of one port: its speed, duplex and what both ends offer."""

from __future__ import annotations

import re

import msgspec

from collectors.parsing import lines_of

MODE = re.compile(r"(\d{2,6})base\S*/(Half|Full)")
SPEED = re.compile(r"(\d{1,6})\s*Mb/s")
WORDS = {"yes": True, "no": False}
HEAD = "Settings for "
CANNOT = "Cannot get "


class Settings(msgspec.Struct):
    name: str = ""
    speed: int | None = None
    """Mbit/s; None where unknown."""
    duplex: str = ""
    link: bool | None = None
    autonegotiation: str = ""
    supported: tuple[str, ...] = ()
    advertised: tuple[str, ...] = ()
    partner: tuple[str, ...] = ()

    @property
    def both_can(self) -> int:
        """The fastest mode that both ends offer, in Mbit/s; 0 where the other end tells nothing."""
        own = {mode for mode in self.supported if mode.endswith("Full")}
        shared = own & set(self.partner)
        return max((int(match[1]) for mode in shared if (match := MODE.match(mode))), default=0)


def parse_settings(raw: bytes) -> Settings:
    """Raises ValueError for a text without the head of a port's settings."""
    found = Settings()
    key = ""
    lists: dict[str, list[str]] = {}
    headed = False
    for line in lines_of(raw):
        stripped = line.strip()
        if stripped.startswith(HEAD):
            headed, found.name = True, stripped[len(HEAD) :].rstrip(":")
        elif ":" in stripped and not stripped.startswith(CANNOT):
            key, _, value = (part.strip() for part in stripped.partition(":"))
            key = key.lower()
            _take(found, key, value)
            lists.setdefault(key, []).extend(match[0] for match in MODE.finditer(value))
        elif key:  # modes go on over several lines
            lists[key].extend(match[0] for match in MODE.finditer(stripped))
    if not headed:
        raise ValueError('no "Settings for"')
    found.supported = tuple(lists.get("supported link modes", ()))
    found.advertised = tuple(lists.get("advertised link modes", ()))
    found.partner = tuple(lists.get("link partner advertised link modes", ()))
    return found


def _take(found: Settings, key: str, value: str) -> None:
    if key == "speed" and (match := SPEED.match(value)):
        found.speed = int(match[1])
    elif key == "duplex":
        found.duplex = value.split(maxsplit=1)[0].lower() if value else ""
    elif key == "link detected":
        found.link = WORDS.get(value.split(maxsplit=1)[0].lower()) if value else None
    elif key == "auto-negotiation":
        found.autonegotiation = value
