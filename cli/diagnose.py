"""``rootward diagnose``: one round on this host, or what was collected from another, and what it means."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import msgspec

from agent.config import BadConfig, load
from agent.offline.collected import collected
from agent.offline.once import OneRound, one_round
from agent.units.finding import BadUnit
from cli.text import harmless
from rules.catalogue import Catalogue, load_catalogue
from rules.classification import domain_of
from rules.diagnosis import Diagnosis, Unchecked
from rules.evidence import Dated, evidence_of
from rules.inference import Engine
from rules.report import render
from rules.report.view import ReportView, TicketFacts, cited
from rules.topology import Topology
from wire.judgement import Verdict
from wire.observation import observation_id

HEALTHY, FAULTS, UNSURE = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the agent's configuration, for more targets"
    )
    parser.add_argument(
        "--from",
        type=Path,
        dest="folder",
        metavar="DIR",
        help="a collected host directory (sos_commands/, proc/, sys/, etc/, var/log/) instead of this host",
    )
    parser.add_argument("--name", default="", help="name of the collected host, where its files tell none")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.epilog = "exit codes: 0 healthy, 1 faults found, 2 something is wrong but no cause could be named"


def run(options: argparse.Namespace) -> int:
    try:
        look = _look(options)
    except (BadConfig, BadUnit, OSError) as error:
        print(harmless(f"rootward diagnose: {error}"), file=sys.stderr)
        return UNSURE
    catalogue = load_catalogue()
    diagnoses = diagnose(look, catalogue)
    views = [_view(each, look, catalogue) for each in diagnoses]
    outcome = _outcome(look, diagnoses)
    if options.json:
        print(json.dumps(_document(outcome, look, views), ensure_ascii=False))
        return outcome
    for view in views:
        print(harmless(render(view, catalogue, "md", options.lang)))
    _print_summary(outcome, look)
    return outcome


def _look(options: argparse.Namespace) -> OneRound:
    if options.folder is not None:
        return collected(options.folder, options.name)
    return one_round(load(options.config))


def diagnose(look: OneRound, catalogue: Catalogue) -> list[Diagnosis]:
    """The roots behind what one host sees of itself and of its surroundings, now."""
    host = look.inventory.host
    topology = Topology(server_host="")
    topology.update(look.inventory)
    engine = Engine(catalogue, topology.graph)
    for seen in look.observations:
        signal = catalogue.signals.get(seen.signal)
        if signal is not None and seen.verdict is not Verdict.UNKNOWN:
            exercised = topology.exercised(host, signal, seen.subject, seen.path)
            dated = Dated(seen.since, seen.at, seen.opposite_at)
            engine.update(evidence_of(host, seen, dated, exercised))
    return engine.infer(time.time())


def _outcome(look: OneRound, diagnoses: list[Diagnosis]) -> int:
    if diagnoses:
        return FAULTS
    failing = any(each.verdict is Verdict.FAIL for each in look.observations)
    seen = any(each.verdict is not Verdict.UNKNOWN for each in look.observations)
    return UNSURE if failing or not seen else HEALTHY


def _view(found: Diagnosis, look: OneRound, catalogue: Catalogue) -> ReportView:
    host = look.inventory.host
    fault = catalogue.faults[found.root.fault]
    by_id = {observation_id(host, each.seq): each for each in look.observations}
    ids = dict.fromkeys((*found.observations, *found.root.supported_by, *found.root.opposed_by))
    unchecked = tuple(Unchecked(signal=each.what, subject="", why=each.why) for each in look.unchecked)
    return ReportView(
        ticket=TicketFacts(
            fault=fault.id,
            entity=found.entity,
            domain=domain_of(fault),
            type=fault.type,
            urgency=fault.urgency,
            hosts=(host,),
        ),
        diagnosis=msgspec.structs.replace(found, unchecked=unchecked),
        observations=tuple(
            cited(host, by_id[each], at=by_id[each].at, since=by_id[each].since)
            for each in ids
            if each in by_id
        ),
        at=time.time(),
    )


def _document(outcome: int, look: OneRound, views: list[ReportView]) -> dict[str, object]:
    return {
        "outcome": {HEALTHY: "healthy", FAULTS: "faults", UNSURE: "unsure"}[outcome],
        "faults": [msgspec.to_builtins(view) for view in views],
        "observations": [msgspec.to_builtins(each) for each in look.observations],
        "unchecked": [msgspec.to_builtins(each) for each in look.unchecked],
    }


def _print_summary(outcome: int, look: OneRound) -> None:
    failing = [each for each in look.observations if each.verdict in (Verdict.FAIL, Verdict.WARN)]
    looks = f"{len(look.observations)} looks, {len(failing)} not well, {len(look.unchecked)} not possible"
    if outcome == HEALTHY:
        print(f"Healthy: {looks}.")
    elif outcome == UNSURE:
        print(f"Could not tell: {looks}.")
    else:
        print(f"Faults found: {looks}.")
    if outcome != FAULTS:
        for each in failing:
            detail = ", ".join(f"{name}={value}" for name, value in sorted(each.evidence.items()))
            print(harmless(f"  {each.verdict} {each.signal} {each.subject}: {each.reason} {detail}"))
    for gap in look.unchecked:
        print(harmless(f"  not checked: {gap.what}: {gap.why}"))
