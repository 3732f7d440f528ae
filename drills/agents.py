"""What the agents of the lab are configured with: little; the rest they find by themselves."""

from __future__ import annotations

from drills.layout import BY_NAME, RESOLVER, Place
from drills.services import nginx, postgres, shop

CONFIG = """\
server = "{server}"
ca = "{ca}"

[tags]
site = "lab"
role = "{role}"

[logs]
kernel = "/var/log/kern.log"
journal = false
files = [{files}]

[hints]
long_poll = true
"""
LOGS = {
    "web": (nginx.LOG, "/var/log/nginx/console.log", "/var/log/*.log"),
    "app": ("/var/log/*.log", "/var/log/redis/*.log", postgres.LOG),
    "database": (postgres.LOG,),
    "resolver": ("/var/log/dnsmasq.log",),
}
"""Also of what only some drills run."""
DECLARED = {
    "app": f"""
[[applications.licence]]
service = "shopd"
path = "{shop.LICENCE}"
""",
    "database": f"""
[[applications.fresh]]
path = "{shop.BACKUP}"
max_age = 20
service = "backup"
""",
}
DATABASE = f'kind = "tcp"\nhost = "{BY_NAME["db1"].fqdn}"\nport = 5432'
RECORD = (
    f'kind = "dns"\nresolver = "{RESOLVER}"\nname = "{BY_NAME["web1"].fqdn}"\n'
    f'expect = ["{BY_NAME["web1"].address}"]'
)


def page(url: str, body: str, service: str = "") -> str:
    named = f'\nservice = "{service}"' if service else ""
    return f'kind = "http"\nurl = "{url}"\nbody = "{body}"{named}'


def front(name: str, path: str = "/", body: str = "items in stock") -> str:
    return page(f"https://{BY_NAME[name].fqdn}{path}", body)


def own_shop(name: str) -> str:
    return page(f"http://{BY_NAME[name].fqdn}:8000/", "items in stock", "shopd")


TARGETS: dict[str, tuple[str, ...]] = {
    "ws1": (front("web1"), front("web2"), front("web2", "/partner/", "rate"), RECORD),
    "mon1": (front("web1"), front("web2"), DATABASE, RECORD),
    "app1": (own_shop("app1"), DATABASE),
    "app2": (own_shop("app2"), DATABASE),
    "web1": (page(f"http://{BY_NAME['app1'].fqdn}:8000/", "items in stock"),),
    "web2": (page(f"http://{BY_NAME['app2'].fqdn}:8000/", "items in stock"),),
}


def config_of(place: Place, server: str, ca: str) -> str:
    files = ", ".join(f'"{log}"' for log in LOGS.get(place.role, ()))
    head = CONFIG.format(server=server, ca=ca, role=place.role, files=files) + DECLARED.get(place.role, "")
    return head + "".join(f"\n[[target]]\n{target}\n" for target in TARGETS.get(place.name, ()))
