"""Reads the short forms of nvidia-smi: ``-L``, ``--query-gpu`` CSV, the table, and ``nvlink``."""

from __future__ import annotations

import re

from collectors.hardware.gpu_facts import Gpu, place_of
from collectors.parsing import lines_of, real, whole

LISTED = re.compile(
    r"^GPU (?P<number>\d+):? (?P<name>.{0,96}?)(?: ?\((?:UUID: ?)? ?(?P<uuid>GPU-[\w-]{8,64})?\))?\s*$"
)
NVLINK = re.compile(r"^\s+Link (?P<number>\d+): (?P<value>\S.*)$")
COUNT = re.compile(r"(?P<name>[A-Z][A-Za-z ]{2,32}?)(?: \d+)?: (?P<count>\d+)")
NAME = re.compile(r"^(?:NVIDIA|Tesla|Quadro|GeForce|GRID|A100|H100)[\w .-]{0,63}$")
"""All that ``--query-gpu=name`` tells of a card."""
FORMS = (
    ("uuid", re.compile(r"GPU-[\w-]{8,64}")),
    ("pci.bus_id", re.compile(r"[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.\d")),
    ("clocks_event_reasons.active", re.compile(r"0x[0-9a-fA-F]{1,16}|[0-9a-fA-F]{16}")),
)
"""What a cell is that stands below no head (``--format=csv,noheader``)."""
FIRST_CELLS = (("index", re.compile(r"\d{1,2}")), ("name", re.compile(r"[A-Za-z][\w .-]{1,63}")))
"""These are told by their place too."""
MASKS = {
    0x8: "hw_slowdown",
    0x20: "sw_thermal_slowdown",
    0x40: "hw_thermal_slowdown",
    0x80: "hw_power_brake_slowdown",
}
"""Reasons for lower clocks (NVML, nvmlClocksThrottleReasons); idle and limits that somebody set are none."""
FIRST = re.compile(
    r"^\|\s+(?P<number>\d+)\s+(?P<name>\S.{1,40}?)\s+(?:On|Off|N/A)\s*\|\s*(?P<place>[0-9A-Fa-f]{8}:\S+|ERR!)\s"
)
SECOND = re.compile(r"^\|\s*(?P<fan>\d+%|N/A|ERR!)\s+(?P<temp>\d+C|ERR!|N/A)\s+(?P<rest>\S.*)$")
ECC = re.compile(r"\|\s+(?P<count>\d{1,9})\s+\|\s*$")
"""Last in the first row of a card; N/A or Off where nothing is counted."""
FAILED = re.compile(r"Unable to determine the device handle for (?:gpu|GPU)\s*(?P<place>[0-9A-Fa-f:.]+)?.*")
SILENT = ("couldn't communicate with the NVIDIA driver", "Failed to initialize NVML")


def parse_list(raw: bytes) -> list[Gpu]:
    """``-L`` and ``nvlink --status`` or ``--errorcounters``. Raises ValueError."""
    found: list[Gpu] = []
    for line in lines_of(raw):
        if head := LISTED.match(line):
            found.append(Gpu(place=head["number"], name=head["name"], uuid=head["uuid"] or ""))
        elif (link := NVLINK.match(line)) and found:
            found[-1] = _with_link(found[-1], link["number"], link["value"])
        elif failed := FAILED.search(line):
            found.append(Gpu(place=place_of(failed["place"] or ""), complaint=line.strip()[:256]))
    if not found:
        raise ValueError("no line of GPU N: NAME")
    return found


def _with_link(gpu: Gpu, number: str, value: str) -> Gpu:
    links, errors = dict(gpu.links), dict(gpu.link_errors)
    counts = list(COUNT.finditer(value))
    for count in counts:
        errors[f"link {number} {count['name'].lower()}"] = whole(count["count"]) or 0
    if not counts:
        links[f"link {number}"] = value.strip()[:32]
    return Gpu(
        place=gpu.place,
        name=gpu.name,
        uuid=gpu.uuid,
        links=links,
        link_errors=errors,
        complaint=gpu.complaint,
    )


