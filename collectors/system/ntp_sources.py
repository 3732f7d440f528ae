"""Does any source of time answer this host? Value: sources that do."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.process_table import uptime
from collectors.source import Source
from collectors.system.time_listing import Sources, parse
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SIGNAL = "time.sources"
COLLECTOR = Collector(
    signals=(SIGNAL,),
    layer=Layer.HOST,
    interval=60 * SECOND,
    timeout=10 * SECOND,
    where=("chronyc", "ntpq"),
)
DAEMONS = (
    ("/run/chrony", ("chronyc", "-n", "sources")),
    ("/var/run/chrony", ("chronyc", "-n", "sources")),
    ("/run/ntpd.pid", ("ntpq", "-pn")),
    ("/var/run/ntpd.pid", ("ntpq", "-pn")),
)
"""Where a daemon shows that it runs, and how it is asked."""
PATIENCE_SECONDS = 900.0
"""So long after boot it may still be looking for its sources."""


def read(host: Host) -> Iterable[Judgement]:
    """Nothing where no daemon of chrony or ntp runs, or it does not answer."""
    for place, question in DAEMONS:
        if host.exists(place):
            answer = host.run(question, timeout=3.0)
            if answer.ok and answer.out.strip() and uptime(host) > PATIENCE_SECONDS:
                yield from judge(parse(answer.out), host)
            return


def judge(told: Sources, host: Host) -> Iterable[Judgement]:
    sources = [one for one in told.sources if not one.local]
    answering = [one for one in sources if one.reach]
    if sources and not answering:
        reason = Reason.UNREACHABLE
    elif told.synchronised is False:
        reason = Reason.UNSYNCHRONISED
    elif told.synchronised is None and not sources:
        return
    else:
        reason = Reason.OK
    selected = next((one.name for one in sources if one.state == "selected"), "")
    silent = ", ".join(one.name for one in sources if not one.reach)
    yield judged(
        SIGNAL,
        entity.host(host.name),
        reason,
        len(answering),
        sources=len(sources),
        selected=selected,
        silent=silent,
    )


def facts(told: Sources) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "sources": {
            one.name: {"state": one.state, "stratum": one.stratum, "reach": one.reach, "offset": one.offset}
            for one in told.sources
        },
        "selected": next((one.name for one in told.sources if one.state == "selected"), None),
        "unreachable": [one.name for one in told.sources if not one.reach],
        "synchronised": told.synchronised,
        "offset": told.offset,
    }
    return found | ({"complaint": told.complaint} if told.complaint else {})


KINDS = ("ntp_sources", "chronyc", "chronyc_sources", "chronyc_tracking", "ntpq", "timedatectl")
SOURCE = Source(kinds=KINDS, parse=parse, judge=judge, facts=facts)
