"""What the lint of faults and states finds, and that the shipped catalogue is free of it."""

from __future__ import annotations

import msgspec

from rules.catalogue import Catalogue
from rules.lint import lint_catalogue
from rules.models import Fault, Symptom
from wire.judgement import Reason


def with_fault(catalogue: Catalogue, fault: Fault) -> Catalogue:
    return msgspec.structs.replace(catalogue, faults={**catalogue.faults, fault.id: fault})


def problems(catalogue: Catalogue, fault: Fault) -> list[str]:
    return [each for each in lint_catalogue(with_fault(catalogue, fault)) if fault.id in each]


def test_the_shipped_catalogue_has_no_problems(catalogue):
    assert list(lint_catalogue(catalogue)) == []


def test_a_fault_too_rare_for_the_leak_of_its_symptoms_is_found(catalogue):
    ping = Symptom(signal="net.icmp", reason=(Reason.TIMEOUT,), strength="sometimes")
    known = catalogue.faults["host.down"]
    rare = msgspec.structs.replace(known, id="x.rare", prior=1e-6, symptoms=(ping,), leads_to=())
    assert any("outweighs its leak" in each for each in problems(catalogue, rare))


def test_a_fault_that_leans_on_context_is_found(catalogue):
    known = catalogue.faults["host.down"]
    line = Symptom(signal="log.novel", reason=(Reason.MATCHED,))
    gullible = msgspec.structs.replace(known, id="x.gullible", symptoms=(*known.symptoms, line))
    assert any("log.novel is context" in each for each in problems(catalogue, gullible))


def test_two_faults_that_show_the_same_are_found(catalogue):
    twin = msgspec.structs.replace(catalogue.faults["storage.fs.full"], id="x.twin")
    assert any("can separate them" in each for each in problems(catalogue, twin))


def test_a_fault_without_chinese_words_is_found(catalogue):
    known = catalogue.faults["storage.fs.full"]
    mute = msgspec.structs.replace(known, id="x.mute", text={"en": known.text["en"]})
    assert "x.mute: no text in zh" in problems(catalogue, mute)


def test_a_special_kind_of_nothing_is_found(catalogue):
    lost = msgspec.structs.replace(catalogue.faults["storage.fs.full"], id="x.lost", is_a=("no.such",))
    assert "x.lost: is_a names no.such, which nobody describes" in problems(catalogue, lost)


def test_advice_that_does_not_say_when_to_escalate_is_found(catalogue):
    known = catalogue.faults["storage.fs.full"]
    lines = known.text["en"].advice.strip().splitlines()[:3]
    short = msgspec.structs.replace(known.text["en"], advice="\n".join(lines))
    alone = msgspec.structs.replace(known, id="x.alone", text={**known.text, "en": short})
    assert problems(catalogue, alone)[:1] == ["x.alone: advice in en has no line 'Escalate:'"]


def test_a_fault_that_nothing_but_lines_tell_of_must_be_told(catalogue):
    known = catalogue.faults["sec.key.permissions"]
    untold = msgspec.structs.replace(known, id="x.untold", telling=())
    assert any("only lines tell of it" in each for each in problems(catalogue, untold))
