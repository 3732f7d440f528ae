"""Can the sectors that the kernel could not read be read again? Value: sectors that cannot."""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterable

from collectors.host import Host
from collectors.judging import judged
from collectors.storage.bad_sectors import named
from collectors.unit import Collector
from rules.matching.entities import whole_disk
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

SIGNAL = "disk.read"
COLLECTOR = Collector(signals=(SIGNAL,), layer=Layer.HARDWARE, interval=10.0, timeout=20.0)
SECTOR, BLOCK = 512, 4096
GONE = frozenset([errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOMEDIUM])
DENIED = frozenset([errno.EACCES, errno.EPERM])


def read(host: Host) -> Iterable[Judgement]:
    """Past the page cache (open(2), O_DIRECT), a few sectors per disk; nothing where none was ever named."""
    for device, sectors in sorted(named(host).items()):
        subject = entity.disk(host.name, whole_disk(device))
        try:
            bad = [sector for sector in sectors if not _readable(host, device, sector)]
        except OSError as error:
            if error.errno in DENIED:
                yield unknown(SIGNAL, subject, Reason.NOT_PERMITTED, grant=f"read access to /dev/{device}")
            elif error.errno not in GONE:
                yield unknown(SIGNAL, subject, Reason.INTERNAL, error=str(error))
            continue
        facts = {"sector": bad[0]} if bad else {}
        reason = Reason.ERRORS if bad else Reason.OK
        yield judged(SIGNAL, subject, reason, len(bad), tried=len(sectors), **facts)


def _readable(host: Host, device: str, sector: int) -> bool:
    """Raises OSError where the device itself cannot be opened."""
    descriptor = os.open(
        host.path(f"/dev/{device.replace('!', '/')}"), os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC
    )
    try:
        with mmap.mmap(-1, BLOCK) as aligned:
            os.preadv(descriptor, [aligned], sector * SECTOR // BLOCK * BLOCK)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
