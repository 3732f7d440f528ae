"""Reads a password from its file, and only from one that nobody else may read."""

from __future__ import annotations

import os
import stat

from collectors.clients.answer import NotPermitted
from collectors.clients.declared import Login, declared
from collectors.clients.local import Local
from collectors.host import Host

LONGEST = 4096


def login_for(host: Host, local: Local) -> Login | None:
    """What was declared for this service, by its name or that of its process."""
    names = {local.service.name, local.service.process, local.service.unit.removesuffix(".service")}
    return next((one for one in declared(host).login if one.service in names), None)


def password(host: Host, login: Login | None) -> str:
    """Empty where none is declared. Raises NotPermitted for a file that others may read, or none may."""
    if login is None or not login.secret_file:
        return ""
    try:
        with host.open(login.secret_file) as descriptor:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise NotPermitted(f"chmod 600 {login.secret_file}")
            content = os.read(descriptor, LONGEST)
    except OSError as error:
        raise NotPermitted(f"{login.secret_file}: {error.strerror}") from None
    return content.partition(b"\n")[0].decode("utf-8", "replace").strip("\r")
