"""Network interfaces: their counters (proc_net_dev), what /sys/class/net tells, and bonds."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from agent.host_metrics.families import columns, counter, gauge
from collectors.host import Host

CLASS = "/sys/class/net"
RECEIVE = ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
TRANSMIT = ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")
COLUMNS = tuple(
    f"{way}_{name}" for way, names in (("receive", RECEIVE), ("transmit", TRANSMIT)) for name in names
)
ATTRIBUTES = (
    ("carrier", "carrier", False),
    ("carrier_changes", "carrier_changes", True),
    ("carrier_up_count", "carrier_up_changes", True),
    ("carrier_down_count", "carrier_down_changes", True),
    ("mtu", "mtu_bytes", False),
    ("tx_queue_len", "transmit_queue_length", False),
    ("ifindex", "iface_id", False),
    ("iflink", "iface_link", False),
    ("link_mode", "iface_link_mode", False),
    ("dormant", "dormant", False),
    ("flags", "flags", False),
    ("type", "protocol_type", False),
    ("netdev_group", "net_dev_group", False),
    ("addr_assign_type", "address_assign_type", False),
    ("name_assign_type", "name_assign_type", False),
)
"""File, name of the metric, whether it only rises (Documentation/ABI/testing/sysfs-class-net)."""
INFO = ("address", "adminstate", "broadcast", "device", "duplex", "ifalias", "operstate")
MEGABIT = 1e6 / 8


def netdev(host: Host) -> Iterator[Metric]:
    rows: dict[str, dict[str, float]] = {}
    for line in host.read("/proc/net/dev").splitlines()[2:]:
        name, _, rest = line.rpartition(":")
        figures = map(float, rest.split())
        rows[name.strip()] = dict(zip(COLUMNS, figures, strict=False))
    for name in COLUMNS:
        text = f"Network device statistic {name}."
        yield counter(f"node_network_{name}", text, ("device",), columns(rows, name))


def netclass(host: Host) -> Iterator[Metric]:
    names = [name for name in sorted(host.list(CLASS)) if host.exists(f"{CLASS}/{name}/ifindex")]
    for attribute, metric, rises in ATTRIBUTES:
        samples = [
            ((name,), value) for name in names if (value := _number(host, name, attribute)) is not None
        ]
        family = counter if rises else gauge
        yield family(f"node_network_{metric}", f"Network device property: {metric}", ("device",), samples)
    speeds = [((name,), _number(host, name, "speed")) for name in names]
    known = [(label, speed * MEGABIT) for label, speed in speeds if speed is not None and speed >= 0]
    yield gauge("node_network_speed_bytes", "Network device property: speed_bytes", ("device",), known)
    ups = [((name,), float(_line(host, name, "operstate") == "up")) for name in names]
    text = "Value is 1 if operstate is 'up', 0 otherwise."
    yield gauge("node_network_up", text, ("device",), ups)
    infos = [(_info(host, name), 1.0) for name in names]
    text = "Non-numeric data of the network device, value is always 1."
    yield gauge("node_network_info", text, INFO, infos)


def bonding(host: Host) -> Iterator[Metric]:
    """Kernel: Documentation/networking/bonding.rst."""
    wanted, active = [], []
    for master in host.read(f"{CLASS}/bonding_masters", 4096).split():
        slaves = host.read(f"{CLASS}/{master}/bonding/slaves", 4096).split()
        wanted.append(((master,), float(len(slaves))))
        well = sum(_works(host, master, slave) for slave in slaves)
        active.append(((master,), float(well)))
    text = "Number of {} slaves per bonding interface."
    yield gauge("node_bonding_slaves", text.format("configured"), ("master",), wanted)
    yield gauge("node_bonding_active", text.format("active"), ("master",), active)


def _works(host: Host, master: str, slave: str) -> bool:
    """Older kernels tell no MII status; then the state of the interface counts."""
    for folder in (f"{slave}/bonding_slave", f"{master}/lower_{slave}/bonding_slave"):
        status = _line(host, folder, "mii_status")
        if status:
            return status == "up"
    states = (_line(host, f"{master}/{link}{slave}", "operstate") for link in ("lower_", "slave_"))
    return "up" in states


def _info(host: Host, name: str) -> tuple[str, ...]:
    flags = int(_number(host, name, "flags") or 0)
    told = {key: _line(host, name, key) for key in ("address", "broadcast", "duplex", "ifalias", "operstate")}
    told |= {"device": name, "adminstate": "up" if flags & 1 else "down"}
    return tuple(told[key] for key in INFO)


def _number(host: Host, name: str, attribute: str) -> float | None:
    """None where the kernel does not say, as of a carrier of what is down."""
    try:
        return float(int(_line(host, name, attribute), 0))
    except ValueError:
        return None


def _line(host: Host, name: str, attribute: str) -> str:
    try:
        return host.read(f"{CLASS}/{name}/{attribute}", 4096).strip()
    except OSError:
        return ""
