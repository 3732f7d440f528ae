"""What must hold beside the tickets: programs stay small, hostile text stays text, and claims have proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drills.claims import unproven
from drills.drill import Limit
from drills.product import Rootward
from drills.verdict import Ticket, name_of


def overgrown(product: Rootward, limits: Iterable[Limit]) -> Iterator[str]:
    """Programs that held more memory than they may."""
    for limit in limits:
        for peak in product.site[limit.host].peaks(limit.process):
            if peak > limit.megabytes:
                yield f"{limit.process} on {limit.host} held {peak} MB, more than {limit.megabytes}"


def unescaped(product: Rootward, inert: Iterable[str], tickets: Iterable[Ticket]) -> Iterator[str]:
    """Texts that got into a report as they were."""
    wanted = tuple(inert)
    for ticket in tickets if wanted else ():
        for report in product.reports(str(ticket["id"])):
            yield from (
                f"{text!r} stands in the report of {name_of(ticket)}" for text in wanted if text in report
            )


def overclaimed(product: Rootward, tickets: Iterable[Ticket]) -> Iterator[str]:
    """What a report says without an observation that shows it."""
    for ticket in tickets if product.serving else ():
        for claim in unproven(product.report(str(ticket["id"]))):
            yield f"the report of {name_of(ticket)} claims without proof: {claim}"
