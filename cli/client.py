"""How the command line speaks to the server: its address, the operator's token, one request."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import IO, Any, NoReturn

import requests

DEFAULT_SERVER = "http://127.0.0.1:8470"
TIMEOUT = 30.0
CHUNK = 64 * 1024


class Unreachable(Exception):
    """The server did not answer, or refused; the text says what to do."""


def add_connection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server", metavar="URL", help="address of the server (ROOTWARD_SERVER, or as `up` wrote it)"
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="the operator's token (operator.token)"
    )
    parser.add_argument("--ca", type=Path, metavar="FILE", help="certificate authority of the server")


def home() -> Path:
    return Path(os.environ.get("ROOTWARD_HOME", "var"))


class Client:
    """One server, seen as its operator."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._url = (
            options.server or os.environ.get("ROOTWARD_SERVER") or _noted() or DEFAULT_SERVER
        ).rstrip("/")
        self._token_file: Path = options.token_file or home() / "operator.token"
        self._session = requests.Session()
        self._session.trust_env = False
        own_ca = home() / "tls" / "ca.pem"
        self._session.verify = str(options.ca) if options.ca else (str(own_ca) if own_ca.exists() else True)

    def get(self, path: str, **query: str) -> requests.Response:
        """Raises Unreachable with a sentence that says what to do next."""
        return self._ask("GET", path, params=query)

    def download(self, path: str, file: IO[bytes], **query: str) -> None:
        """Writes the answer into ``file`` as it comes. Raises Unreachable like ``get``."""
        with self._ask("GET", path, params=query, stream=True) as answer:
            try:
                for chunk in answer.iter_content(CHUNK):
                    file.write(chunk)
            except requests.RequestException as error:
                raise Unreachable(f"{self._url} broke off: {_short(error)}") from None

    def post(self, path: str, body: object) -> requests.Response:
        """``body`` as JSON. Raises Unreachable like ``get``."""
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **parts: Any) -> requests.Response:
        try:
            token = self._token_file.read_text().strip()
        except OSError as error:
            raise Unreachable(
                f"cannot read the operator's token {self._token_file}: {error.strerror}; run this where the "
                "server keeps its data, set ROOTWARD_HOME, or give --token-file"
            ) from None
        try:
            answer = self._session.request(
                method,
                self._url + path,
                **parts,
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unreachable(f"{self._url} does not answer: {_short(error)}; is the server up?") from None
        if answer.status_code >= requests.codes.bad_request:
            self._refuse(answer)
        return answer

    def json(self, path: str, **query: str) -> Any:
        return self.get(path, **query).json()

    def _refuse(self, answer: requests.Response) -> NoReturn:
        try:
            detail = str(answer.json().get("detail", ""))
        except (ValueError, AttributeError):
            detail = answer.reason
        raise Unreachable(f"{self._url} answered {answer.status_code}: {detail}")


def _noted() -> str:
    """The address that a running `rootward up` or server wrote into its home."""
    try:
        return (home() / "address").read_text().strip()
    except OSError:
        return ""


def _short(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    reason = getattr(inner, "reason", inner)
    return str(reason).partition(": ")[2] or str(reason)
