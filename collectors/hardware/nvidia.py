"""Do the NVIDIA GPUs answer, with sound memory, cool and well linked? Values: see gpu_facts."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.hardware.device_listing import parse_pci, pci_facts
from collectors.hardware.gpu_facts import LINK, MEMORY, STATE, TEMPERATURE, Gpu, facts, judge
from collectors.hardware.gpu_lists import parse_csv, parse_list, parse_table
from collectors.hardware.gpu_report import parse_text, parse_xml
from collectors.host import Host
from collectors.source import Source
from collectors.unit import Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason, unknown

COLLECTOR = Collector(
    signals=(STATE, MEMORY, TEMPERATURE, LINK),
    layer=Layer.HARDWARE,
    interval=60.0,
    timeout=60.0,
    risky=True,
    where=("/proc/driver/nvidia/gpus/*",),
)
SECONDS = 25.0
"""A card that fell off the bus makes the driver try for a while."""
DRIVER = "/proc/driver/nvidia/gpus"


def read(host: Host) -> Iterable[Judgement]:
    """``nvidia-smi -q -x`` and ``nvlink``, only where the driver has a card."""
    try:
        cards = host.list(DRIVER, 64)
    except OSError:
        return
    if not cards:
        return
    done = host.run(["nvidia-smi", "-q", "-x"], timeout=SECONDS, limit=8 * 1024 * 1024)
    if done.missing or done.late:
        why = Reason.TOOL_MISSING if done.missing else Reason.DEADLINE
        yield unknown(STATE, entity.gpu(host.name, cards[0][:64]), why, tool="nvidia-smi")
        return
    try:
        gpus = parse_xml(done.out)
    except ValueError:
        gpus = []
    places = {gpu.place for gpu in gpus}
    gpus += [
        Gpu(place=place, complaint="GPU not found by nvidia-smi")
        for card in cards
        if (place := card.lower().rpartition(".")[0]) and place not in places
    ]
    yield from judge(gpus, host)
    yield from _links(host, gpus)


def _links(host: Host, gpus: list[Gpu]) -> Iterable[Judgement]:
    """Links are listed by number; the report names the same cards by their address."""
    found: dict[str, Gpu] = {}
    for what in ("--status", "--errorcounters"):
        done = host.run(["nvidia-smi", "nvlink", what], timeout=SECONDS)
        try:
            listed = parse_list(done.out) if done.ok else []
        except ValueError:
            listed = []
        for one in listed:
            known = found.get(one.uuid, one)
            found[one.uuid] = Gpu(
                place=next((gpu.place for gpu in gpus if gpu.uuid == one.uuid), one.place),
                uuid=one.uuid,
                links=known.links | one.links,
                link_errors=known.link_errors | one.link_errors,
            )
    yield from (one for one in judge(list(found.values()), host) if one.signal == LINK)


KINDS = ("nvidia_smi", "nvidia", "nvidia_smi_q", "nvidia_smi_xml")
SOURCES = (
    Source[list[Gpu]](kinds=KINDS, parse=parse_xml, judge=judge, facts=facts),
    Source[list[Gpu]](kinds=(*KINDS, "nvlink", "fabric_manager"), parse=parse_list, judge=judge, facts=facts),
    Source[list[Gpu]](kinds=KINDS, parse=parse_text, judge=judge, facts=facts),
    Source[list[Gpu]](kinds=KINDS, parse=parse_csv, judge=judge, facts=facts),
    Source[list[Gpu]](kinds=KINDS, parse=parse_table, judge=judge, facts=facts),
    Source(kinds=("fabric_manager",), parse=parse_pci, judge=lambda _devices, _host: (), facts=pci_facts),
)
