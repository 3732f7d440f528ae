"""One page: a template, its words, and the session that asks for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Response

from server.web.words import COOKIE, language_of, words

YEAR = 365 * 86400
AnyRequest = Request[Any, Any, Any]


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: AnyRequest, name: str, *, status: int = 200, refresh: int = 0, **content: Any
) -> Response[str]:
    """``name`` is both the template and the place in the navigation, unless ``place`` says another."""
    language = language_of(request)
    user = request.scope.get("user")
    text = (
        _templates()
        .get_template(f"{name}.html")
        .render(
            {
                "error": "",
                "page": content.pop("place", name),
                **content,
                "lang": language,
                "say": words(language),
                "refresh": refresh,
                "signed_in": user is not None,
                "csrf": getattr(user, "csrf", ""),
            }
        )
    )
    cookies = []
    if "lang" in request.query_params:
        cookies.append(
            Cookie(key=COOKIE, value=language, max_age=YEAR, path="/", httponly=True, samesite="lax")
        )
    return Response(text, status_code=status, media_type="text/html; charset=utf-8", cookies=cookies)
