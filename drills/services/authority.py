"""The certificate authority of the lab, its certificates, and how hosts come to trust it."""

from __future__ import annotations

from pathlib import Path

from drills.command import run
from drills.node import Node

TRUST = "/etc/ssl/certs"


class Authority:
    """Keys and certificates as files in a directory of the lab."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir(exist_ok=True)
        self.key, self.certificate = place / "ca.key", place / "ca.pem"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        names = ["-subj", "/CN=Lab authority", "-keyout", str(self.key), "-out", str(self.certificate)]
        run(["openssl", "req", "-x509", *curve, *names, "-days", "365"])
        self.hash = run(["openssl", "x509", "-in", str(self.certificate), "-noout", "-hash"]).stdout.strip()

    def issue(self, name: str, *, days: int = 90, made: str = "") -> tuple[str, str]:
        """Key and certificate for a name, as PEM; ``made`` is the moment of issue as faketime reads it."""
        key, request, out = (self.place / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        extension = self.place / f"{name}.ext"
        extension.write_text(f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        run(["openssl", "req", *curve, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}"])
        sign = ["openssl", "x509", "-req", "-in", str(request), "-CA", str(self.certificate)]
        sign += ["-CAkey", str(self.key), "-CAcreateserial", "-days", str(days), "-extfile", str(extension)]
        run([*(["faketime", made] if made else []), *sign, "-out", str(out)])
        return key.read_text(), out.read_text()

    def trusted_by(self, node: Node) -> None:
        """As an administrator installs a site's own authority: hashed directory and bundle."""
        certificate = self.certificate.read_text()
        node.write(f"{TRUST}/{self.hash}.0", certificate)
        bundle = node.path(f"{TRUST}/ca-certificates.crt")
        known = bundle.read_text() if bundle.exists() else ""
        if certificate not in known:
            bundle.write_text(known + certificate)
