"""The looks that exercised one entity where they are many: by signal and role, the newest last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.diagnosis import Key
from rules.inference.knowledge import Look
from rules.inference.lot import MANY, Draw
from rules.inference.outcomes import Reading

NOTHING: Mapping[Key, Reading] = {}
Looks = dict[Look, dict[Key, Reading]]


class _View:
    """How the looks of one signal and role were asked for, so that it need not be worked out anew."""

    __slots__ = ("draw", "order")

    def __init__(self) -> None:
        self.draw: Draw | None = None
        self.order: list[Key] | None = None


class Crowded:
    """Those that fail are also kept apart: mostly a few among very many passes."""

    __slots__ = ("_failing", "_views", "looks")

    def __init__(self, looks: Looks) -> None:
        self.looks = looks
        self._views: dict[Look, _View] = {}
        self._failing: Looks = {}
        for look, here in looks.items():
            if failing := {key: each for key, each in here.items() if each.is_symptom}:
                self._failing[look] = failing

    def put(self, look: Look, reading: Reading) -> bool:
        """Take the place of what this key showed. Is a part to be drawn of these looks from now on?"""
        key = reading.key
        here = self.looks.get(look)
        if here is None:
            here = self.looks[look] = {}
        before = here.pop(key, None)
        here[key] = reading
        if reading.is_symptom:
            self._failing.setdefault(look, {})[key] = reading
        elif before is not None and before.is_symptom:
            self._pass(look, key)
        if look in self._views:
            view = self._views[look]
            if before is None:
                view.order = None
            if view.draw is not None:
                view.draw.put(reading)
        return before is None and len(here) == MANY + 1

    def confirm(self, look: Look, reading: Reading) -> None:
        """It is the newest now."""
        here = self.looks[look]
        here[reading.key] = here.pop(reading.key)
        view = self._views.get(look)
        if view is not None and view.draw is not None:
            view.draw.put(reading)

    def drop(self, look: Look, key: Key) -> bool:
        """Is no part to be drawn of these looks any longer?"""
        here = self.looks.get(look, {})
        before = here.pop(key, None)
        if before is None:
            return False
        if not here:
            del self.looks[look]
        if before.is_symptom:
            self._pass(look, key)
        view = self._views.get(look)
        if view is not None:
            view.order = None
            if view.draw is not None:
                view.draw.drop(key)
        return len(here) == MANY

    def failing(self, look: Look) -> Iterable[Reading]:
        return self._failing.get(look, NOTHING).values()

    def order(self, look: Look) -> list[Key]:
        """Their keys in order."""
        view = self._view(look)
        if view.order is None:
            view.order = sorted(self.looks.get(look, NOTHING))
        return view.order

    def drawn(self, look: Look, share: float, since: float) -> Iterable[Reading]:
        """Every symptom, and of the passes since then only this share, a power of two."""
        view = self._view(look)
        known = view.draw
        if known is None or known.share < share or known.since > since:
            known = view.draw = Draw(share, since, self.looks.get(look, NOTHING).values())
        elif known.share > share:
            known = view.draw = Draw(share, since, known)
        return known

    def _view(self, look: Look) -> _View:
        return self._views.setdefault(look, _View())

    def _pass(self, look: Look, key: Key) -> None:
        """The look does not fail any longer."""
        failing = self._failing[look]
        del failing[key]
        if not failing:
            del self._failing[look]
