"""Which resolvers this host asks for names."""

from __future__ import annotations

from ipaddress import ip_address

from collectors.host import Host

OWN = "/etc/resolv.conf"
BEHIND_STUB = "/run/systemd/resolve/resolv.conf"
STUBS = frozenset(["127.0.0.53", "127.0.0.54"])


def resolvers(host: Host) -> list[str]:
    """In the order in which they are asked; behind the stub of systemd-resolved its real upstreams."""
    found = _nameservers(host, OWN)
    if STUBS & set(found):
        upstream = _nameservers(host, BEHIND_STUB)
        found = [address for address in found if address not in STUBS or not upstream] + upstream
    return list(dict.fromkeys(found))


def _nameservers(host: Host, path: str) -> list[str]:
    """resolv.conf(5); lines that hold no address are skipped, as the C library does."""
    try:
        lines = host.read(path, 65_536).splitlines()
    except OSError:
        return []
    found: list[str] = []
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                ip_address(words[1].partition("%")[0])
            except ValueError:
                continue
            found.append(words[1])
    return found
