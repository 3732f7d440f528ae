"""A real snmpd in the place of a switch."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes.devices import snmp
from probes.unit import Net
from wire.judgement import Judgement, Reason
from wire.target import SnmpTarget


def start_snmpd(serve: Any, folder: Path, port: int, *lines: str, **more: Any) -> SnmpTarget:
    """The real agent with this configuration. Gives the target."""
    program = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")
    if program is None:
        pytest.skip("snmpd is not installed")
    configuration = folder / "snmpd.conf"
    configuration.write_text("\n".join(("rocommunity public", "sysName sw1", *lines)) + "\n")
    state = {"SNMP_PERSISTENT_DIR": str(folder), "PATH": "/usr/sbin:/usr/bin"}
    listen = f"udp:127.0.0.1:{port}"
    serve(program, "-f", "-C", "-c", str(configuration), "-I", "-smux", listen, env=state)
    return SnmpTarget("127.0.0.1", port=port, **more)


def look_at(net: Net, target: SnmpTarget, **options: str) -> dict[tuple[str, str], Judgement]:
    """Asks a switch, once it listens. By signal and subject."""
    door = replace(net, options=options)
    for _ in range(2400):
        judged = asyncio.run(snmp.ask(target, door))
        if judged[0].reason is not Reason.REFUSED:
            return {(each.signal, each.subject): each for each in judged}
        time.sleep(0.05)
    raise AssertionError("snmpd does not listen")
