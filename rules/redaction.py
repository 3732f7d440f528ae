"""Takes secrets out of text before it leaves the host: passwords, tokens, keys, credentials in URLs.

Linear in the length of the text (RE2). Text without any trace of a secret costs one search and is returned
as it came.
"""

from __future__ import annotations

import re2

HIDDEN = "[redacted]"

_NAMES = (
    r"(?:[\w.-]*(?:pass(?:word|wd|phrase|code)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|auth[_-]?key|account[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?|client[_-]?secret"
    r"|session[_-]?(?:id|key)|community|connection[_-]?string|x-amz-signature|sig(?:nature)?))"
)
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&"'<>(){}\[\]]+)"""

_HINT = re2.compile(
    r"(?i)(?:pass|pwd|secret|token|key|credential|session|community|sig|connection[_-]?string)"
    r"""[\w.-]*["']?\s*(?:[=:]|is |was |to )|--[\w-]*(?:pass|secret|token|key)|bearer|basic|negotiate"""
    r"|authoriz|cookie|-----BEGIN|://[^\s/@]*@|AKIA|ASIA|gh[pousr]_|github_pat|glpat-|xox[abeoprs]-|xapp-"
    r"|hooks\.slack|eyJ|\b[srp]k[-_]|rk_live|AIza|ya29\.|npm_|pypi-|dop_v1|SG\.|hvs\."
    r"|identified by|requirepass|masterauth"
    r"|\bAUTH\b| -p ?\S|--user|curl .*-u|\$[0-9a-z]{1,4}\$"
)

_RULES = tuple(
    (re2.compile(pattern), replacement)
    for pattern, replacement in (
        # whole keys, also when the end is missing
        (
            r"(?s)-----BEGIN ([A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END [A-Z0-9 ]*-----|\z)",
            r"-----BEGIN \1----- " + HIDDEN,
        ),
        # scheme://user:secret@host, and a token alone before the @
        (r"([A-Za-z][\w+.-]*://[^\s/:@]*):[^\s/]*@", rf"\1:{HIDDEN}@"),
        (r"([A-Za-z][\w+.-]*://)[^\s/:@]{16,}@", rf"\1{HIDDEN}@"),
        (r"(?i)(hooks\.slack\.com/(?:services|workflows)/)[\w/-]+", rf"\1{HIDDEN}"),
        # HTTP headers
        (
            r"""(?i)\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:[\w-]+\s+)?)[^\s"',;][^"'\r\n]*""",
            rf"\1{HIDDEN}",
        ),
        (r"""(?i)\b((?:set-)?cookie2?["']?\s*[:=]\s*["']?)[^"'\r\n]+""", rf"\1{HIDDEN}"),
        (r"(?i)\b(bearer|basic|negotiate)\s+[A-Za-z0-9._~+/=-]{12,}", rf"\1 {HIDDEN}"),
        # tokens that show what they are
        (r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?", HIDDEN),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", HIDDEN),
        (r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|glpat-[\w-]{16,})", HIDDEN),
        (r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-[\w-]{10,}", HIDDEN),
        (r"\b(?:sk|rk|pk)[-_](?:live|test|proj|ant)[-_][\w-]{10,}|\bsk-[A-Za-z0-9]{20,}", HIDDEN),
        (r"\bAIza[\w-]{30,}|\bya29\.[\w-]{16,}|\bSG\.[\w-]{16,}\.[\w-]{16,}", HIDDEN),
        (r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|dop_v1_\w{30,}|hvs\.[\w-]{16,})", HIDDEN),
        # password hashes of crypt(3)
        (r"\$(?:1|2[aby]|5|6|7|y|gy|argon2(?:id?|d)|scrypt|apr1)\$[\w./$=,+-]{16,}", HIDDEN),
        # SQL, Redis, SNMP and command lines
        (rf"(?i)\b(identified (?:with \S+ )?by\s+(?:password\s+)?){_VALUE}", rf"\1{HIDDEN}"),
        (rf"(?i)\b(requirepass|masterauth)\s+{_VALUE}", rf"\1 {HIDDEN}"),
        (r"""\b(AUTH["']?\s+(?:"?[\w-]+"?\s+)?)("[^"]+"|[^\s"\[]\S{5,})$""", rf"\1{HIDDEN}"),
        (r"""((?:mysql|mysqldump|mysqladmin|mariadb|sshpass)\b[^\n]*? -p ?)[^\s-]\S*""", rf"\1{HIDDEN}"),
        (r"""(\bcurl\b[^\n]*? (?:-u|--user)[ =]?["']?[^\s:"']+:)[^\s"']+""", rf"\1{HIDDEN}"),
        # name = value, "name": "value", --name value
        (rf"""(?i)(\b{_NAMES}["']?\s*(?:=>|:=|[=:])\s*){_VALUE}""", rf"\1{HIDDEN}"),
        # PWD=/srv is a folder
        (r"""(?i)(\b(?:\w+_)?pwd["']?\s*(?:=|:)\s*["']?)[^\s/;&"'][^\s;&"']*""", rf"\1{HIDDEN}"),
        (
            rf"(?i)(--(?:[\w-]*(?:password|passwd|secret|token|api-?key|access-?key))\s+){_VALUE}",
            rf"\1{HIDDEN}",
        ),
        (rf"(?i)\b((?:password|passwd|passphrase)\s+(?:is|was|to)\s+){_VALUE}", rf"\1{HIDDEN}"),
    )
)


def redact(text: str) -> str:
    """The text with every secret that can be recognised replaced by ``[redacted]``."""
    if _HINT.search(text) is None:
        return text
    for pattern, replacement in _RULES:
        if pattern.search(text) is not None:
            text = pattern.sub(replacement, text)
    return text
