"""Which certificate files local services use: named in their configuration, or declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import msgspec

from collectors.clients.declared import declared
from collectors.clients.local import local_services
from collectors.host import Host

MOST_FILES = 128
LIMIT = 256 * 1024


class Naming(msgspec.Struct, frozen=True):
    """Where a program's configuration names its certificate; web sites' are asked for over the network."""

    programs: tuple[str, ...]
    files: tuple[str, ...]
    """A ``*`` in a part stands for anything."""
    word: str
    """A pattern with one group: the path."""


NAMINGS = (
    Naming(("postgres",), ("/etc/postgresql/*/*/postgresql.conf",), r"ssl_cert_file\s*=\s*'?(/[^'\s#]+)"),
    Naming(
        ("master", "smtpd"), ("/etc/postfix/main.cf",), r"smtpd_tls_(?:cert|chain)_files?\s*=\s*(/[^\s,]+)"
    ),
    Naming(
        ("dovecot",),
        ("/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/10-ssl.conf"),
        r"ssl(?:_server)?_cert(?:_file)?\s*=\s*<?\s*(/\S+)",
    ),
    Naming(
        ("exim4", "exim"), ("/etc/exim4/exim4.conf", "/etc/exim/exim.conf"), r"tls_certificate\s*=\s*(/\S+)"
    ),
    Naming(("slapd",), ("/etc/ldap/slapd.conf", "/etc/openldap/slapd.conf"), r"TLSCertificateFile\s+(/\S+)"),
    Naming(
        ("mysqld", "mariadbd"),
        ("/etc/mysql/my.cnf", "/etc/mysql/*.conf.d/*.cnf", "/etc/my.cnf"),
        r"ssl[-_]cert\s*=\s*(/\S+)",
    ),
    Naming(
        ("redis-server",), ("/etc/redis/redis.conf", "/etc/redis.conf"), r"tls-cert-file\s+\"?(/[^\s\"]+)"
    ),
    Naming(
        ("mosquitto",),
        ("/etc/mosquitto/mosquitto.conf", "/etc/mosquitto/conf.d/*.conf"),
        r"certfile\s+(/\S+)",
    ),
    Naming(("haproxy",), ("/etc/haproxy/haproxy.cfg",), r"\bcrt\s+(/\S+\.(?:pem|crt))"),
    Naming(("openvpn",), ("/etc/openvpn/*.conf", "/etc/openvpn/server/*.conf"), r"cert\s+(/\S+)"),
    Naming(("vsftpd",), ("/etc/vsftpd.conf",), r"rsa_cert_file\s*=\s*(/\S+)"),
    Naming(("mongod",), ("/etc/mongod.conf",), r"certificateKeyFile:\s*(/\S+)"),
    Naming(
        ("etcd", "kube-apiserver"),
        ("/etc/kubernetes/manifests/*.yaml",),
        r"--(?:cert-file|tls-cert-file)=(/\S+)",
    ),
    Naming(("kubelet",), ("/var/lib/kubelet/config.yaml",), r"tlsCertFile:\s*(/\S+)"),
)


def paths(host: Host) -> dict[str, str]:
    """Path of a certificate file → the service that uses it, or ``""``."""
    found = {path: "" for wanted in declared(host).certificates for path in matching(host, wanted)}
    for service in local_services(host):
        for naming in NAMINGS:
            if any(fnmatchcase(service.process, program) for program in naming.programs):
                found.update(dict.fromkeys(_named(host, naming), service.name))
    return dict(list(found.items())[:MOST_FILES])


def _named(host: Host, naming: Naming) -> Iterator[str]:
    word = re.compile(r"(?m)^[^#\n]*?" + naming.word)
    for pattern in naming.files:
        for path in matching(host, pattern):
            try:
                yield from word.findall(host.read(path, LIMIT))
            except OSError:
                continue


def matching(host: Host, pattern: str) -> list[str]:
    """Paths of the host that fit, part by part; at most as many as are looked at."""
    found = [""]
    for part in pattern.strip("/").split("/"):
        found = [f"{folder}/{name}" for folder in found for name in _names(host, folder, part)][:MOST_FILES]
    return [path for path in found if host.exists(path)]


def _names(host: Host, folder: str, part: str) -> list[str]:
    if "*" not in part:
        return [part]
    try:
        return [name for name in host.list(folder or "/", 4096) if fnmatchcase(name, part)]
    except OSError:
        return []
