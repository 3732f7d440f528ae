"""What the image of the virtual machine is made of, and the name that says so."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

HERE = Path(__file__).parent
PREPARE = HERE / "prepare"
PACKAGES = HERE.parent.parent / "deploy" / "debian" / "guest.txt"


def packages() -> list[str]:
    return [line for line in PACKAGES.read_text().splitlines() if line and not line.startswith("#")]


def sources(targets: str) -> list[str]:
    """Lines of a sources.list, of Debian's own archives that apt is set up with here.

    ``targets``: what apt-get says to ``TARGETS``. Raises LookupError where none is.
    """
    lines = [line.rsplit(maxsplit=3) for line in targets.splitlines()]
    found = [f"deb {uri} {release} {part}" for origin, uri, release, part in lines if origin == "Debian"]
    if not found:
        raise LookupError("apt is set up with no archive of Debian")
    return list(dict.fromkeys(found))


TARGETS = (
    "apt-get",
    "indextargets",
    "--format",
    "$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)",
    "Created-By: Packages",
)


def suite(os_release: str) -> str:
    """As this machine: programs that are lent to the other find the libraries they were built with.

    Raises LookupError where os-release(5) names none.
    """
    for line in os_release.splitlines():
        name, _, value = line.partition("=")
        if name == "VERSION_CODENAME":
            return value.strip('"')
    raise LookupError("/etc/os-release names no release of Debian")


def fingerprint(suite: str) -> str:
    """Changes with anything that goes into the image, the versions of packages apart."""
    told = blake2b(suite.encode(), digest_size=8)
    for path in [PACKAGES, PREPARE, *sorted(path for path in (HERE / "guest").rglob("*") if path.is_file())]:
        told.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return told.hexdigest()
