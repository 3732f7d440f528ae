"""A management controller that speaks Redfish: a real HTTPS server with a user and a certificate."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

USER, PASSWORD = "rootward", "hush"
ROOT = "/redfish/v1/"


def certificate(folder: Path, name: str) -> Path:
    """Vouches for itself; its key stands in the same file."""
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30")
    names = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
    argv = ("openssl", "req", "-x509", *new, "-keyout", str(key), "-out", str(pem), *names)
    subprocess.run(argv, check=True, capture_output=True)
    pem.write_text(pem.read_text() + key.read_text())
    return pem


def fingerprint(pem: Path) -> str:
    return sha256(ssl.PEM_cert_to_DER_cert(pem.read_text().partition("-----BEGIN PRIVATE")[0])).hexdigest()


def link(path: str) -> dict[str, str]:
    return {"@odata.id": path}


def resource(kind: str, **keys: Any) -> dict[str, Any]:
    return {"@odata.type": f"#{kind}.v1_0_0.{kind}", "Name": kind} | keys


FINE, BAD = {"Health": "OK", "State": "Enabled"}, {"Health": "Critical", "State": "Enabled"}


def documents() -> dict[str, Any]:
    """A small machine that is well."""
    chassis, system = f"{ROOT}Chassis/1", f"{ROOT}Systems/1"
    return {
        ROOT: resource("ServiceRoot", Chassis=link(f"{ROOT}Chassis"), Systems=link(f"{ROOT}Systems")),
        f"{ROOT}Chassis": resource("ChassisCollection", Members=[link(chassis)]),
        chassis: resource(
            "Chassis", Status=FINE, Thermal=link(f"{chassis}/Thermal"), Power=link(f"{chassis}/Power")
        ),
        f"{chassis}/Thermal": resource(
            "Thermal",
            Temperatures=[{"Name": "Inlet", "ReadingCelsius": 23, "Status": FINE}],
            Fans=[{"Name": "Fan 1", "Reading": 4200, "ReadingUnits": "RPM", "Status": FINE}],
        ),
        f"{chassis}/Power": resource(
            "Power", PowerSupplies=[{"Name": f"PS {number}", "Status": FINE} for number in (1, 2)]
        ),
        f"{ROOT}Systems": resource("ComputerSystemCollection", Members=[link(system)]),
        system: resource("ComputerSystem", Status=FINE, Storage=link(f"{system}/Storage")),
        f"{system}/Storage": resource("StorageCollection", Members=[link(f"{system}/Storage/1")]),
        f"{system}/Storage/1": resource("Storage", Drives=[link(f"{system}/Storage/1/Drives/1")]),
        f"{system}/Storage/1/Drives/1": resource("Drive", Id="1", Status=FINE),
    }


class Controller:
    """``documents`` are what it tells; a function in their place answers for itself."""

    def __init__(self, pem: Path, protocol: str = "HTTP/1.1") -> None:
        self.documents = documents()
        self.seen: list[str] = []
        self.over = Event()
        controller = self
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = protocol

            def do_GET(self) -> None:
                controller.seen.append(self.path)
                told = controller.documents.get(self.path)
                if callable(told):
                    told(self)
                    return
                allowed = self.headers["Authorization"] == wanted or self.path == ROOT
                self.reply(401 if not allowed else 404 if told is None else 200, json.dumps(told).encode())

            def reply(self, status: int, content: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: Any, client_address: Any) -> None:
                """The handshake belongs to the thread of its client."""
                with suppress(OSError), context.wrap_socket(request, server_side=True) as secured:
                    super().finish_request(secured, client_address)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)
