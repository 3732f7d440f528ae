"""Reads a password from its file, and only from one that nobody else may read."""

from __future__ import annotations

from collectors.clients.answer import NotPermitted
from collectors.clients.declared import Login, declared
from collectors.clients.local import Local
from collectors.host import Host
from kernel.private_line import private_line


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
            secret = private_line(descriptor)
    except OSError as error:
        raise NotPermitted(f"{login.secret_file}: {error.strerror}") from None
    if secret is None:
        raise NotPermitted(f"chmod 600 {login.secret_file}")
    return secret
