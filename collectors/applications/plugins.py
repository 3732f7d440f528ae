"""What do the Nagios and Monitoring plugins say that were declared? Value: their first number."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from collectors.clients.declared import Plugin, declared
from collectors.command import Completed
from collectors.host import Host
from collectors.judging import judged
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

PLUGIN = "app.plugin"
COLLECTOR = Collector(
    signals=(PLUGIN,),
    layer=Layer.APPLICATION,
    interval=60 * SECOND,
    timeout=60 * SECOND,
    where=("option:applications.plugin",),
)
LIMIT = 65_536
OK, WARNING, CRITICAL = 0, 1, 2
"""Exit codes (Monitoring Plugins Development Guidelines); 3 and all others: unknown."""
DATUM = re.compile(r"(?:'([^']*)'|([^\s'=|]+))=(-?\d+(?:\.\d+)?)([a-zA-Z%]*)(;\S*)?")
MOST_DATA = 16


class Datum(msgspec.Struct, frozen=True):
    """``'label'=value[UOM];warn;crit;min;max``."""

    label: str
    value: float
    unit: str


def read(host: Host) -> Iterable[Judgement]:
    for plugin in declared(host).plugin:
        yield judge(host, plugin, host.run(plugin.argv, plugin.timeout, LIMIT))


def judge(host: Host, plugin: Plugin, done: Completed) -> Judgement:
    """By its exit code alone; what it wrote is evidence."""
    subject = entity.service(host.name, plugin.service or plugin.name)
    if done.missing:
        return unknown(PLUGIN, subject, Reason.TOOL_MISSING, plugin=plugin.name, error=plugin.argv[0])
    if done.late:
        return unknown(PLUGIN, subject, Reason.DEADLINE, plugin=plugin.name)
    text, data = output(done.text)
    value = data[0].value if data else None
    facts: dict[str, str] = {"plugin": plugin.name, "said": text[:512]}
    facts |= {f"perf_{one.label}"[:64]: f"{one.value:g}{one.unit}" for one in data[:MOST_DATA]}
    if done.code == OK:
        return judged(PLUGIN, subject, Reason.OK, value, **facts)
    if done.code == WARNING:
        return judged(PLUGIN, subject, Reason.HIGH, value, **facts)
    if done.code == CRITICAL:
        return judged(PLUGIN, subject, Reason.ERRORS, value, **facts)
    return unknown(PLUGIN, subject, Reason.UNREADABLE, exit_code=done.code, **facts)


def output(text: str) -> tuple[str, list[Datum]]:
    """The first line up to the bar, and all performance data: behind it and behind later bars."""
    first, _, rest = text.partition("\n")
    said, _, performance = first.partition("|")
    later = rest.partition("|")[2]
    found = DATUM.findall(f"{performance} {later}")
    return said.strip(), [Datum(quoted or bare, float(value), unit) for quoted, bare, value, unit, _ in found]
