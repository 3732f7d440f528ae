"""The operator's view of the product: HTTP, spoken from a machine of the lab, or from here."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import requests

from drills.errors import LabError
from drills.node import Node

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
TIMEOUT = 10.0


class Console:
    """One thread that lives in the network of a node, if any; polling from it costs no process."""

    def __init__(
        self, node: Node | None, url: str, token: str = "", authority: str = "", patience: float = 1.0
    ) -> None:
        """``authority``: the file of the one that vouches for the server; none for plain HTTP.

        ``patience``: how many times longer than in a lab an answer may take.
        """
        self._url = url
        self._timeout = TIMEOUT * patience
        self._session = requests.Session()
        self._session.trust_env = False
        if authority:
            self._session.verify = authority
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        enter = partial(enter_network, node.pid) if node else _stay
        self._thread = ThreadPoolExecutor(1, initializer=enter)

    def _there(self, work: Callable[[], T]) -> T:
        return self._thread.submit(work).result()

    def get(self, path: str, **query: str) -> Any:
        return self._there(lambda: self._json("GET", path, params=query))

    def post(self, path: str, body: dict[str, object]) -> Any:
        return self._there(lambda: self._json("POST", path, json=body))

    def delete(self, path: str) -> Any:
        return self._there(lambda: self._json("DELETE", path))

    def _json(self, method: str, path: str, **more: Any) -> Any:
        """Raises LabError when the server does not answer, or refuses."""
        try:
            answer = self._session.request(method, self._url + path, timeout=self._timeout, **more)
        except requests.RequestException as error:
            raise LabError(f"{method} {path}: {error}") from None
        if answer.status_code >= requests.codes.bad_request:
            raise LabError(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    def close(self) -> None:
        self._thread.shutdown()
        self._session.close()


def _stay() -> None:
    """In the network of this process."""


def enter_network(pid: int) -> None:
    """Moves the calling thread into the network of a process. Raises LabError."""
    handle = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET):
            raise LabError(f"cannot enter the network of process {pid}")
    finally:
        os.close(handle)
