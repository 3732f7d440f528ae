"""Every signature and form finds its samples and leaves its near-misses alone; both engines find the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from collectors.logs.log_signals import LINES, NOVEL, SOURCE
from rules.catalogue import load_catalogue
from rules.matching.engines import HyperscanEngine, SetEngine, spans_of
from rules.matching.lint import hints_without_fault
from rules.matching.matcher import Matcher
from rules.matching.signatures import Signature, load_signatures
from rules.reading.lexicon import load_lexicon
from rules.reading.reader import Reader
from wire.entity import ON_HOST, kind_of

EVERY = load_signatures()
LEXICON = load_lexicon()
FORMS = LEXICON.forms
SIGNATURES = [signature for signature in EVERY if not signature.harmless]
HARMLESS = [signature for signature in EVERY if signature.harmless]
PREFIXES = (
    b"",
    b"Nov  2 08:23:16 web1 kernel: [ 1234.567890] ",
    b"2026-11-02T08:23:16.123456+00:00 web1 app[812]: ",
)


def _hyperscan(patterns: Sequence[str], folder: Path | None):
    return HyperscanEngine(patterns, folder), ""


def _re2(patterns: Sequence[str], folder: Path | None):
    return SetEngine(patterns), "asked for"


@pytest.fixture(scope="module")
def engine(compiled):
    return Matcher(folder=compiled, engine=_hyperscan)


def _lines(signature: Signature) -> list[bytes]:
    return [line.encode() for sample in signature.samples for line in sample.split("\n")[:1]]


def test_every_sample_is_found_whatever_stands_before_it(engine):
    missed = []
    for signature in SIGNATURES:
        for line in _lines(signature):
            for prefix in PREFIXES:
                found = engine.scan(prefix + line + b"\n")
                if not found or found[0].signature.signal != signature.signal:
                    missed.append((signature.id, line, found[0].signature.id if found else None))
    assert missed == []


def test_every_signature_wins_on_one_of_its_samples(engine):
    beaten = [
        (signature.id, [hit.signature.id for line in _lines(signature) for hit in engine.scan(line)])
        for signature in SIGNATURES
        if signature.id not in {hit.signature.id for line in _lines(signature) for hit in engine.scan(line)}
    ]
    assert beaten == []


def test_every_form_is_what_one_of_its_samples_is_read_as(engine):
    read = {
        form.id: {hit.signature.id for line in form.samples for hit in engine.scan(line.encode())}
        for form in FORMS
    }
    assert {name: ids for name, ids in read.items() if name not in ids} == {}


def test_harmless_lines_are_no_hits_though_a_wider_signature_matches_them(engine):
    wider = [spans_of(signature.pattern) for signature in SIGNATURES]
    reader = Reader(LEXICON)
    for signature in HARMLESS:
        for line in _lines(signature):
            matched = any(spans(line)[0][0] >= 0 for spans in wider)
            assert matched or reader.read(line).form >= 0, line
            assert engine.scan(line) == []


def test_no_near_miss_is_taken_for_the_signature(engine):
    wrong = [
        (signature.id, near_miss)
        for signature in (*SIGNATURES, *FORMS)
        for near_miss in signature.near_misses
        if any(hit.signature.id == signature.id for hit in engine.scan(near_miss.encode()))
    ]
    assert wrong == []


def test_both_engines_agree_on_all_lines_at_once(engine):
    texts = [text for s in (*EVERY, *FORMS) for text in (*s.samples, *s.near_misses)]
    block = "\n".join(texts).encode()
    first = [(hit.start, hit.signature.id) for hit in engine.scan(block)]
    assert first == [(hit.start, hit.signature.id) for hit in Matcher(engine=_re2).scan(block)]


def test_every_signal_is_declared():
    assert {s.signal for s in (*SIGNATURES, *FORMS)} <= set(load_catalogue().signals)


def test_a_hint_to_a_fault_that_nobody_described_is_noted():
    hinting = next(s for s in SIGNATURES if s.fault)
    astray = msgspec.structs.replace(hinting, fault="no.such.fault")
    assert "no.such.fault" in hints_without_fault([hinting, astray], load_catalogue())


def test_hints_to_described_faults_are_not_noted():
    catalogue = load_catalogue()
    known = [s for s in SIGNATURES if s.fault in catalogue.faults]
    assert known
    assert hints_without_fault(known, catalogue) == []


def test_every_log_signal_has_a_signature():
    wanted = {name for name in load_catalogue().signals if name.startswith("log.")} - {SOURCE, NOVEL}
    assert wanted <= {s.signal for s in SIGNATURES}


def test_entities_name_their_host():
    assert {kind_of(s.entity) for s in (*SIGNATURES, *FORMS)} <= ON_HOST | {
        "address",
        "endpoint",
        "resolver",
        "upstream",
    }


def test_sources_of_lines_declare_every_signal():
    assert set(LINES) == {s.signal for s in (*SIGNATURES, *FORMS)}
