"""What the peers probe: every address of the lab, and the very targets that our agents are told to probe."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from drills.agents import TARGETS
from drills.layout import PLACES


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One target of blackbox_exporter, and the module that asks it."""

    target: str
    module: str
    settings: dict[str, Any]
    """Of the module, as blackbox.yml has them."""


def probes() -> list[Probe]:
    """Each once, in the order of the lab's plan."""
    found = [*_pings(), *_told()]
    return list({(probe.module, probe.target): probe for probe in found}.values())


def _pings() -> Iterator[Probe]:
    settings = {"prober": "icmp", "icmp": {"preferred_ip_protocol": "ip4"}}
    for place in PLACES:
        for port in place.ports:
            yield Probe(target=port.address, module="icmp", settings=settings)


def _told() -> Iterator[Probe]:
    for targets in TARGETS.values():
        for text in targets:
            yield _probe(tomllib.loads(text))


def _probe(target: dict[str, Any]) -> Probe:
    """Expects of the answer what our agents expect. Raises ValueError for a kind that it cannot ask."""
    if target["kind"] == "http":
        body = target["body"]
        http = {"preferred_ip_protocol": "ip4", "fail_if_body_not_matches_regexp": [re.escape(body)]}
        name = "http_" + re.sub(r"\W+", "_", body)
        return Probe(target=target["url"], module=name, settings={"prober": "http", "http": http})
    if target["kind"] == "tcp":
        tcp = {"preferred_ip_protocol": "ip4"}
        where = f"{target['host']}:{target['port']}"
        return Probe(target=where, module="tcp_connect", settings={"prober": "tcp", "tcp": tcp})
    if target["kind"] == "dns":
        right = [rf".*\t{re.escape(address)}$" for address in target["expect"]]
        dns = {
            "preferred_ip_protocol": "ip4",
            "query_name": target["name"],
            "query_type": "A",
            "validate_answer_rrs": {"fail_if_none_matches_regexp": right},
        }
        name = "dns_" + target["name"]
        return Probe(target=target["resolver"], module=name, settings={"prober": "dns", "dns": dns})
    raise ValueError(f"blackbox_exporter has no probe for {target['kind']!r}")
