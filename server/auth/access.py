"""The guard of every route: who speaks, may they, and did the page really send this."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from server.auth.agents import Agents
from server.auth.operators import Operators
from server.auth.principal import Access, Principal, may
from server.auth.secret import same

COOKIE = "rootward_session"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_SAFE = frozenset(["GET", "HEAD", "OPTIONS"])


class Gate:
    """Knows both kinds of speakers."""

    def __init__(self, agents: Agents, operators: Operators) -> None:
        self.agents = agents
        self.operators = operators

    def by_bearer(self, authorization: str) -> Principal | None:
        """The value of the Authorization header → who that is. An agent's credential has a dot."""
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer" or not credential:
            return None
        if "." in credential:
            return self.agents.identify(credential)
        return self.operators.by_token(credential)


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Raises 401 without a valid credential, 403 with one that does not do here."""
    access = Access(handler.opt.get("access", Access.OPERATOR))
    if access is Access.OPEN:
        return
    gate: Gate = connection.app.state.gate
    bearer = connection.headers.get("authorization", "")
    cookie = connection.cookies.get(COOKIE, "")
    principal = gate.by_bearer(bearer) if bearer else gate.operators.by_cookie(cookie) if cookie else None
    if principal is None:
        raise NotAuthorizedException(
            "a valid credential is needed: Authorization: Bearer …, or sign in",
            headers={"WWW-Authenticate": 'Bearer realm="rootward"'},
        )
    if not may(principal, access):
        raise PermissionDeniedException(f"this is for {access}s; the credential is of an {principal.kind}")
    if principal.session and connection.scope.get("method") not in _SAFE:
        await _same_page(connection, principal)
    connection.scope["user"] = principal


async def _same_page(connection: ASGIConnection[Any, Any, Any, Any], principal: Principal) -> None:
    """A browser sends its cookie along with any site's request; only our pages know the token."""
    said = connection.headers.get(CSRF_HEADER, "")
    if not said and isinstance(connection, Request):
        kind, _ = connection.content_type
        if kind in {RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART}:
            said = str((await connection.form()).get(CSRF_FIELD, ""))
    if not same(said.encode(), principal.csrf.encode()):
        raise PermissionDeniedException("the request does not repeat the page's token; reload the page")
