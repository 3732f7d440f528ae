"""What a Redis server tells of itself; and whether it turns clients away, or keeps them waiting."""

from __future__ import annotations

import msgspec

from collectors.clients import resp
from collectors.clients.answer import Busy, NotPermitted, Refused
from collectors.clients.counting import lately
from collectors.clients.local import Local
from collectors.clients.secret import login_for, password
from collectors.clients.stream import Stream
from collectors.host import Host
from collectors.lasting import seconds

SECONDS, HEAR_SECONDS = 2.0, 0.5
OPEN = "in Redis: ACL SETUSER default >…, and the same password for its clients"
PAUSED_SECONDS = 10.0
"""A pause for a failover is over by then."""
_POPS = ("blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop")
WAITS = frozenset([*_POPS, "xread", "xreadgroup", "wait", "waitaof", "shutdown"])
"""Commands that wait for somebody else by their nature."""


class RedisFacts(msgspec.Struct, frozen=True):
    """INFO and, of a cluster, CLUSTER INFO, by their own names."""

    fields: dict[str, str]
    turned_away: bool = False
    """Some who wanted to connect, lately."""

    def number(self, name: str) -> float:
        """0 where it is not told, or no number."""
        try:
            return float(self.fields.get(name, "0"))
        except ValueError:
            return 0.0

    def errors(self, code: str) -> float:
        """How often clients were answered with this error (since Redis 6.2)."""
        text = self.fields.get(f"errorstat_{code}", "").removeprefix("count=")
        return float(text) if text.isdigit() else 0.0


def ask(host: Host, local: Local) -> RedisFacts:
    """Raises what ``answer.asked`` knows: NotPermitted for one that takes nobody from elsewhere, Busy for one
    whose clients are paused.
    """
    try:
        return _facts(host, local)
    except (ConnectionError, EOFError):
        # one that is full says so and closes; what was sent meanwhile makes the kernel drop those words
        with Stream(local.where, HEAR_SECONDS) as stream:
            resp.read(stream)
        raise


def _facts(host: Host, local: Local) -> RedisFacts:
    login = login_for(host, local)
    secret = password(host, login)
    with Stream(local.where, SECONDS) as stream:
        if secret:
            user = [login.user] if login and login.user else []
            resp.command(stream, ["AUTH", *user, secret])
        fields = resp.fields(str(resp.command(stream, ["INFO"])))
        if fields.get("cluster_enabled") == "1":
            fields |= resp.fields(str(resp.command(stream, ["CLUSTER", "INFO"])))
        facts = RedisFacts(fields)
        rejected = lately(host, f"{local.subject(host)} rejected", facts.number("rejected_connections"))
        if rejected and _is_closed_to_others(stream):
            raise NotPermitted(OPEN, "protected mode: it turns away who asks from another host")
        held_up = facts.number("blocked_clients") > 0 and _holds_up(stream)
        lasted = seconds(host, f"{local.subject(host)} paused", so=held_up)
        if held_up and lasted >= PAUSED_SECONDS:
            raise Busy("its clients are paused")
    if not fields:
        raise ValueError("INFO tells nothing")
    return msgspec.structs.replace(facts, turned_away=rejected)


def _is_closed_to_others(stream: Stream) -> bool:
    """Its default user has no password: it answers only who asks from here, though it listens to others."""
    try:
        mode, bound = (resp.command(stream, ["CONFIG", "GET", name]) for name in ("protected-mode", "bind"))
        user = resp.command(stream, ["ACL", "GETUSER", "default"])
    except (NotPermitted, Refused):
        return False
    answers = [each for each in (mode, bound, user) if isinstance(each, list)]
    if len(answers) < 3 or "yes" not in answers[0]:
        return False
    open_to = {word.lstrip("-") for word in str(answers[1][-1]).split()}
    without = any("nopass" in each for each in answers[2] if isinstance(each, list))
    return without and not all(word.startswith("127.") or word == "::1" for word in open_to)


def _holds_up(stream: Stream) -> bool:
    """Does a client wait with a command that never waits by itself?"""
    try:
        clients = str(resp.command(stream, ["CLIENT", "LIST"])).splitlines()
    except (NotPermitted, Refused):
        return False
    return any(_is_held_up(each) for each in clients)


def _is_held_up(client: str) -> bool:
    facts = dict(word.partition("=")[::2] for word in client.split())
    command = facts.get("cmd", "").partition("|")[0]
    return "b" in facts.get("flags", "") and not (command in WAITS or "." in command)  # a module's may wait
