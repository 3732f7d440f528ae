"""The product as administrators install it, on a disk of the virtual machine: with its Python, compiled.

Read over a share of files the same takes minutes longer: some hundred modules are opened by their paths.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from drills.command import run
from drills.compiled import KEPT, PATTERN
from drills.errors import LabError
from drills.lab import PROJECT
from drills.machine.guest import Guest

PLACE = "/opt/rootward"
"""As the unit in deploy/systemd has it."""
VENV = ".venv"
VERSION = f"python{sysconfig.get_python_version()}"
LABEL = "rootward"
USER = "rootward-agent"
HOME = "/var/lib/rootward"
PACKAGES = ("wire", "kernel", "rules", "probes", "collectors", "agent", "cli")
UNITS = "deploy/systemd"
TREE = KEPT / "installed"
"""What is put on the disk; byte code of libraries and compiled signatures stay for the next run."""
MADE = "made"
"""Below it, what an agent would make at its first start: emulated, that alone takes minutes."""
MEGABYTES = 512
UNUSED = shutil.ignore_patterns(
    *("__pycache__", "site-packages", "dist-packages", "test", "tests", "config-*", "idlelib", "tkinter"),
    *("lib2to3", "ensurepip", "pydoc_data", "turtledemo"),
)
PROGRAMS = "import agent.main, agent.workers.worker, cli.agent, cli.main"
READ = "import pathlib, sys, agent.units.declared as units; units.known_units(pathlib.Path(sys.argv[1]))"
SCRIPT = f"#!{PLACE}/{VENV}/bin/python\nimport sys\nfrom cli.main import main\nsys.exit(main())\n"


def disk(image: Path, tree: Path = TREE) -> None:
    """Raises LabError."""
    tree.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tree.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be making the same
        _install(tree)
        _compile(tree)
        run(["truncate", f"--size={MEGABYTES}M", str(image)])
        make = ("mkfs.ext4", "-q", "-O", "^has_journal", "-L", LABEL, "-d", str(tree))
        run([*make, str(image)], timeout=600)


def _install(tree: Path) -> None:
    libraries = sorted(needed("rootward"), key=lambda one: one.name)
    how = Path(__file__).read_text()
    told = "\n".join([sys.version, *(f"{one.name} {one.version}" for one in libraries), how])
    done = tree / MADE / "of"
    if not done.exists() or done.read_text() != told:
        shutil.rmtree(tree)
        _interpreter(tree / VENV)
        place = Path(_python(tree, "-c", "import site; print(site.getsitepackages()[0])").strip())
        for one in libraries:
            _library(one, place)
        (place / "rootward.pth").write_text(os.path.relpath(tree, place))
        (tree / VENV / "bin" / "rootward").write_text(SCRIPT)
        (tree / VENV / "bin" / "rootward").chmod(0o755)
        done.parent.mkdir()
        done.write_text(told)
    for name in (*PACKAGES, UNITS):
        _follow(PROJECT / name, tree / name)


def _interpreter(place: Path) -> None:
    """A copy, which finds its own modules beside itself wherever it stands."""
    shutil.copytree(sysconfig.get_path("stdlib"), place / "lib" / VERSION, ignore=UNUSED)
    (place / "bin").mkdir()
    shutil.copy2(Path(sys.executable).resolve(), place / "bin" / VERSION)
    (place / "bin" / "python").symlink_to(VERSION)
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        names = map(sysconfig.get_config_var, ("LIBDIR", "INSTSONAME"))
        shutil.copy2(Path(*map(str, names)), place / "lib")


def needed(name: str) -> Iterable[metadata.Distribution]:
    """The distributions that one stands on here, without its extras, and without itself."""
    found: dict[str, metadata.Distribution] = {}
    asked = [name]
    while asked:
        for told in metadata.requires(asked.pop()) or ():
            wanted, _, marker = told.partition(";")
            other = re.split(r"[^\w.-]", wanted.strip(), maxsplit=1)[0]
            if "extra" in marker or other in found:
                continue
            try:
                found[other] = metadata.distribution(other)
            except metadata.PackageNotFoundError:  # for another system or Python
                continue
            asked.append(other)
    return found.values()


def _library(one: metadata.Distribution, packages: Path) -> None:
    for file in one.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            place = packages / str(file)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(one.locate_file(file)), place)


def _follow(source: Path, target: Path) -> None:
    """As the source is now; what was made of files that have not changed stays."""
    files = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    files = {path for path in files if "__pycache__" not in path.parts}
    for path in target.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.relative_to(target) not in files:
            path.unlink()
    for path in files:
        _copy(source / path, target / path)


def _copy(source: Path, target: Path) -> None:
    """In whole seconds, as the file system is made with: what is made of the source has its time in it."""
    status = source.stat()
    seconds = int(status.st_mtime)
    if target.exists() and (target.stat().st_mtime, target.stat().st_size) == (seconds, status.st_size):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    os.utime(target, (seconds, seconds))


def _compile(tree: Path) -> None:
    """Byte code, declarations of units, signatures. Raises LabError."""
    made, sources = tree / MADE, [str(tree / name) for name in PACKAGES]
    _python(tree, "-OO", "-m", "compileall", "-q", "-s", str(tree), "-p", PLACE, *sources)
    for optimized in ((), ("-OO",)):  # the agent starts itself anew, without docstrings
        _python(tree, *optimized, "-c", PROGRAMS)
    _python(tree, "-OO", "-c", READ, str(made / "units.json"))
    _python(tree, "-m", "cli.main", "rules", "match", os.devnull, "--cache", str(made))


def _python(tree: Path, *argv: str) -> str:
    unwanted = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    done = subprocess.run(
        [str(tree / VENV / "bin" / "python"), "-s", *argv],
        cwd="/",
        env={name: value for name, value in os.environ.items() if name not in unwanted},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"the product cannot be compiled: {(done.stdout + done.stderr)[-1000:]}")
    return done.stdout


def mount(guest: Guest) -> None:
    """Now, and at each boot; and what its first start would make is where its agent looks for it."""
    table = guest.read("/etc/fstab").decode()
    guest.write("/etc/fstab", f"{table}LABEL={LABEL} {PLACE} ext4 ro 0 0\n")
    guest.write("/etc/ld.so.conf.d/rootward.conf", f"{PLACE}/{VENV}/lib\n")
    guest.run("sh", "-c", f"mkdir -p {PLACE} && udevadm wait --timeout=300 /dev/disk/by-label/{LABEL}")
    guest.run("mount", PLACE)
    guest.run("ldconfig")


def lend(guest: Guest) -> None:
    """Before its agent starts, which takes only signatures that its very rules and processor made."""
    cache = f"{HOME}/agent/cache"
    guest.run("install", "-d", "-o", USER, "-m", "0700", HOME, f"{HOME}/agent", cache)
    made = f"{PLACE}/{MADE}"
    guest.run("sh", "-c", f"install -o {USER} -m 0600 {made}/{PATTERN} {cache}")
    guest.run("install", "-o", USER, "-m", "0600", f"{made}/units.json", f"{HOME}/agent")
