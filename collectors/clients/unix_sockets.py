"""Unix sockets on which something listens, by their paths (/proc/net/unix, unix(7))."""

from __future__ import annotations

from collectors.host import Host

_ACCEPTS = 0x10000
"""__SO_ACCEPTCON in the flags column."""


def listening_paths(host: Host) -> list[str]:
    """Only those with a path in the file system; none where the table cannot be read."""
    try:
        lines = host.read("/proc/net/unix").splitlines()[1:]
    except OSError:
        return []
    found: dict[str, None] = {}
    for line in lines:
        fields = line.split(None, 7)
        if len(fields) == 8 and fields[7].startswith("/") and int(fields[3], 16) & _ACCEPTS:
            found[fields[7]] = None
    return list(found)
