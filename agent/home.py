"""The agent's folder: who may read it, and where in it things are kept."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from wire.codec import Malformed, decode, encode


class NotEnrolled(Exception):
    """There is no usable credential; the text says what to do."""


class Credential(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What enrolment left behind: who we are, to whom, and how both prove it."""

    server: str
    agent: str
    credential: str
    host: str
    ca: str = ""
    """PEM of the pinned authority; empty on plain HTTP to loopback or with the system's authorities."""


class Home:
    """Makes the folder at first use, for its owner alone."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def remembered(self) -> Path:
        return self.path / "remembered.json"

    @property
    def units(self) -> Path:
        return self.path / "units.json"

    @property
    def credential_file(self) -> Path:
        return self.path / "credential.json"

    @property
    def ca_file(self) -> Path:
        return self.path / "server-ca.pem"

    @property
    def quarantine(self) -> Path:
        return self.path / "quarantine.jsonl"

    def credential(self) -> Credential:
        """Raises NotEnrolled."""
        hint = "enrol it with: rootward agent enroll --server URL --token TOKEN"
        try:
            return decode(self.credential_file.read_bytes(), Credential)
        except FileNotFoundError:
            raise NotEnrolled(f"{self.path} holds no credential; {hint}") from None
        except (OSError, Malformed) as error:
            raise NotEnrolled(f"{self.credential_file} cannot be used ({error}); {hint}") from None

    def keep_credential(self, credential: Credential) -> None:
        if credential.ca:
            write_private(self.ca_file, credential.ca.encode())
        write_private(self.credential_file, encode(credential))


def write_private(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace ``path`` at one stroke, for its owner alone; durable: also over power loss. Raises OSError."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, opened with its mode
        file.write(content)
        if durable:
            file.flush()
            os.fsync(descriptor)
    fresh.replace(path)
