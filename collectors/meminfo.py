"""What the kernel says of the machine's memory."""

from __future__ import annotations

from collectors.host import Host

KIB = 1024


def meminfo(host: Host) -> dict[str, int]:
    """Bytes by the names of proc_meminfo(5), which counts in KiB; what counts pages means nothing here."""
    return {
        words[0].rstrip(":"): int(words[1]) * KIB
        for line in host.read("/proc/meminfo", 65_536).splitlines()
        if len(words := line.split()) > 1 and words[1].isdigit()
    }
