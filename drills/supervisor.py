"""The first process of a lab host: makes its namespaces and root, starts what it is told to, reaps.

Run by itself, as ``python3 -I -S supervisor.py``, so it uses the standard library only. The first line of
its standard input is the configuration, in JSON; it prints its pid and, once the host is up, a second
line; then it answers each further line with one. When that input ends, because the lab is gone, it ends,
and the kernel ends the host with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import selectors
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

NEW_NAMESPACES = 0x00020000 | 0x20000000 | 0x40000000 | 0x04000000 | 0x08000000 | 0x02000000
"""Mount, pid, net, uts, ipc, cgroup (sched.h)."""
NEW_TIME = 0x00000080
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
    "fuse": (10, 229),
}
RESTART_DELAY = 0.5
PR_SET_NAME = 15
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    names = [part.encode() or None for part in (source, target, kind)]
    checked(libc.mount(*names, ctypes.c_ulong(flags), options.encode() or None), f"mount {source} {target}")


def make_root(config: dict[str, Any]) -> None:
    """An overlay of this machine's files under a disk of the host's own; private where hosts differ."""
    disk, root = config["disk"], config["disk"] + "/root"
    for part in ("upper", "work", "root"):
        Path(disk, part).mkdir(exist_ok=True)
    mount("overlay", root, "overlay", 0, f"lowerdir=/,upperdir={disk}/upper,workdir={disk}/work")
    for place, options in {"/run": "mode=755,size=16m", "/tmp": "mode=1777,size=64m"}.items():
        mount("tmpfs", root + place, "tmpfs", MS_NOSUID | MS_NODEV, options)
    # After what is private: the checkout itself may lie in /tmp.
    for path in config["shared"]:
        Path(root + path).mkdir(parents=True, exist_ok=True)
        mount(path, root + path, "", MS_BIND | MS_REC)
    make_devices(root + "/dev")
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("sysfs", root + "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount_groups(root + "/sys/fs/cgroup", config["controllers"])
    for image, place in config["volumes"].items():
        Path(root + place).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, root + place], check=True)
        make_device_of(root, place)
    for source, place in config["binds"].items():
        mount(source, root + place, "", MS_BIND)
    pivot(root)


def make_devices(place: str) -> None:
    """A daemon may remove or replace /dev/null, so each host has its own."""
    mount("tmpfs", place, "tmpfs", MS_NOSUID, "mode=755,size=1m")
    for name, numbers in DEVICES.items():
        os.mknod(f"{place}/{name}", 0o666 | stat.S_IFCHR, os.makedev(*numbers))
        Path(place, name).chmod(0o666)
    Path(place, "fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        Path(place, name).symlink_to(f"/proc/self/fd/{number}")
    for name, kind, options in (
        ("pts", "devpts", "newinstance,ptmxmode=0666,mode=620"),
        ("shm", "tmpfs", "mode=1777"),
    ):
        Path(place, name).mkdir()
        mount(kind, f"{place}/{name}", kind, MS_NOSUID, options)
    Path(place, "ptmx").symlink_to("pts/ptmx")


def mount_groups(place: str, controllers: list[str]) -> None:
    """The host's own control group is the root of what it sees, as in every container (cgroup v1)."""
    if not controllers:
        return
    mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k")
    for controller in controllers:
        Path(place, controller).mkdir()
        mount("cgroup", f"{place}/{controller}", "cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, controller)


def make_device_of(root: str, place: str) -> None:
    """As udev does for every disk."""
    number = Path(root + place).stat().st_dev
    name = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name
    os.mknod(f"{root}/dev/{name}", 0o660 | stat.S_IFBLK, number)


def pivot(root: str) -> None:
    os.chdir(root)
    checked(libc.syscall(SYS_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    checked(libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")


def settle_in(config: dict[str, Any]) -> None:
    """Everything between the new namespaces and the first service."""
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    socket.sethostname(config["name"])
    if config["disk"]:
        make_root(config)
    else:
        mount("proc", "/proc", "proc")
    for path, text in config["files"].items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).unlink(missing_ok=True)
        Path(path).write_text(text)
    for key, value in config["sysctl"].items():
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6 has no switch for it
            Path("/proc/sys", key.replace(".", "/")).write_text(value)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Services:
    """The children that were asked for, by name; one that shall restart does so after a short pause."""

    def __init__(self) -> None:
        self.wanted: dict[int, dict[str, Any]] = {}
        self.due: list[tuple[float, dict[str, Any]]] = []

    def start(self, service: dict[str, Any]) -> int:
        child = os.fork()
        if not child:
            become(service)
        self.wanted[child] = service
        return child

    def reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                service = self.wanted.pop(ended[0], None)
                if service and service["restart"]:
                    self.due.append((time.monotonic() + RESTART_DELAY, service))

    def forget(self, name: str) -> int:
        """Whatever has this name is not started again."""
        self.due = [(at, service) for at, service in self.due if service["name"] != name]
        for service in self.wanted.values():
            if service["name"] == name:
                service["restart"] = False
        return 0

    def restart_due(self) -> float | None:
        """Starts what is due; the seconds until the next one."""
        now = time.monotonic()
        ready = [service for at, service in self.due if at <= now]
        self.due = [(at, service) for at, service in self.due if at > now]
        for service in ready:
            self.start(service)
        return max(0.0, min(at for at, _ in self.due) - now) if self.due else None


def become(service: dict[str, Any]) -> None:
    """In the child: own session, own log, own user, then the program. Never returns."""
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        Path(service["log"]).parent.mkdir(parents=True, exist_ok=True)
        log = os.open(service["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        null = os.open("/dev/null", os.O_RDONLY)
        for number, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(number, target)
        if service["user"]:
            account = pwd.getpwnam(service["user"])
            os.initgroups(account.pw_name, account.pw_gid)
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        os.chdir("/")
        os.execvpe(service["argv"][0], service["argv"], {"PATH": PATH, **service["env"]})  # noqa: S606  no shell is wanted
    except OSError as error:
        os.write(2, f"{service['name']}: {error}\n".encode())
    finally:
        os._exit(127)


def serve() -> None:
    """Answers each request line; returns when the lab has closed its end."""
    services, incoming = Services(), b""
    wake, woken = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    ready = selectors.DefaultSelector()
    ready.register(0, selectors.EVENT_READ)
    ready.register(wake, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select(services.restart_due()):
            if key.fd == wake:
                os.read(wake, 4096)
                continue
            chunk = os.read(0, 65536)
            if not chunk:
                return
            *lines, incoming = (incoming + chunk).split(b"\n")
            for line in lines:
                request = json.loads(line)
                answer = services.start(request) if "argv" in request else services.forget(request["name"])
                os.write(1, json.dumps(answer).encode() + b"\n")
        services.reap()


def read_line() -> bytes:
    """No buffered reader: what comes after belongs to ``serve``."""
    line = b""
    while not line.endswith(b"\n") and (chunk := os.read(0, 65536)):
        line += chunk
    return line


def begin_time() -> None:
    """The host's uptime begins now (time_namespaces(7)); its children are in the new namespace."""
    if libc.unshare(NEW_TIME):
        return  # a kernel without: it is up as long as the machine is
    up = int(time.clock_gettime(time.CLOCK_BOOTTIME))
    Path("/proc/self/timens_offsets").write_text(f"boottime {-up} 0\n")


def main() -> None:
    config = json.loads(read_line())
    for group in config["cgroups"]:
        Path(group, "cgroup.procs").write_text("0")
    checked(libc.unshare(NEW_NAMESPACES), "unshare")
    begin_time()
    said, saying = os.pipe()
    first = os.fork()
    if first:
        os.write(1, json.dumps(first).encode() + b"\n")
        os.close(saying)
        os.close(0)
        os.waitpid(first, 0)
        return
    libc.prctl(PR_SET_NAME, b"init", 0, 0, 0)
    settle_in(config)
    os.close(saying)
    os.read(said, 1)  # until its pid was told: the other process may be slower than this one
    os.close(said)
    os.write(1, b'"up"\n')
    serve()
    os._exit(0)


if __name__ == "__main__":
    main()
