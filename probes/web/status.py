"""What the status code of a refusal says of who gave it."""

from __future__ import annotations

from wire.judgement import Reason

_REFUSED = (401, 407)
_OVERLOADED = (408, 421, 425, 429)
"""Of those that begin with 4, what may pass at the next try."""
_GATEWAY = (502, 504)
"""Who answers got no answer itself from whom it asks (RFC 9110, section 15.6); 503 may be its own doing."""


def reason_of(status: int) -> Reason:
    """A page that is refused tells of a server that is set up otherwise, not of errors of its own."""
    if status in _REFUSED:
        return Reason.AUTH
    if status in _GATEWAY:
        return Reason.GATEWAY
    return Reason.WRONG if 400 <= status < 500 and status not in _OVERLOADED else Reason.STATUS
