"""What stands in a line and is not said by it: names, addresses, settings, what somebody asked for."""

from __future__ import annotations

import re

from rules.matching.engines import Span

_SETTING = r"(?:[A-Za-z]+_\w+|[a-z]+[A-Z]\w*)"
_IS = r"[\"']?(?: ?[=:] ?| is | (?:is )?set to )[\"']?"
_CHOICE = (
    r"(?:\d+ ?(?:[munµ]?s|sec\w*|m|min\w*|h|[kKMG]i?B?)|true|false|yes|no|on|off|none|null|continue|ignore)"
)
_COUNTER = (
    r"(?:[cC]ounts?|[eE]rr(?:or)?s?|[fF]ail(?:ed|ures?|s)?|[lL]ost|[dD]rop(?:s|ped)?"
    r"|[cC]ode|[sS]tat(?:us|e)|rc|ret|[tT]otal)"
)
"""What counts or tells an outcome, is said."""
_THROWN = r"(?!\w*(?:Exception|Error|Errno|Throwable|Timeout)\b)"
"""The name of a class of errors is said."""
_GIVEN = (
    "command|check|job|migration|plugin|procedure|user|name|subject|title|topic|queue|account|acct|agent|referer"
    "|query|comm|exe|mailbox|image|msgid"
)

GIVEN = re.compile(r"\b(" + _GIVEN + r")(?:[=:] ?| )(?:\"[^\"]*\"|'[^']*'|<[^<>]*>)")
"""A name that somebody gave to what the first group says."""

_ASKED = (
    # The names of units, which the manager of services only repeats.
    r"(?:^|\bsystemd)\[\d+\]: (?:Start(?:ing|ed)|Stopp(?:ing|ed)|Finished|Reached target|Listening on"
    r"|(?:Unm|M)ount(?:ing|ed)|(?:Created|Removed) slice|Set up automount|Activating|Reload(?:ing|ed)|Closed"
    r"|Condition check resulted in) .*\.$|"
    # What was asked for, to the end of the line.
    r"(?:\b(?:COMMAND|proctitle|cmdline|_raw_params)=|\bCMD \(|\b(?:[Cc]ommand line|[Ss]tatement): ).*"
)
_TOKEN = (
    # Options of a command.
    r"(?:^|(?<=[\s\"'(\[,]))(?:--[A-Za-z][\w-]*|-[DX][\w:.+-]+)(?:=[^\s\"',;)\]]*)?"
    # Addresses of the web, paths.
    r"|\w+://[^\s\"'<>]+"
    r"|(?:^|(?<=[\s\"'`=(,\[<:]))~?/[\w.@%+-][^\s\"':,;)]*"
    # Tests, whatever they are about, and addresses of mail.
    r"|\b(?:test_\w+|Test[A-Z]\w+)"
    r"|\b[\w.+-]+@[\w.-]+"
)
_NAMED = (
    # Settings: a name of several words with a value that is no outcome.
    r"\b" + _SETTING + _IS + _CHOICE + r"(?![\w.])"
    r"|\b" + _SETTING + r"=\[[^\[\]]*\]"
    r"|\b(?!\w*" + _COUNTER + r"\b)[A-Z]+[a-z]\w*[A-Z]\w*=(?:" + _CHOICE + r"|any)?(?![\w.])"
    r"|\b(?!\w*" + _COUNTER + r"\b)" + _SETTING + _IS + r"\d+(?![\w.])"
    # Names of hosts, files, modules and classes.
    r"|\b[a-z][a-z0-9_-]*(?:\.[a-z_-][a-z0-9_-]*)+(?:[.$]" + _THROWN + r"[A-Z][\w$]*)*\b"
    # Names of settings alone, places in code.
    r"|\b(?:time_?out|timer|retry|error|fault|failure|reset|panic|abort|crash|stall)_"
    r"(?:ids?|ms|msecs?|secs?|mask|flags|type|size|interval|threshold|policy|limit|mode|name|file|path|dir)\b"
    r"|\b" + _SETTING + r":\d+:"
    r"|\b[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+"
)
UNSAID = re.compile(f"{_ASKED}|{_TOKEN}|{_NAMED}")

ASKED, TOKEN = re.compile(_ASKED), re.compile(_TOKEN)
ASKING = (
    b"systemd[",
    b"COMMAND=",
    b"proctitle=",
    b"cmdline=",
    b"_raw_params=",
    b"CMD (",
    b"line: ",
    b"ment: ",
)
"""One of them stands before whatever ``ASKED`` finds."""
NAMING = (b'"', b"'", b"<")

_COUNT_BEHIND = re.compile(rb"(?:[ _][A-Za-z]+){0,2} *[:=|] *(\d) *(?:$|[,;)|\]])")


def quoted(line: bytes, found: Span) -> bool:
    """Whether what was found lies within something longer that the line only quotes."""
    first, stop = found
    before, said = line[:first], line[first:stop]
    if any(mark in before for mark in ASKING) and _within(ASKED, line, found):
        return True
    if any(mark in before for mark in NAMING) and _within(GIVEN, line, found):
        return True
    if b" " in said:  # and no token
        return False
    start = before.rfind(b" ") + 1
    return _within(TOKEN, line[start:].split(b" ", 1)[0], (first - start, stop - start))


def count_behind(line: bytes, found: Span) -> int | None:
    """Where what was found is the name of a counter that stands at one digit: that digit."""
    counted = _COUNT_BEHIND.match(line, found[1])
    return int(counted[1]) if counted else None


def _within(pattern: re.Pattern[str], line: bytes, found: Span) -> bool:
    first, stop = found
    spans = (one.span() for one in pattern.finditer(line.decode("latin-1")))
    return any(start <= first and stop <= end and end - start > stop - first for start, end in spans)
