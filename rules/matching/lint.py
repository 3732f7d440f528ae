"""Checks the signatures beyond their shape: samples, near-misses, names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules.catalogue import Catalogue
from rules.matching.matcher import Matcher
from rules.matching.signatures import Meaning, Signature


def lint_signatures(signatures: Sequence[Signature], catalogue: Catalogue) -> Iterator[str]:
    """One sentence per problem, also of the forms by which other lines are read."""
    matcher = Matcher(signatures)
    for signature in matcher.meanings:
        if signature.harmless:
            yield from _lint_harmless(signature, matcher)
            continue
        if signature.signal not in catalogue.signals:
            yield f"{signature.id}: no signal is called {signature.signal}"
        found = [{hit.signature.id for hit in matcher.scan(sample.encode())} for sample in signature.samples]
        if not any(signature.id in ids for ids in found):
            yield f"{signature.id}: none of its samples is matched by it"
        for sample, ids in zip(signature.samples, found, strict=True):
            if not ids:
                yield f"{signature.id}: its sample is matched by nothing: {sample}"
        for near_miss in signature.near_misses:
            if any(hit.signature.id == signature.id for hit in matcher.scan(near_miss.encode())):
                yield f"{signature.id}: its near-miss is matched: {near_miss}"


def _lint_harmless(signature: Meaning, matcher: Matcher) -> Iterator[str]:
    for sample in signature.samples:
        if matcher.scan(sample.encode()):
            yield f"{signature.id}: its sample is taken for trouble all the same: {sample}"


def hints_without_fault(signatures: Sequence[Meaning], catalogue: Catalogue) -> list[str]:
    """Worth knowing, no problem: signatures may point to faults that nobody has described yet."""
    return sorted({s.fault for s in signatures if s.fault and s.fault not in catalogue.faults})
