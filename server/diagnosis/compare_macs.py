"""Which cards have the hardware address of another on their link? Each looks well to its own host."""

from __future__ import annotations

from enum import StrEnum

from rules.catalogue import Catalogue
from rules.topology import Topology
from rules.topology.book import Attachment
from server.diagnosis.own_look import OwnLook
from server.diagnosis.standing import Standing
from server.diagnosis.turn import Turn
from wire import entity as ids
from wire.entity import Entity
from wire.judgement import Evidence, Reason

SIGNAL = "net.mac"


class Named(StrEnum):
    LIKE_ANOTHER = "like_another"
    ITS_OWN_AGAIN = "its_own_again"


class CompareMacs:
    name = "compare_macs"

    def __init__(self, catalogue: Catalogue, topology: Topology, standing: Standing) -> None:
        self._look = OwnLook(catalogue.signals[SIGNAL], topology, standing)
        self._topology = topology
        self._standing = standing
        self._odd: dict[Entity, Attachment] = {}
        """The cards that came later than another with their hardware address."""

    def run(self, turn: Turn) -> None:
        told, book = turn.told, self._topology.book
        if not told:
            return
        for each in [one for host in told for one in book.attachments(host)]:
            for one in (each, *book.namesakes(each)):
                card = ids.nic(one.host, one.nic)
                if self._look.outcome(card) is Reason.DUPLICATE or self._like(one):
                    self._odd[card] = one
        for card, one in list(self._odd.items()):
            self._judge(card, one, turn)

    def _like(self, one: Attachment) -> Attachment | None:
        """The card that had its hardware address first, if that is another machine, and lives."""
        book, inventories = self._topology.book, self._topology.inventories
        if book.had_first(one):
            return None
        return next(
            (
                each
                for each in book.namesakes(one)
                if each.host not in self._standing.silent
                # The same start under another name is the same machine, renamed.
                and inventories[each.host].boot_id != inventories[one.host].boot_id
            ),
            None,
        )

    def _judge(self, card: Entity, one: Attachment, turn: Turn) -> None:
        other = self._like(one) if one in self._topology.book.attachments(one.host) else None
        outcome = Reason.DUPLICATE if other else Reason.OK
        if self._look.is_news(card, outcome):
            turn.decide(self.name, Named.LIKE_ANOTHER if other else Named.ITS_OWN_AGAIN, card)
            self._look.tell(card, outcome, turn.now, turn.now, evidence=_told(one, other))
        if other is None:
            del self._odd[card]


def _told(one: Attachment, other: Attachment | None) -> Evidence:
    if other is None:
        return {}
    return {"mac": one.mac, "of": ids.nic(other.host, other.nic), "network": str(one.interface.network)}
