"""Reads the long report of nvidia-smi: ``-q`` as text and ``-q -x`` as XML, of drivers from 2015 to today."""

from __future__ import annotations

import re

from collectors.hardware.gpu_facts import BROKEN, LOST, Gpu, place_of
from collectors.parsing import lines_of, real, text_of, whole

TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z_][\w.-]{0,80})(?P<attributes>[^<>]{0,256}?)(?P<empty>/?)>(?P<text>[^<]{0,512})"
)
LINE = re.compile(r"^(?P<indent>\s+)(?P<name>\S[^:]{0,64}?)\s*(?::\s?(?P<value>.*))?$")
GPU = re.compile(r"^GPU (?P<place>[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)")
SLOWING = re.compile(r"(?P<why>hw_thermal_slowdown|hw_power_brake_slowdown|hw_slowdown|sw_thermal_slowdown)$")
PROCESSES = frozenset(["processes", "supported_clocks", "accounted_processes", "mig_devices"])
Values = dict[str, str]
"""Path of names joined by ``/``, in small letters with ``_`` for blanks → text."""
DEEPEST, MOST = 16, 4096


def parse_xml(raw: bytes) -> list[Gpu]:
    """A reader of these flat documents only; hostile XML gets nothing expanded. Raises ValueError."""
    text = text_of(raw)
    if "<nvidia_smi_log" not in text:
        raise ValueError("no element nvidia_smi_log")
    gpus: list[Values] = []
    stack: list[str] = []
    for found in TAG.finditer(text):
        name = found["name"].lower()
        if found["end"]:
            if stack and stack[-1] == name:
                stack.pop()
            continue
        if name == "gpu":
            stack = ["gpu"]
            place = re.search(r'id="([^"]{1,64})"', found["attributes"])
            gpus.append({"pci/bus_id": place[1] if place else ""})
            continue
        if found["empty"] or len(stack) >= DEEPEST:
            continue
        stack.append(name)
        value = found["text"].strip()
        if gpus and value and "gpu" in stack and len(gpus[-1]) < MOST and not PROCESSES.intersection(stack):
            path = "/".join(stack[stack.index("gpu") + 1 :])
            gpus[-1].setdefault(path, value)
    return [_gpu(values, str(number)) for number, values in enumerate(gpus)]


def parse_text(raw: bytes) -> list[Gpu]:
    """Raises ValueError for what is no ``nvidia-smi -q``."""
    lines = lines_of(raw)
    gpus: list[Values] = []
    stack: list[tuple[int, str]] = []
    for line in lines:
        if head := GPU.match(line):
            gpus.append({"pci/bus_id": head["place"]})
            stack = []
            continue
        found = LINE.match(line)
        if found is None or not gpus:
            continue
        indent = len(found["indent"])
        while stack and stack[-1][0] >= indent:
            stack.pop()
        name = re.sub(r"[\s()]+", "_", found["name"].strip().lower()).strip("_")
        stack.append((indent, name))
        if found["value"] is not None and len(gpus[-1]) < MOST:
            gpus[-1].setdefault("/".join(part for _, part in stack), found["value"].strip())
    if not gpus:
        raise ValueError("no GPU with its bus address")
    return [_gpu(values, str(number)) for number, values in enumerate(gpus)]


def _gpu(values: Values, number: str) -> Gpu:
    remap = _find(values, r"remapped_rows/(?:remapped_row_)?failure(?:_occurred)?|remapping_failure_occurred")
    pending = _find(
        values, r"remapped_rows/(?:remapped_row_)?pending|pending_(?:retirement|blacklist|page_blacklist)"
    )
    return Gpu(
        place=place_of(values.get("pci/pci_bus_id") or values.get("pci/bus_id") or number),
        name=values.get("product_name", ""),
        uuid=values.get("uuid", values.get("gpu_uuid", "")),
        temperature=_number(_find(values, r"temperature/gpu_(?:current_)?temp")),
        slows_at=_number(_find(values, r"temperature/gpu_(?:temp_slow_threshold|slowdown_temp)")),
        margin=_number(_find(values, r"temperature/gpu_(?:temp_tlimit|t\.limit_temp)")),
        uncorrected=_sum(values, r"ecc_errors/volatile/(?:double_bit/total|[sd]ram_uncorrectable\w*)"),
        corrected=_sum(values, r"ecc_errors/volatile/(?:single_bit/total|[sd]ram_correctable)"),
        pending=pending.lower() == "yes",
        remap_failed=remap.lower() == "yes",
        reset_required=_find(values, r"(?:gpu_)?reset_status/reset_required").lower() == "yes",
        slowed=_slowed(values),
        complaint=_complaint(values),
    )


def _find(values: Values, pattern: str) -> str:
    wanted = re.compile(rf"(?:^|/)(?:{pattern})$")
    return next((value for path, value in values.items() if wanted.search(path)), "")


def _number(text: str) -> float | None:
    return None if not text or "N/A" in text else real(text)


def _sum(values: Values, pattern: str) -> int | None:
    wanted = re.compile(rf"^(?:{pattern})$")
    counts = [whole(value) for path, value in values.items() if wanted.match(path) and "N/A" not in value]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _slowed(values: Values) -> tuple[str, ...]:
    """The general ``hw_slowdown`` repeats what one of the others tells."""
    active = [
        found["why"]
        for path, value in values.items()
        if value == "Active" and (found := SLOWING.search(path)) and "counters" not in path
    ]
    return tuple(dict.fromkeys(active))


def _complaint(values: Values) -> str:
    for path, value in values.items():
        said = value.lower()
        if any(word in said for word in (*LOST, *BROKEN)):
            return f"{path}: {value}"[:256]
    return ""
