"""Where this host takes its time from, by the configuration of chrony, ntpd or systemd-timesyncd."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.host import Host

KEYWORDS = frozenset(["server", "pool", "peer"])
FILES = (
    "/etc/chrony/chrony.conf",
    "/etc/chrony.conf",
    "/etc/ntp.conf",
    "/etc/ntpsec/ntp.conf",
    "/etc/openntpd/ntpd.conf",
)
FOLDERS = ("/etc/chrony/sources.d", "/etc/chrony/conf.d", "/run/chrony-dhcp")
TIMESYNCD = "/etc/systemd/timesyncd.conf"
TIMESYNCD_FOLDERS = ("/etc/systemd/timesyncd.conf.d", "/run/systemd/timesyncd.conf.d")
OPTION = "time_source"


def time_sources(host: Host) -> list[str]:
    """Names or addresses, each once; a configured option comes first."""
    found = [host.options[OPTION]] if host.options.get(OPTION) else []
    for path in (*FILES, *_within(host, FOLDERS)):
        for line in _lines(host, path):
            words = line.split()
            if len(words) > 1 and words[0] in (*KEYWORDS, "servers"):
                found.append(words[1])
    for path in (TIMESYNCD, *_within(host, TIMESYNCD_FOLDERS)):
        for line in _lines(host, path):
            name, _, value = line.strip().partition("=")
            if name in ("NTP", "FallbackNTP"):
                found.extend(value.split())
    return [source[:253] for source in dict.fromkeys(found) if source]


def _within(host: Host, folders: tuple[str, ...]) -> Iterator[str]:
    for folder in folders:
        try:
            names = host.list(folder, 256)
        except OSError:
            continue
        for name in sorted(names):
            if name.endswith((".conf", ".sources")):
                yield f"{folder}/{name}"


def _lines(host: Host, path: str) -> list[str]:
    try:
        return host.read(path).splitlines()
    except OSError:
        return []