def parse_csv(raw: bytes) -> list[Gpu]:
    """``--query-gpu=… --format=csv`` with its head, or by the form of its cells. Raises ValueError."""
    lines = [line for line in lines_of(raw) if line.strip()]
    if lines and "," in lines[0] and re.search(r"\b(?:index|name|uuid|gpu_name|pci\.bus_id)\b", lines[0]):
        names = [re.sub(r"\s*\[.*\]", "", name.strip()) for name in lines[0].split(",")]
        rows = [
            dict(zip(names, (value.strip() for value in line.split(",")), strict=False)) for line in lines[1:]
        ]
        return [_row(row, str(number)) for number, row in enumerate(rows)]
    if lines and all(NAME.match(line) for line in lines):
        return [Gpu(place=str(number), name=line.strip()) for number, line in enumerate(lines)]
    headless = [(number, row) for number, line in enumerate(lines) if (row := _cells(line))]
    if not headless:
        raise ValueError("no head of columns, and no row whose cells are of a card")
    return [_row(row, str(number)) for number, row in headless]


def _cells(line: str) -> dict[str, str]:
    """Nothing for a line that has no cell that only a card has."""
    cells = [cell.strip() for cell in line.split(",")]
    row: dict[str, str] = {}
    for number, cell in enumerate(cells):
        forms = (*FORMS, *FIRST_CELLS) if number < len(FIRST_CELLS) else FORMS
        name = next((name for name, form in forms if name not in row and form.fullmatch(cell)), str(number))
        row[name] = cell
    ours = NAME.match(row.get("name", "")) or any(name in row for name, _ in FORMS)
    return row if ours and len(cells) > 1 else {}


def _reasons(mask: str) -> tuple[str, ...]:
    try:
        bits = int(mask, 16)
    except ValueError:
        return ()
    return tuple(name for bit, name in MASKS.items() if bits & bit)


def _row(row: dict[str, str], number: str) -> Gpu:
    def count(*names: str) -> int | None:
        values = [row[name] for name in names if name in row and "N/A" not in row[name]]
        return whole(values[0]) if values else None

    broken = [
        value
        for value in row.values()
        if value in ("[GPU is lost]", "[Unknown Error]", "[GPU requires reset]")
    ]
    heat = row.get("temperature.gpu", "")
    reasons = next((value for name, value in row.items() if name.endswith("_reasons.active")), "")
    return Gpu(
        place=place_of(row.get("pci.bus_id") or row.get("gpu_bus_id") or row.get("index") or number),
        name=row.get("name", row.get("gpu_name", "")),
        uuid=row.get("uuid", row.get("gpu_uuid", "")),
        temperature=real(heat) if heat and "N/A" not in heat else None,
        uncorrected=count("ecc.errors.uncorrected.volatile.total", "ecc.errors.uncorrected.volatile.dram"),
        corrected=count("ecc.errors.corrected.volatile.total", "ecc.errors.corrected.volatile.dram"),
        pending=row.get("retired_pages.pending", row.get("remapped_rows.pending", "")).lower()
        in ("yes", "1"),
        remap_failed=row.get("remapped_rows.failure", "").lower() in ("yes", "1"),
        slowed=_reasons(reasons),
        complaint=broken[0] if broken else "",
    )


def parse_table(raw: bytes) -> list[Gpu]:
    """What nvidia-smi prints without options. Raises ValueError."""
    found: list[Gpu] = []
    text = lines_of(raw)
    known = any("NVIDIA-SMI" in line for line in text)
    for line in text:
        if first := FIRST.match(line):
            broken, ecc = "ERR!" in line, ECC.search(line)
            found.append(
                Gpu(
                    place=place_of(first["place"]),
                    name=first["name"],
                    uncorrected=int(ecc["count"]) if ecc else None,
                    complaint="ERR!" if broken else "",
                )
            )
        elif (second := SECOND.match(line)) and found:
            one = found[-1]
            broken = "ERR!" in line or bool(one.complaint)
            heat = real(second["temp"]) if second["temp"][:1].isdigit() else None
            found[-1] = Gpu(
                place=one.place,
                name=one.name,
                uncorrected=one.uncorrected,
                temperature=heat,
                complaint="ERR! for a reading" if broken else "",
            )
        elif "No devices were found" in line:
            known = True
        elif any(word in line for word in SILENT):
            found.append(Gpu(place="driver", complaint=line.strip()[:256]))
    if not known:
        raise ValueError("no line of NVIDIA-SMI")
    return found
