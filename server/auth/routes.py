"""Enrolment, tokens, revocation, sign-in and sign-out over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import structlog
from litestar import Request, delete, post
from litestar.datastructures import Cookie
from litestar.exceptions import (
    ClientException,
    NotAuthorizedException,
    NotFoundException,
    TooManyRequestsException,
)
from litestar.params import JSONBody, PathParameter
from litestar.response import Response

from server.auth.access import COOKIE
from server.auth.agents import DEFAULT_TTL, MAX_TTL, EnrolmentRefused
from server.auth.operators import ABSOLUTE, MAX_PASSWORD, SignedIn
from server.auth.principal import Access
from server.auth.throttle import Throttle
from server.diagnosis.standing import SERVER
from server.parts import Parts
from wire.exchange import Enrolled, EnrollRequest, HostName

AnyRequest = Request[Any, Any, Any]
_log = structlog.get_logger("auth")


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For which host, and for how many seconds."""

    host: HostName | None = None
    """Only this host may use it, and may replace the agent it had; None: any host not yet enrolled."""
    ttl: Annotated[float, msgspec.Meta(ge=1, le=MAX_TTL)] = DEFAULT_TTL


class Token(msgspec.Struct, frozen=True):
    """A one-time enrolment token, shown once, and the command that uses it."""

    token: str
    expires_at: float
    command: str


class SignInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operator's name and password."""

    name: Annotated[str, msgspec.Meta(max_length=64)]
    password: Annotated[str, msgspec.Meta(max_length=MAX_PASSWORD)]


class Session(msgspec.Struct, frozen=True):
    """What unsafe requests of this session repeat in the header X-CSRF-Token."""

    csrf: str


@post("/api/v1/enroll", opt={"access": Access.OPEN}, summary="Exchange a one-time token for a credential")
async def enroll(request: AnyRequest, parts: Parts, data: JSONBody[EnrollRequest]) -> Enrolled:
    """The credential is shown once."""
    _throttle(parts.enrolments, request, parts.now())
    _not_ours(data.host)
    try:
        enrolment = await parts.agents.enroll(data, parts.current.mark)
    except EnrolmentRefused as refused:
        _log.warning("enrolment refused", host=data.host, caller=_caller(request), why=str(refused))
        raise NotAuthorizedException(str(refused)) from None
    for agent in enrolment.replaced:
        parts.intake.forget(agent, replaced=True)
    parts.current.admit(enrolment.answer.agent, enrolment.host)
    _log.info("enrolled", host=enrolment.host, agent=enrolment.answer.agent, replaced=enrolment.replaced)
    return enrolment.answer


@post("/api/v1/tokens", summary="Make a one-time enrolment token")
async def make_token(parts: Parts, data: JSONBody[TokenRequest]) -> Token:
    """Only its hash is kept."""
    _not_ours(data.host or "")
    token = await parts.agents.make_token(data.host or "", data.ttl)
    return Token(
        token=token,
        expires_at=parts.now() + data.ttl,
        command=enrol_command(parts.url, token, parts.fingerprint),
    )


@delete("/api/v1/agents/{agent:str}", summary="Revoke an agent's credential")
async def revoke(
    request: AnyRequest, parts: Parts, agent: Annotated[str, PathParameter(max_length=64)]
) -> None:
    """From now on it is a stranger, and nothing it said stands."""
    if not await parts.agents.revoke(agent, parts.current.mark(agent)):
        raise NotFoundException(f"no agent has the id {agent}")
    parts.intake.forget(agent)
    _log.info("revoked", agent=agent, by=request.user.name)


@post("/api/v1/sign-in", opt={"access": Access.OPEN}, status_code=200, summary="Open a session")
async def sign_in(request: AnyRequest, parts: Parts, data: JSONBody[SignInRequest]) -> Response[Session]:
    """Sets the session's cookie; a session that the browser had ends."""
    made = await try_sign_in(request, parts, data.name, data.password)
    if made is None:
        raise NotAuthorizedException("name or password is wrong")
    return Response(Session(csrf=made.csrf), cookies=[session_cookie(made.cookie, parts)])


@post("/api/v1/sign-out", status_code=204, summary="End the session")
async def sign_out(request: AnyRequest, parts: Parts) -> Response[None]:
    """Its cookie is worth nothing from now on."""
    if request.user.session:
        await parts.operators.sign_out(request.user)
    return Response(None, status_code=204, cookies=[session_cookie("", parts)])


async def try_sign_in(request: AnyRequest, parts: Parts, name: str, password: str) -> SignedIn | None:
    """Also for the sign-in page. None for a wrong name or password; raises 400 and 429."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        raise ClientException("sign in on the page of this server")
    _throttle(parts.sign_ins, request, parts.now())
    made = await parts.operators.sign_in(name, password, request.cookies.get(COOKIE, ""))
    if made is None:
        _log.warning("sign-in refused", operator=name, caller=_caller(request))
        return None
    parts.sign_ins.forgive(_caller(request))
    _log.info("signed in", operator=name, caller=_caller(request))
    return made


def session_cookie(value: str, parts: Parts) -> Cookie:
    """With an empty value: forget it."""
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=int(ABSOLUTE) if value else 0,
        path="/",
        httponly=True,
        secure=parts.url.startswith("https:"),
        samesite="lax",
    )


def enrol_command(url: str, token: str, fingerprint: str) -> str:
    """The line to paste on the host."""
    pin = f" --fingerprint {fingerprint}" if fingerprint else ""
    return f"rootward agent enroll --server {url} --token {token}{pin}"


def _not_ours(host: str) -> None:
    if host.lower() == SERVER:
        raise ClientException(f"host: {SERVER} is the name under which the server itself observes")


def _throttle(throttle: Throttle, request: AnyRequest, now: float) -> None:
    seconds = throttle.wait(_caller(request), now)
    if seconds:
        raise TooManyRequestsException(
            f"too many tries; wait {seconds:.0f} s", headers={"Retry-After": str(int(seconds) + 1)}
        )


def _caller(request: AnyRequest) -> str:
    return request.client.host if request.client else ""


ROUTES = [enroll, make_token, revoke, sign_in, sign_out]
