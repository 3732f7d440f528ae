"""A message bus of our own, as the system's is set up, but without its policy."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


@contextmanager
def message_bus(folder: Path) -> Iterator[str]:
    """The path of its socket; it is there when this yields."""
    path = folder / "bus.socket"
    settings = folder / "bus.conf"
    settings.write_text(SETTINGS.format(path=path))
    argv = ["dbus-daemon", f"--config-file={settings}", "--nofork", "--print-address"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as daemon:
        try:
            assert daemon.stdout is not None
            assert daemon.stdout.readline()  # printed once it listens
            yield str(path)
        finally:
            daemon.terminate()
