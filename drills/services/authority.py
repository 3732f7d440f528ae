"""The certificate authority of the lab, its certificates, and how hosts come to trust it."""

from __future__ import annotations

from pathlib import Path

from drills.command import run
from drills.node import Node

TRUST = "/etc/ssl/certs"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """Keys and certificates as files in a directory of the lab."""

    def __init__(self, place: Path, under: Authority | None = None) -> None:
        """``under`` signs this one's certificate; without it the authority is a root of its own."""
        self.place, self.under = place, under
        place.mkdir(exist_ok=True)
        self.key, self.certificate = place / "ca.key", place / "ca.pem"
        what = ["-subj", f"/CN=Lab {place.name}", "-keyout", str(self.key), "-out", str(self.certificate)]
        signed_by = ["-CA", str(under.certificate), "-CAkey", str(under.key)] if under else []
        run(["openssl", "req", "-x509", *CURVE, *what, *signed_by, "-days", "365"])
        self.hash = run(["openssl", "x509", "-in", str(self.certificate), "-noout", "-hash"]).stdout.strip()

    def issue(self, name: str, *, days: int = 90, made: str = "") -> tuple[str, str]:
        """Key and certificate for a name, as PEM; ``made`` is the moment of issue as faketime reads it."""
        key, request, out = (self.place / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        extension = self.place / f"{name}.ext"
        # As public authorities do, one that is not a root tells where its own certificate is found.
        found = "authorityInfoAccess=caIssuers;URI:http://pki.lab.test/ca.cer\n" if self.under else ""
        extension.write_text(f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n{found}")
        run(["openssl", "req", *CURVE, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}"])
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
