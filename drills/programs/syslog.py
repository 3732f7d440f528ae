"""Writes what programs say to /dev/log into a file, as rsyslog does. Run by itself; standard library only."""

from __future__ import annotations

import ctypes
import re
import socket
import sys
from pathlib import Path

PR_SET_NAME = 15
DOOR = "/dev/log"
PRIORITY = re.compile(rb"^<\d{1,3}>")
DATE = re.compile(rb"^(?P<date>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) ")


def line_of(message: bytes, host: bytes) -> bytes:
    """``<38>Jan  5 03:04:05 sshd[7]: text`` → ``Jan  5 03:04:05 host sshd[7]: text``."""
    text = PRIORITY.sub(b"", message.rstrip(b"\0\n"))
    return DATE.sub(rb"\g<date> " + host + b" ", text) + b"\n"


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"syslogd", 0, 0, 0)
    Path(DOOR).unlink(missing_ok=True)
    host = socket.gethostname().encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door, Path(sys.argv[1]).open("ab", 0) as log:
        door.bind(DOOR)
        Path(DOOR).chmod(0o666)
        while True:
            log.write(line_of(door.recv(8192), host))


if __name__ == "__main__":
    main()
