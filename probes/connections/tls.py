"""Which certificate does this port show, and may it be trusted, and for how long?"""

from __future__ import annotations

from probes.connections.connect import connect
from probes.connections.handshake import DAY, described, secure
from probes.steps import StepFailed, Steps
from probes.unit import SECOND, Net, Probe
from wire.judgement import Judgement, Layer, Reason
from wire.target import TlsTarget

PROBE = Probe(
    signals=("tls.certificate",),
    layer=Layer.APPLICATION,
    target=TlsTarget,
    interval=60 * SECOND,
    timeout=6 * SECOND,
)
EXPIRING = 14.0
"""Days before the end at which somebody should renew it."""
_OLD = ("SSLv3", "TLSv1", "TLSv1.1")
"""RFC 8996."""
_BUDGET = 5.5
_SLOW = 2.0


async def ask(target: TlsTarget, net: Net) -> Judgement:
    """Resolves, connects, shakes hands. Value: days until the certificate ends."""
    steps = Steps("tls.certificate", target.door, net, _BUDGET)
    try:
        sock = await connect(steps, target.host, target.port)
        secured = await secure(steps, sock, target.server_name or target.host, target.ca_file, target.speaks)
    except StepFailed as failure:
        days = failure.evidence.get("days_left")
        return steps.failed(failure, float(days) if isinstance(days, float) else None)
    secured.talk.close()
    now = net.clock()
    steps.evidence |= described(secured.certificate, now)
    steps.evidence["protocol"] = secured.protocol
    if target.speaks:
        steps.evidence["alpn"] = chosen = secured.talk.session.selected_alpn_protocol() or ""
        if chosen != target.speaks:
            return steps.failed(StepFailed(Reason.TLS_PROTOCOL, step="alpn", wanted=target.speaks))
    days_left = (secured.certificate.not_after - now) / DAY
    if days_left <= EXPIRING:
        return steps.warned(Reason.EXPIRING, days_left)
    if secured.certificate.weak or secured.protocol in _OLD:
        return steps.warned(Reason.TLS_WEAK, days_left)
    return steps.warned(Reason.SLOW, days_left) if steps.elapsed() > _SLOW else steps.passed(days_left)
