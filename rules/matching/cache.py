"""Keeps the compiled database on disk: private to its owner, keyed by all that it was made from."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

COMPILER = Path(__file__).with_name("compile.py")
COMPILE_SECONDS = 600.0
MAX_BYTES = 64 * 1024 * 1024
CPUINFO = Path("/proc/cpuinfo")
VECTORS = ("avx", "asimd", "sve")


def compiled_database(patterns: Sequence[str], version: str, folder: Path | None) -> bytes:
    """The serialised database, from the cache or made by a child. Raises OSError, SubprocessError."""
    body = json.dumps(list(patterns)).encode()
    if folder is None:
        return _compile(body)
    key = blake2b(body + version.encode() + processor().encode(), digest_size=12).hexdigest()
    path = folder / f"signatures-{key}.hsdb"
    cached = _read_private(path)
    if cached:
        return cached
    database = _compile(body)
    _write_private(path, database)
    return database


def forget_database(folder: Path | None) -> None:
    for path in folder.glob("signatures-*.hsdb") if folder else ():
        path.unlink(missing_ok=True)


def _compile(body: bytes) -> bytes:
    done = subprocess.run(
        [sys.executable, "-I", str(COMPILER)],
        input=body,
        capture_output=True,
        timeout=COMPILE_SECONDS,
        check=True,
    )
    return done.stdout


def processor(cpuinfo: Path = CPUINFO) -> str:
    """What of a processor a database is made for: its wide vector instructions, and nothing else of it.

    Hyperscan's platform is AVX2, AVX-512 or neither (``hs_platform_info``); NEON or SVE on Arm.
    """
    text = platform.machine()
    with contextlib.suppress(OSError):
        words = set(cpuinfo.read_text(errors="replace").split())
        text += " ".join(sorted(word for word in words if word.startswith(VECTORS)))
    return text


def _read_private(path: Path) -> bytes:
    """Empty where there is none that only we could have written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            return b""
        return file.read(MAX_BYTES)


def _write_private(path: Path, content: bytes) -> None:
    """Whole or not at all. Older ones go; a folder that cannot be written costs a compilation per start."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".signatures-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
        for other in path.parent.glob("signatures-*.hsdb"):
            if other != path:
                other.unlink(missing_ok=True)
