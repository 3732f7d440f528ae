"""The mounts of this process's namespace, from mountinfo (proc_pid_mountinfo(5)), and those of fstab(5)."""

from __future__ import annotations

from typing import cast

import msgspec

from collectors.host import Host

MOUNTINFO = "/proc/self/mountinfo"
NETWORK = frozenset(
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "ceph",
        "glusterfs",
        "lustre",
        "beegfs",
        "afs",
        "gfs2",
        "ocfs2",
    ]
)
"""Types whose server can be away: a look at them may never come back."""
PLAIN = frozenset(
    [
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "btrfs",
        "f2fs",
        "jfs",
        "reiserfs",
        "zfs",
        "bcachefs",
        "vfat",
        "exfat",
        "ntfs3",
    ]
)
IN_MEMORY = frozenset(["tmpfs", "ramfs", "overlay"])
READ_ONLY_BY_NATURE = frozenset(["squashfs", "iso9660", "erofs", "udf", "cramfs", "romfs"])
HIDDEN = ("/sys/", "/proc/", "/run/user/", "/run/credentials/", "/run/netns")
"""Memory that the system mounts for itself."""
ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


class MountPoint(msgspec.Struct, frozen=True):
    """One line of mountinfo."""

    point: str
    type: str
    source: str
    device: str
    """``major:minor`` of the file system."""
    root: str
    """Which folder of the file system is mounted; not ``/`` for bind mounts."""
    options: frozenset[str]
    """Of this mount."""
    super_options: frozenset[str]
    """Of the file system, as it is now."""

    @property
    def may_hang(self) -> bool:
        return may_hang(self.type)

    @property
    def stores(self) -> bool:
        """Whether people keep files there that a limit or a fault can hurt."""
        if self.type in PLAIN or self.may_hang:
            return not self.type.startswith(
                ("fuse.gvfsd", "fuse.portal", "fusectl", "fuse.lxcfs", "fuse.snapfuse")
            )
        if self.type == "tmpfs":
            return self.point != "/dev" and not self.point.startswith(HIDDEN)
        return self.type == "overlay" and self.point == "/"


class Wanted(msgspec.Struct, frozen=True):
    """One line of fstab."""

    source: str
    point: str
    type: str
    options: frozenset[str]

    @property
    def may_hang(self) -> bool:
        return may_hang(self.type)


def may_hang(type_: str) -> bool:
    """Whether somebody else than this kernel must answer for it."""
    return type_ in NETWORK or type_.startswith("fuse")


def mounts(host: Host) -> list[MountPoint]:
    """In the order of mounting; where several lie on one point only the last, which is the one seen."""
    raw = mountinfo(host)
    before, found = host.memory.get("mounts", (b"", []))
    if raw != before:
        found = _parse_all(raw)
        host.memory["mounts"] = (raw, found)
    return cast("list[MountPoint]", found)


def file_systems(host: Host) -> list[MountPoint]:
    """Where files are kept: each file system once, at the first of its mount points."""
    found: dict[str, MountPoint] = {}
    for one in mounts(host):
        if one.stores and one.type not in READ_ONLY_BY_NATURE:
            found.setdefault(one.device, one)
    return list(found.values())


def mountinfo(host: Host) -> bytes:
    return host.read_bytes(MOUNTINFO, 4 * 1024 * 1024)


def _parse_all(raw: bytes) -> list[MountPoint]:
    found: dict[str, MountPoint] = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        one = parse_line(line)
        if one is not None:
            found.pop(one.point, None)
            found[one.point] = one
    return list(found.values())


def wanted_mounts(host: Host) -> list[Wanted]:
    """What fstab wants mounted at boot; nothing where there is no fstab."""
    try:
        lines = host.read("/etc/fstab").splitlines()
    except FileNotFoundError:
        return []
    found: list[Wanted] = []
    for line in lines:
        fields = line.split()
        if len(fields) < 4 or line.lstrip().startswith("#") or not fields[1].startswith("/"):
            continue
        options = frozenset(fields[3].split(","))
        if fields[2] == "swap" or "noauto" in options or "x-systemd.automount" in options:
            continue
        point = unescape(fields[1])
        found.append(Wanted(unescape(fields[0]), point.rstrip("/") or "/", fields[2], options))
    return found


def hides(there: MountPoint, wanted: Wanted) -> bool:
    """Is another file system mounted over the one that fstab wants at this point, or in its place?"""
    if wanted.type not in PLAIN or there.type == wanted.type:
        return False
    return there.type in PLAIN or there.type in IN_MEMORY


def mount_of(path: str, points: list[str]) -> str:
    """The mount point that holds ``path``; ``points`` must be sorted, longest first."""
    for point in points:
        if point in ("/", path) or path.startswith(point + "/"):
            return point
    return ""


def parse_line(line: str) -> MountPoint | None:
    """One line of mountinfo; None for what is none."""
    fields = line.split(" ")
    try:
        dash = fields.index("-", 6)
        return MountPoint(
            point=unescape(fields[4]),
            type=fields[dash + 1],
            source=unescape(fields[dash + 2]),
            device=fields[2],
            root=unescape(fields[3]),
            options=frozenset(fields[5].split(",")),
            super_options=frozenset(fields[dash + 3].split(",")),
        )
    except (ValueError, IndexError):
        return None


def unescape(text: str) -> str:
    if "\\" in text:
        for escape, character in ESCAPES.items():
            text = text.replace(escape, character)
    return text
