"""Failures with one root and as many symptoms as wanted, as the agents of a site would tell of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rules.topology.site import Site, Switch
from wire import entity as ids
from wire.inventory import Connection, Gateway, Inventory, Listener, Mount, Nic, Store
from wire.judgement import Path, Reason

PER_RACK = 40
WATCHERS = 200
STORES = 50
"""Services that keep their data on the file system that fills up."""


@dataclass(frozen=True)
class Look:
    """What one agent looks at in its rounds, and how that ends once the root has failed."""

    signal: str
    subject: str
    fails: Reason = Reason.OK
    path: Path | None = None


@dataclass
class Host:
    """One machine, the looks of its agent, and whether the failure silences it."""

    inventory: Inventory
    looks: list[Look] = field(default_factory=list)
    cut_off: bool = False

    @property
    def name(self) -> str:
        return self.inventory.host


@dataclass
class Storm:
    """A site and its one failure. ``root`` is (fault, entity); ``own`` the host that sees the root itself."""

    name: str
    root: tuple[str, str]
    own: str
    site: Site
    hosts: list[Host]

    @property
    def symptoms(self) -> int:
        """Failing looks, and heartbeats that stay away."""
        return sum(
            each.cut_off + sum(look.fails is not Reason.OK for look in each.looks) for each in self.hosts
        )


def address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def machine(name: str, number: int, **facts: object) -> Host:
    nics = (Nic(name="eth0", addresses=(f"{address(number)}/8",)),)
    gateways = (Gateway(address="10.255.255.254", interface="eth0"),)
    return Host(Inventory(host=name, boot_id="b1", nics=nics, gateways=gateways, **facts))  # type: ignore[arg-type]


def racks(hosts: list[Host], above: str) -> Iterator[Switch]:
    """Rack switches beneath ``above``."""
    for number, start in enumerate(range(0, len(hosts), PER_RACK)):
        ports = tuple(f"{each.name}/eth0" for each in hosts[start : start + PER_RACK])
        yield Switch(name=f"{above}-{number:04}", ports=ports, uplinks=(above,))


def core_switch(symptoms: int) -> Storm:
    """Half of the symptoms are heartbeats that stay away, half pings from the other side of the site."""
    behind = [machine(f"h{number:05}", number + 1000) for number in range(symptoms // 2)]
    beside = [machine(f"w{number:03}", number + 1) for number in range(WATCHERS)]
    for number, each in enumerate(behind):
        each.cut_off = True
        far = Path(interface="eth0", address=address(number + 1000))
        ping = Look("net.icmp", ids.host(each.name), Reason.TIMEOUT, far)
        beside[number % WATCHERS].looks.append(ping)
        near = behind[(number + 1) % len(behind)]
        each.looks.append(Look("net.icmp", ids.host(near.name), path=Path(interface="eth0")))
    probe = machine("probe", 900)
    nics = (*probe.inventory.nics, Nic(name="eth1", addresses=("172.16.0.1/24",)))
    probe = Host(Inventory(host="probe", boot_id="b1", nics=nics, gateways=probe.inventory.gateways))
    probe.looks.append(Look("net.link", ids.nic("probe", "eth1"), Reason.CARRIER))
    beside.append(probe)
    site = Site(
        switch=(
            Switch(name="core", ports=("probe/eth1",), uplinks=("edge",)),
            *racks(behind, "core"),
            Switch(name="edge"),
            *racks(beside, "edge"),
        )
    )
    return Storm("core switch", ("net.switch.down", "switch:core"), "probe", site, [*beside, *behind])


def database(symptoms: int) -> Storm:
    """A database ends; half of the symptoms are its refusals, half the pages of those that need it."""
    server = machine("db1", 1, listeners=(Listener(service="postgresql", port=5432, address="0.0.0.0"),))
    server.looks = [
        Look("svc.process", ids.service("db1", "postgresql"), Reason.STOPPED),
        Look("svc.port", ids.service("db1", "postgresql"), Reason.REFUSED),
    ]
    door = Path(interface="eth0", address=address(1), port=5432)
    use = Connection(service="shop", address=address(1), port=5432)
    apps = []
    for number in range((symptoms - 2) // 2):
        app = machine(f"app{number:05}", number + 1000, listeners=(SHOP,), connections=(use,))
        app.looks = [
            Look("net.tcp", f"endpoint:tcp://{address(1)}:5432", Reason.REFUSED, door),
            page(app.name, number + 1000, Reason.STATUS),
        ]
        apps.append(app)
    return Storm(
        "database", ("db.down", "service:db1/postgresql"), "db1", flat(server, apps), [server, *apps]
    )


def name_server(symptoms: int) -> Storm:
    """The resolver of a whole site ends; nobody gets an answer, and no page is found by its name."""
    server = machine(
        "ns1", 1, listeners=(Listener(service="unbound", protocol="udp", port=53, address="0.0.0.0"),)
    )
    server.looks = [Look("svc.process", ids.service("ns1", "unbound"), Reason.STOPPED)]
    clients = []
    asked = Path(interface="eth0", address=address(1), port=53)
    for number in range((symptoms - 1) // 2):
        client = machine(f"c{number:05}", number + 1000, resolvers=(address(1),), listeners=(SHOP,))
        client.looks = [
            Look("net.dns", ids.resolver(address(1)), Reason.REFUSED, asked),
            page(f"shop.{number:05}.example", number + 1000, Reason.RESOLVE, resolver=address(1)),
        ]
        clients.append(client)
    root = ("dns.server.down", "service:ns1/unbound")
    return Storm("name server", root, "ns1", flat(server, clients), [server, *clients])


def file_system(symptoms: int) -> Storm:
    """A volume fills up under many services of one machine, and thousands of pages need one of these."""
    ports = range(9000, 9000 + STORES)
    server = machine(
        "store1",
        1,
        mounts=(Mount(point="/srv", disk="sdb"),),
        listeners=tuple(Listener(service=f"store{port}", port=port, address="0.0.0.0") for port in ports),
        stores=tuple(Store(service=f"store{port}", mount="/srv") for port in ports),
    )
    server.looks = [Look("fs.space", ids.fs("store1", "/srv"), Reason.FULL)]
    apps = []
    for number in range(symptoms - 1 - STORES):
        use = Connection(service="shop", address=address(1), port=ports[number % STORES])
        app = machine(f"app{number:05}", number + 1000, listeners=(SHOP,), connections=(use,))
        app.looks = [page(app.name, number + 1000, Reason.STATUS)]
        apps.append(app)
    for number, port in enumerate(ports):
        door = Path(interface="eth0", address=address(1), port=port)
        own = Look("app.http", ids.endpoint(f"http://{address(1)}:{port}/"), Reason.STATUS, door)
        apps[number].looks.append(own)
    root = ("storage.fs.full", "fs:store1:/srv")
    return Storm("file system", root, "store1", flat(server, apps), [server, *apps])


SHOP = Listener(service="shop", port=8080, address="0.0.0.0")
SHAPES: tuple[Callable[[int], Storm], ...] = (core_switch, database, name_server, file_system)


def page(name: str, number: int, fails: Reason, resolver: str = "") -> Look:
    """An agent asks the page of its own host, by its name."""
    way = Path(interface="lo", address=address(number), port=8080, resolver=resolver)
    return Look("app.http", ids.endpoint(f"http://{name}:8080/"), fails, way)


def flat(server: Host, others: list[Host]) -> Site:
    """All on racks beneath one core."""
    return Site(switch=(Switch(name="core"), *racks([server, *others], "core")))
