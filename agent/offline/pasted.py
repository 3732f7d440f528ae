"""Takes from a recorded output what the tool did not print: margins, colours, prompts, words of the shell."""

from __future__ import annotations

import codecs
import re
import textwrap

COLOUR = re.compile(r"\x1b(?:\[[0-9;?]{0,32}[A-Za-z]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\))")
NOT_ITS_OWN = re.compile(
    r"^(?:"
    r"```\w{0,16}"  # the fence of a page
    r"|\[[\w.-]{1,64}@[\w.-]{1,64} [^\]\n]{1,128}\][#$](?: .*)?"  # [root@web1 ~]# df -P
    r"|[\w.-]{1,64}@[\w.-]{1,64}:[^\s#$]{1,128}[#$](?: .*)?"  # root@web1:~# df -P
    r"|(?:-?(?:ba|z|k)?sh|perl|sudo): (?:warning: (?:setlocale|Setting locale)|unable to resolve host).*"
    r")[ \t\r]*\n?",
    re.MULTILINE,
)
BLANK_ENDS = re.compile(r"[ \t]+(?=\r?$)", re.MULTILINE)


def without(raw: bytes) -> bytes:
    """Every other byte stays as it is, also what is no UTF-8; UTF-16 with its mark becomes UTF-8."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raw = raw.decode("utf-16", "replace").encode()
    text = raw.removeprefix(codecs.BOM_UTF8).decode("latin-1")
    text = NOT_ITS_OWN.sub("", COLOUR.sub("", text))
    return textwrap.dedent(BLANK_ENDS.sub("", text)).encode("latin-1")
