"""The settings of the server: each declared once, read from the environment, checked, and named when bad."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


class BadSetting(ValueError):
    """A setting that cannot be used; the text names it and says what it should be."""


class Setting(msgspec.Struct, frozen=True):
    """One setting, as it is documented."""

    name: str
    default: str
    meaning: str


class Address(msgspec.Struct, frozen=True):
    """Where the server listens."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What the composition root hands on; nothing else reads the environment."""

    home: Path
    listen: Address
    certificate: Path | None
    key: Path | None
    names: tuple[str, ...]
    long_poll: bool
    close_after: int
    log_level: str

    @property
    def database(self) -> Path:
        return self.home / "rootward.db"

    @property
    def site_file(self) -> Path:
        """Declared topology: what discovery cannot see."""
        return self.home / "site.toml"

    @property
    def operator_token(self) -> Path:
        return self.home / "operator.token"

    @property
    def address_file(self) -> Path:
        """Where the local command line finds the address of the running server."""
        return self.home / "address"


SETTINGS = (
    Setting("ROOTWARD_HOME", "var", "directory of all data; made with mode 0700"),
    Setting(
        "ROOTWARD_LISTEN",
        "127.0.0.1:8470",
        "host:port to listen on; anything but loopback requires TLS and gets it",
    ),
    Setting(
        "ROOTWARD_TLS_CERT", "", "PEM file: certificate with its chain; empty: the server's own authority"
    ),
    Setting("ROOTWARD_TLS_KEY", "", "PEM file: private key of that certificate"),
    Setting(
        "ROOTWARD_NAMES",
        "",
        "further names and addresses, comma-separated, by which agents call this server",
    ),
    Setting("ROOTWARD_LONG_POLL", "on", "on | off: hold one idle request per agent, to reach it at once"),
    Setting(
        "ROOTWARD_CLOSE_AFTER",
        "5",
        "1 to 15: business days (Monday to Friday, UTC) after which a resolved ticket closes",
    ),
    Setting("ROOTWARD_LOG_LEVEL", "info", "debug | info | warning | error"),
)
_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


def read_config(environment: Mapping[str, str]) -> Config:
    """Raises BadSetting for the first setting that cannot be used."""

    def value(name: str) -> str:
        return environment.get(name, "").strip() or _DEFAULTS[name]

    certificate = _checked(value, "ROOTWARD_TLS_CERT", _file)
    key = _checked(value, "ROOTWARD_TLS_KEY", _file)
    if (certificate is None) != (key is None):
        missing = "ROOTWARD_TLS_KEY" if key is None else "ROOTWARD_TLS_CERT"
        raise BadSetting(f"{missing}: a certificate and its key are given together, or neither is")
    return Config(
        home=Path(value("ROOTWARD_HOME")).absolute(),
        listen=_checked(value, "ROOTWARD_LISTEN", parse_address),
        certificate=certificate,
        key=key,
        names=tuple(name.strip() for name in value("ROOTWARD_NAMES").split(",") if name.strip()),
        long_poll=_checked(value, "ROOTWARD_LONG_POLL", _switch),
        close_after=_checked(value, "ROOTWARD_CLOSE_AFTER", _days),
        log_level=_checked(value, "ROOTWARD_LOG_LEVEL", _level),
    )


def parse_address(text: str) -> Address:
    """``127.0.0.1:8470``, ``[::1]:8470``, ``name:8470``; port 0 lets the system choose."""
    host, separator, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{text!r}: write an IPv6 address in brackets, [::1]:8470")
    if not separator or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not host:port, such as 127.0.0.1:8470")
    return Address(host=host, port=int(port))


def _checked(value: Callable[[str], str], name: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(value(name))
    except ValueError as error:
        raise BadSetting(f"{name}: {error}") from None


def _file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).absolute()
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError(f"{text!r} is neither on nor off")
    return text == "on"


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 15):
        raise ValueError(f"{text!r} is no number of days from 1 to 15")
    return int(text)


def _level(text: str) -> str:
    if text not in {"debug", "info", "warning", "error"}:
        raise ValueError(f"{text!r} is none of debug, info, warning, error")
    return text
