"""What the machine's owner declares of its applications: logins, metrics, files, plugins."""

from __future__ import annotations

from typing import Annotated

import msgspec

from collectors.host import Host
from rules.expectations import Expectation

OPTION = "applications"
Text = Annotated[str, msgspec.Meta(max_length=512)]
Place = Annotated[str, msgspec.Meta(max_length=1024, pattern="^/")]
Url = Annotated[str, msgspec.Meta(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3.2e9)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file."""


class Login(_Table, frozen=True, kw_only=True):
    """How to ask one local service that wants to know who asks."""

    service: Text
    """Its name, as ``agent check`` shows it, or that of its process."""
    user: Text = ""
    secret_file: Text = ""
    """Holds the password in its first line; nobody but the agent may read it (mode 0600)."""
    privacy_file: Text = ""
    """Of a user of SNMP v3 who encrypts with another password than he signs with: holds that one."""
    database: Text = ""


class Metrics(_Table, frozen=True, kw_only=True):
    """A Prometheus text endpoint, and what its values should be besides what is known anyway."""

    url: Url
    service: Text = ""
    """The local service that its values are about; empty: the one that listens there."""
    expect: tuple[Expectation, ...] = ()


class Fresh(_Table, frozen=True, kw_only=True):
    """A file that something must write again and again: a backup, the mark of a job."""

    path: Place
    """Its last part may hold ``*``: then the newest counts."""
    max_age: Seconds = 26 * 3600.0
    min_bytes: Annotated[int, msgspec.Meta(ge=0)] = 1
    service: Text = ""
    """The service or job that should write it."""


class Licence(_Table, frozen=True, kw_only=True):
    """A licence file with a date in it, or just the date."""

    service: Text
    path: Text = ""
    ends: Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    warn_days: Annotated[float, msgspec.Meta(ge=0, le=3650)] = 30.0


class Plugin(_Table, frozen=True, kw_only=True):
    """A Nagios or Monitoring plugin, run as it is: exit code 0–3, one line, performance data."""

    name: Text
    argv: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=64)]
    service: Text = ""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0


class Redfish(_Table, frozen=True, kw_only=True):
    """The management controller of this machine, or of one without an agent, asked over the network."""

    url: Annotated[str, msgspec.Meta(max_length=256, pattern=r"^https://[^\s/@?#\x00-\x1f\x7f]+/?$")]
    host: Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[\w.-]*$")] = ""
    """Whose it is; empty: of this machine."""
    login: Text
    """The service of a ``[[applications.login]]``."""
    fingerprint: Annotated[str, msgspec.Meta(pattern=r"^(([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2})?$")] = ""
    """SHA-256 of the certificate that it must show."""
    ca_file: Text = ""
    """Whom its certificate must be signed by, where no fingerprint is declared; empty: the system's."""


class Declared(_Table, frozen=True, kw_only=True):
    """The ``[applications]`` table of the agent's configuration."""

    login: tuple[Login, ...] = ()
    metrics: tuple[Metrics, ...] = ()
    fresh: tuple[Fresh, ...] = ()
    licence: tuple[Licence, ...] = ()
    plugin: tuple[Plugin, ...] = ()
    redfish: tuple[Redfish, ...] = ()
    certificates: tuple[Place, ...] = ()
    """Further certificate files to watch; the last part may hold ``*``."""


def declared(host: Host) -> Declared:
    """Empty where nothing was declared."""
    content = host.options.get(OPTION, "")
    return msgspec.json.decode(content, type=Declared) if content else Declared()
