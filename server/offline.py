"""What the local command line does with the server's data, whether the server runs or not."""

from __future__ import annotations

from cryptography import x509

from server import tls
from server.auth.agents import token_work
from server.auth.operators import FIRST_OPERATOR, reset_password
from server.auth.routes import enrol_command
from server.config import Address, Config
from server.storage.database import Database


def make_token(config: Config, host: str, ttl: float, now: float) -> dict[str, object]:
    """The token and the line to paste on the host."""
    work, token = token_work(host, ttl, now)
    database = _open(config)
    try:
        database.writer.run(work).result()
    finally:
        database.close()
    return {
        "token": token,
        "host": host or None,
        "expires_at": now + ttl,
        "command": enrol_command(_url(config), token, _fingerprint(config)),
    }


def new_password(config: Config, now: float) -> dict[str, object]:
    database = _open(config)
    try:
        password = reset_password(database, FIRST_OPERATOR, now)
    finally:
        database.close()
    return {"operator": FIRST_OPERATOR, "password": password}


def _open(config: Config) -> Database:
    config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Database(config.database)


def _url(config: Config) -> str:
    """As the running server wrote it, else as it would."""
    try:
        return config.address_file.read_text().strip()
    except FileNotFoundError:
        scheme = "http" if config.listen.loopback and config.certificate is None else "https"
        host = config.names[0] if config.names else config.listen.host
        return f"{scheme}://{Address(host=host, port=config.listen.port)}"


def _fingerprint(config: Config) -> str:
    """Of our own authority, when agents meet it."""
    authority = config.home / "tls" / "ca.pem"
    if config.certificate is not None or config.listen.loopback or not authority.exists():
        return ""
    return tls.fingerprint(x509.load_pem_x509_certificate(authority.read_bytes()))
