"""How an error is told: JSON to programs, the sign-in page to a browser without a session."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import structlog
from litestar import MediaType, Request
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.response import Redirect, Response
from litestar.types import ExceptionHandlersMap

SIGN_IN_PAGE = "/sign-in"
AnyRequest = Request[Any, Any, Any]
_log = structlog.get_logger("http")


def _http(_request: AnyRequest, error: HTTPException) -> Response[dict[str, Any]]:
    return _answer(error.status_code, error.detail, error.headers, error.extra)


def _not_authorized(
    request: AnyRequest, error: NotAuthorizedException
) -> Response[dict[str, Any]] | Redirect:
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and request.method == "GET" and "authorization" not in request.headers:
        return Redirect(f"{SIGN_IN_PAGE}?next={quote(request.url.path, safe='/')}", status_code=303)
    return _http(request, error)


def _too_deep(_request: AnyRequest, _error: RecursionError) -> Response[dict[str, Any]]:
    return _answer(400, "nested too deeply")


def _defect(request: AnyRequest, error: Exception) -> Response[dict[str, Any]]:
    _log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return _answer(500, "internal error; it is in the server's log")


def _answer(
    status: int, detail: str, headers: dict[str, str] | None = None, extra: object = None
) -> Response[dict[str, Any]]:
    content: dict[str, Any] = {"status_code": status, "detail": detail}
    if extra:
        content["extra"] = extra
    return Response(content, status_code=status, headers=headers, media_type=MediaType.JSON)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    NotAuthorizedException: _not_authorized,
    HTTPException: _http,
    RecursionError: _too_deep,
    Exception: _defect,
}
