"""What stands in a line and is not said by it: names, addresses, settings, what somebody asked for."""

from __future__ import annotations

import re

_SETTING = r"(?:[A-Za-z]+_\w+|[a-z]+[A-Z]\w*)"
_IS = r"[\"']?(?: ?[=:] ?| is | set to )[\"']?"
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
_GIVEN = "user|name|subject|title|topic|queue|account|acct|agent|referer|query|comm|exe|mailbox|image|msgid"

GIVEN = re.compile(r"\b(" + _GIVEN + r")(?:[=:] ?| )(?:\"[^\"]*\"|'[^']*'|<[^<>]*>)")
"""A name that somebody gave to what the first group says."""

UNSAID = re.compile(
    # What was asked for, to the end of the line.
    r"(?:\b(?:COMMAND|proctitle|cmdline|_raw_params)=|\bCMD \(|\b(?:[Cc]ommand line|[Ss]tatement): ).*"
    # Options of a command.
    r"|(?:^|(?<=[\s\"'(\[,]))(?:--[A-Za-z][\w-]*|-[DX][\w:.+-]+)(?:=[^\s\"',;)\]]*)?"
    # Settings: a name of several words with a value that is no outcome.
    r"|\b" + _SETTING + _IS + _CHOICE + r"(?![\w.])"
    r"|\b(?!\w*" + _COUNTER + r"\b)" + _SETTING + _IS + r"\d+(?![\w.])"
    # Addresses of the web, paths.
    r"|\w+://[^\s\"'<>]+"
    r"|(?:^|(?<=[\s\"'`=(,\[<:]))~?/[\w.@%+-][^\s\"':,;)]*"
    # Names of hosts, files, modules and classes.
    r"|\b[a-z][a-z0-9_-]*(?:\.[a-z_-][a-z0-9_-]*)+(?:[.$]" + _THROWN + r"[A-Z][\w$]*)*\b"
    # Addresses of mail, places in code.
    r"|\b[\w.+-]+@[\w.-]+"
    r"|\b[\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+"
)
