"""Reads the words that a tool says instead of its listing: it is missing, not permitted, or asked wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.host import JSON, Host
from collectors.parsing import lines_of
from collectors.source import ANY, Source
from wire.judgement import Judgement

COMPLAINT = re.compile(
    r"(?i)command not found|no such (file|device|command)|permission denied|access denied|^\s*usage:|"
    r"not (permitted|found|supported|running|installed|present)|(must|need to|intended to) be (root|run as)|"
    r"\b(error|fatal|failed|failure|unable|cannot|can't|invalid|unknown option|unrecognized|timed out|"
    r"refused|not a )\b|does not exist|no output|--help|"
    r"^(\S+: )?no [\w ]{1,40}(found|detected|processed|present|configured)\b"
)
MOST_LINES = 60
"""More is a listing that holds such a word."""
DOCUMENT = ("{", "[", "<")
"""What begins so is no words: a document that is broken is not to be taken for one that was read."""
NOTHING = "nothing was printed"


def parse(raw: bytes) -> str:
    """The line that says why; blank output says that there is nothing. Raises ValueError for another text."""
    lines = [line.strip() for line in lines_of(raw) if line.strip()]
    if not lines:
        return NOTHING
    found = next((line for line in lines if COMPLAINT.search(line)), None)
    if found is None or len(lines) > MOST_LINES or lines[0].startswith(DOCUMENT):
        raise ValueError("neither a listing nor words about why there is none")
    return found[:512]


def judge(complaint: str, host: Host) -> Iterable[Judgement]:
    """That a tool could not tell says nothing of what it should have told of."""
    del complaint, host
    return ()


def facts(complaint: str) -> dict[str, JSON]:
    return {"complaint": complaint}


SOURCE = Source(kinds=(ANY,), parse=parse, judge=judge, facts=facts)
"""Whatever was asked may answer so."""
