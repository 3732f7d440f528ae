"""The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

MECHANISM = "SCRAM-SHA-256"
MOST_ROUNDS = 1_000_000
_NO_BINDING = b"n,,"


class Scram:
    """One exchange: first, answer to the server's first, then its proof."""

    def __init__(self, password: str, nonce: str = "") -> None:
        self._password = password.encode()
        self._nonce = nonce or secrets.token_urlsafe(18)
        self._bare = f"n=,r={self._nonce}".encode()
        self._expected = b""

    def first(self) -> bytes:
        return _NO_BINDING + self._bare

    def answer(self, challenge: bytes) -> bytes:
        """Raises ValueError for a challenge that is none."""
        parts = _parts(challenge)
        nonce, rounds = parts.get("r", ""), int(parts.get("i", "0"))
        if not nonce.startswith(self._nonce) or not 0 < rounds <= MOST_ROUNDS:
            raise ValueError("a challenge that does not belong to this exchange")
        salted = hashlib.pbkdf2_hmac(
            "sha256", self._password, base64.b64decode(parts.get("s", ""), validate=True), rounds
        )
        bare = b"c=" + base64.b64encode(_NO_BINDING) + b",r=" + nonce.encode()
        message = b",".join((self._bare, challenge, bare))
        key = _mac(salted, b"Client Key")
        signature = _mac(hashlib.sha256(key).digest(), message)
        proof = bytes(one ^ other for one, other in zip(key, signature, strict=True))
        self._expected = _mac(_mac(salted, b"Server Key"), message)
        return bare + b",p=" + base64.b64encode(proof)

    def verify(self, final: bytes) -> None:
        """Raises ValueError unless the server knows the password too."""
        signature = base64.b64decode(_parts(final).get("v", ""))
        if not hmac.compare_digest(signature, self._expected):
            raise ValueError("the server does not know the password")


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _parts(message: bytes) -> dict[str, str]:
    return {part[:1]: part[2:] for part in message.decode("utf-8", "replace").split(",") if part[1:2] == "="}
