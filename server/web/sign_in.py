"""The page to sign in on, and the way out."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from litestar import get, post
from litestar.exceptions import TooManyRequestsException
from litestar.response import Redirect, Response

from server.auth.principal import Access
from server.auth.routes import session_cookie, try_sign_in
from server.parts import Parts
from server.web.page import AnyRequest, page
from server.web.words import language_of, words

SHEET = (Path(__file__).parent / "static" / "rootward.css").read_text(encoding="utf-8")
HOUR = 3600


@get("/sign-in", opt={"access": Access.OPEN}, include_in_schema=False)
async def show_sign_in(request: AnyRequest) -> Response[str]:
    return page(request, "sign_in", next=_local(request.query_params.get("next", "")))


@post("/sign-in", opt={"access": Access.OPEN}, include_in_schema=False)
async def sign_in_by_form(request: AnyRequest, parts: Parts) -> Response[str] | Redirect:
    """A wrong password shows the page again, with 401 or 429."""
    form = await request.form()
    onward = _local(request.query_params.get("next", ""))
    say = words(language_of(request))
    try:
        made = await try_sign_in(
            request, parts, str(form.get("name", "")), str(form.get("password", ""))[:1024]
        )
    except TooManyRequestsException:
        return page(request, "sign_in", status=429, next=onward, error=say["too_many"])
    if made is None:
        return page(request, "sign_in", status=401, next=onward, error=say["wrong_password"])
    return Redirect(onward or "/", status_code=303, cookies=[session_cookie(made.cookie, parts)])


@post("/sign-out", include_in_schema=False)
async def sign_out_by_form(request: AnyRequest, parts: Parts) -> Redirect:
    if request.user.session:
        await parts.operators.sign_out(request.user)
    return Redirect("/sign-in", status_code=303, cookies=[session_cookie("", parts)])


@get("/static/rootward.css", opt={"access": Access.OPEN}, include_in_schema=False)
async def sheet() -> Response[str]:
    """Part of the sign-in page, and so open like it."""
    headers = {"Cache-Control": f"max-age={HOUR}"}
    return Response(SHEET, media_type="text/css; charset=utf-8", headers=headers)


def _local(path: str) -> str:
    """Only a path of ours is followed after signing in; a whole address could lead anywhere."""
    parts = urlsplit(path)
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if plain and path.isprintable() else ""


ROUTES = [show_sign_in, sign_in_by_form, sign_out_by_form, sheet]
