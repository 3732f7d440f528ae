"""A management controller asked for its Redfish resources (DSP0266): one connection, one deadline, no detour.

Name and password are only sent to who showed the declared certificate. Nothing that the controller says
leads to another machine: redirects are not followed, and of links only those to paths below its own root.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import ssl
import time
from collections import deque
from collections.abc import Iterator
from typing import Self
from urllib.parse import urlsplit

import msgspec

from collectors.clients import web
from collectors.clients.answer import NotPermitted, Refused
from collectors.clients.declared import Redfish
from collectors.host import JSON

ROOT = "/redfish/v1/"
PATH = re.compile(r"/redfish/v1/[\w./~:@()+,=%-]{1,512}")
SECONDS = 10.0
"""For one answer: these controllers are slow."""
MOST = 96
"""Resources of one controller."""
WAYS = frozenset([
    *("Chassis", "Systems", "Members", "Thermal", "Power", "Storage", "Drives"),
    *("ThermalSubsystem", "ThermalMetrics", "PowerSubsystem", "Fans", "PowerSupplies"),
])  # fmt: skip
"""The links that lead to what has a health or a reading."""
SAME = {"ThermalSubsystem": "Thermal", "PowerSubsystem": "Power"}
"""Newer → older: where both are there, both say the same."""


class Service(http.client.HTTPSConnection):
    """Use as a context. ``seconds`` are for all questions together."""

    def __init__(self, declared: Redfish, login: tuple[str, str], seconds: float) -> None:
        """Raises OSError where the file of the authorities cannot be read."""
        parts = urlsplit(declared.url)
        self._pin = declared.fingerprint.replace(":", "").lower()
        self._who, self._until = login, time.monotonic() + seconds
        super().__init__(
            parts.hostname or "",
            parts.port or 443,
            timeout=SECONDS,
            context=_pinned() if self._pin else ssl.create_default_context(cafile=declared.ca_file or None),
        )

    def connect(self) -> None:
        """Raises NotPermitted for another certificate, before anything is said; ssl.SSLError, OSError."""
        super().connect()
        shown = self.sock.getpeercert(binary_form=True) if isinstance(self.sock, ssl.SSLSocket) else None
        found = hashlib.sha256(shown or b"").hexdigest()
        if self._pin and found != self._pin:
            self.close()
            raise NotPermitted(f'fingerprint = "{found}", if that is the right one', "another certificate")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resources(self) -> Iterator[bytes]:
        """All that matter. Raises OSError, EOFError, ValueError, NotPermitted, Refused."""
        waiting, known = deque([ROOT]), {ROOT}
        while waiting:
            raw = self._resource(waiting.popleft())
            if raw is None:
                continue
            yield raw
            fresh = [path for path in links(msgspec.json.decode(raw)) if path not in known]
            fresh = fresh[: MOST - len(known)]
            known.update(fresh)
            waiting.extend(fresh)

    def _resource(self, path: str) -> bytes | None:
        """None for what is linked, and is not there or not for us."""
        page = self._page(path)
        if page.status == 401:
            raise NotPermitted("the right name and password of the controller", f"HTTP status {page.status}")
        if page.status != 200 and path == ROOT:
            raise Refused(f"HTTP status {page.status}")
        return page.body if page.status == 200 else None

    def _page(self, path: str) -> web.Page:
        until = min(self._until, time.monotonic() + SECONDS)
        if time.monotonic() >= self._until:
            raise TimeoutError("too slow to tell everything")
        try:
            return self._whole(web.page(self, path, until, self._who))
        except EOFError:  # some end a connection after so many questions, without a word
            self.close()
            return self._whole(web.page(self, path, until, self._who))

    def _whole(self, page: web.Page) -> web.Page:
        if page.cut:
            raise ValueError("more than any resource of Redfish holds")
        return page


def links(resource: JSON) -> Iterator[str]:
    """Where it is worth going on. Nothing of what a controller writes there is taken for another place."""
    if not isinstance(resource, dict):
        raise ValueError("no resource of Redfish")  # noqa: TRY004 - of what is read, not of the call
    for name, value in resource.items():
        if name not in WAYS or SAME.get(name) in resource:
            continue
        for one in value if isinstance(value, list) else [value]:
            path = one.get("@odata.id") if isinstance(one, dict) else None
            if isinstance(path, str) and PATH.fullmatch(path) and ".." not in path:
                yield path


def _pinned() -> ssl.SSLContext:
    """Who shows the one certificate needs nobody to vouch for him."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
