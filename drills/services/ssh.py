"""OpenSSH's server, and a client that knows no password."""

from __future__ import annotations

from drills.node import Node, Service

KEY = "/etc/ssh/ssh_host_ed25519_key"
CONFIG = f"""\
Port 22
HostKey {KEY}
PidFile /run/sshd.pid
PasswordAuthentication yes
UsePAM no
LogLevel VERBOSE
"""


def prepare(node: Node) -> None:
    node.path("/etc/ssh").mkdir(parents=True, exist_ok=True)
    node.path(KEY).unlink(missing_ok=True)
    node.write("/etc/ssh/sshd_config", CONFIG)
    node.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)


def start(node: Node) -> None:
    node.path("/run/sshd").mkdir(exist_ok=True, mode=0o755)
    node.start(Service(name="sshd", argv=("/usr/sbin/sshd", "-D"), log="/var/log/sshd.console.log"))
