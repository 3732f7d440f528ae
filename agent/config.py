"""The agent's configuration: one TOML file, all of it optional."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Annotated

import msgspec

from collectors.clients.declared import Declared
from wire.inventory import Dependency
from wire.target import HttpTarget, PlainTarget, Target

Tag = Annotated[str, msgspec.Meta(max_length=512)]


class BadConfig(ValueError):
    """A configuration that cannot be used; the text names file and key."""


class ConfiguredHttp(HttpTarget, frozen=True, tag="http"):
    """A URL to ask for, and the local service that answers it, where it is one of this host's."""

    service: Annotated[str, msgspec.Meta(max_length=256)] = ""

    def bare(self) -> HttpTarget:
        return HttpTarget(**{name: getattr(self, name) for name in HttpTarget.__struct_fields__})


ConfiguredTarget = PlainTarget | ConfiguredHttp


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class Logs(_Table, frozen=True, kw_only=True):
    """Where log lines come from."""

    kernel: str = "/dev/kmsg"
    """The kernel log, or a file that stands in for it; empty means none."""
    journal: bool = True
    files: tuple[str, ...] = ()
    """Globs of further log files."""
    rules: str = ""
    """Folder of further signatures: TOML as ours, or node-problem-detector's JSON as it is."""
    novelty: bool = True
    """Tell warnings of a kind that this host never wrote before, after a day of learning."""


class Hints(_Table, frozen=True, kw_only=True):
    long_poll: bool = True
    """Hold one idle request open, so that tasks arrive at once."""


class Config(_Table, frozen=True, kw_only=True):
    """Everything that can be set. The defaults need no file at all."""

    server: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    """Base URL; empty means: probe and expose metrics, report to nobody."""
    host: Annotated[str, msgspec.Meta(max_length=253)] = ""
    """Name of this host; empty means its host name."""
    home: str = ""
    """Folder of credential, state and spool."""
    metrics: str = "127.0.0.1:9470"
    """Where Prometheus may scrape; empty turns it off."""
    interval: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 15.0
    """Seconds between looks that have no other cadence of their own."""
    root: str = "/"
    ca: str = ""
    """PEM file of the authority that signed the server's certificate."""
    spool_bytes: Annotated[int, msgspec.Meta(ge=65536, le=2**40)] = 16 * 1024 * 1024
    tags: dict[Tag, Tag] = {}
    logs: Logs = Logs()
    target: tuple[ConfiguredTarget, ...] = ()
    dependency: tuple[Dependency, ...] = ()
    hints: Hints = Hints()
    applications: Declared = Declared()
    """Logins, metrics, files, licences and plugins of local applications; see the page on applications."""

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(one.bare() if isinstance(one, ConfiguredHttp) else one for one in self.target)


def load(path: Path | None) -> Config:
    """Read and complete the configuration; ``None`` means all defaults.

    Raises BadConfig, naming file and key, for what is missing, no TOML, or not known.
    """
    config = Config() if path is None else _parse(path)
    host = clean_name(config.host or socket.gethostname())
    home = config.home or default_home()
    return msgspec.structs.replace(config, host=host, home=str(Path(home).expanduser()))


def _parse(path: Path) -> Config:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Config)
    except OSError as error:
        raise BadConfig(f"cannot read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: {error}") from None


def clean_name(name: str) -> str:
    """The host name as it is allowed on the wire."""
    clean = re.sub(r"[^A-Za-z0-9._-]", "-", name).strip("._-")[:253]
    return clean or "localhost"


def default_home() -> str:
    """``ROOTWARD_HOME``/agent, else the system's place for root, else the user's."""
    if home := os.environ.get("ROOTWARD_HOME"):
        return str(Path(home) / "agent")
    if os.geteuid() == 0:
        return "/var/lib/rootward/agent"
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return str(Path(base).expanduser() / "rootward" / "agent")


def metrics_address(text: str) -> tuple[str, int] | None:
    """``host:port`` or ``[v6]:port``; empty means off. Raises BadConfig."""
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise BadConfig(f"metrics: {text!r} is not host:port")
    return host.strip("[]") or "127.0.0.1", int(port)
