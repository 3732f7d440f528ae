"""Do the links in use run at full duplex and at the speed that both ends can? Value: Mbit/s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collectors.host import JSON, Host
from collectors.judging import judged
from collectors.network.ethtool_text import Settings, parse_settings
from collectors.network.nic_table import interfaces
from collectors.source import Source
from collectors.unit import SECOND, Collector
from wire import entity
from wire.judgement import Judgement, Layer, Reason

SPEED, DUPLEX = "link.speed", "link.duplex"
COLLECTOR = Collector(
    signals=(SPEED, DUPLEX),
    layer=Layer.LINK,
    interval=60 * SECOND,
    timeout=10 * SECOND,
    where=("/sys/class/net/*/device/driver",),
)
LOOKED_AT = 64
"""Interfaces per round."""


def read(host: Host) -> Iterable[Judgement]:
    """Real ports with a carrier; virtual ones have whatever speed they please."""
    ports = [nic.name for nic in interfaces(host) if nic.carrier and _is_port(host, nic.name)]
    for name in ports[:LOOKED_AT]:
        answer = host.run(["ethtool", name], timeout=2.0)
        settings = _parsed(answer.out) if answer.out else None
        yield from _judged(host, name, settings or _from_sys(host, name))


def _is_port(host: Host, name: str) -> bool:
    """It hangs on a bus, and no hypervisor made it up."""
    try:
        driver = host.read_link(f"/sys/class/net/{name}/device/driver").rpartition("/")[2]
    except OSError:
        return False
    return driver not in {"virtio_net", "vmxnet3", "hv_netvsc", "xen_netfront", "vif", "netvsc", "ena"}


def _parsed(raw: bytes) -> Settings | None:
    try:
        return parse_settings(raw)
    except ValueError:
        return None


def _from_sys(host: Host, name: str) -> Settings:
    """Without ethtool the kernel still tells what is (Documentation/ABI/testing/sysfs-class-net)."""
    told: dict[str, str] = {}
    for key in ("speed", "duplex"):
        try:
            told[key] = host.read(f"/sys/class/net/{name}/{key}", 64).strip()
        except OSError:
            told[key] = ""
    speed = int(told["speed"]) if told["speed"].isdigit() else None
    return Settings(name=name, speed=speed, duplex=told["duplex"].lower(), link=True)


def judge(settings: Settings, host: Host) -> Iterable[Judgement]:
    return _judged(host, settings.name or "port", settings)


def _judged(host: Host, name: str, settings: Settings) -> Iterator[Judgement]:
    if settings.link is False:
        return
    subject = entity.nic(host.name, name)
    if settings.speed:
        best = settings.both_can
        yield judged(
            SPEED,
            subject,
            Reason.SLOW if best and settings.speed < best else Reason.OK,
            settings.speed,
            interface=name,
            both_ends_can=best,
            autonegotiation=settings.autonegotiation,
        )
    if settings.duplex in {"half", "full"}:
        yield judged(
            DUPLEX,
            subject,
            Reason.WRONG if settings.duplex == "half" else Reason.OK,
            settings.speed,
            interface=name,
            duplex=settings.duplex,
            autonegotiation=settings.autonegotiation,
        )


def facts(settings: Settings) -> dict[str, JSON]:
    return {
        "interface": settings.name,
        "speed": settings.speed,
        "duplex": settings.duplex,
        "link": settings.link,
        "autonegotiation": settings.autonegotiation,
        "supported": list(settings.supported),
        "link_partner": list(settings.partner),
    }


SOURCE = Source(kinds=("ethtool",), parse=parse_settings, judge=judge, facts=facts)
