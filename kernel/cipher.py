"""AES in CFB mode by the libcrypto that Python's own ``ssl`` is linked with: it costs the agent no memory.

See docs/decisions/0022-the-cipher-of-ssl.md.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec

_CIPHERS = {16: "EVP_aes_128_cfb128", 24: "EVP_aes_192_cfb128", 32: "EVP_aes_256_cfb128"}
"""By the length of the key."""


class NoCipher(Exception):
    """The libcrypto of this Python cannot be reached, or refuses."""


def aes_cfb(key: bytes, start: bytes, data: bytes, *, encrypt: bool) -> bytes:
    """``start`` is the initialisation vector, 16 bytes (NIST SP 800-38A, 6.3). As long as ``data``.

    Raises NoCipher, ValueError for keys and vectors of other lengths.
    """
    if len(key) not in _CIPHERS or len(start) != 16:
        raise ValueError("AES takes a key of 16, 24 or 32 bytes, and 16 bytes to start with")
    crypto = _crypto()
    context = crypto.EVP_CIPHER_CTX_new()
    try:
        cipher = getattr(crypto, _CIPHERS[len(key)])()
        result, length = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
        if not (
            crypto.EVP_CipherInit_ex(context, cipher, None, key, start, int(encrypt))
            and crypto.EVP_CipherUpdate(context, result, ctypes.byref(length), data, len(data))
        ):
            raise NoCipher("libcrypto refuses AES")
        return result.raw[: length.value]
    finally:
        crypto.EVP_CIPHER_CTX_free(context)


@cache
def _crypto() -> ctypes.CDLL:
    """Symbols are looked up through the module that needs the library, so that it is that very one."""
    found = find_spec("_ssl")
    if found is None or not found.has_location:
        raise NoCipher("the ssl of this Python is not linked with a libcrypto")
    crypto = ctypes.CDLL(found.origin)
    pointer, number, octets = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    try:
        for name in ("EVP_CIPHER_CTX_new", *_CIPHERS.values()):
            function = getattr(crypto, name)
            function.argtypes, function.restype = (), pointer
        crypto.EVP_CIPHER_CTX_free.argtypes = (pointer,)
        crypto.EVP_CIPHER_CTX_free.restype = None
        crypto.EVP_CipherInit_ex.argtypes = (pointer, pointer, pointer, octets, octets, number)
        crypto.EVP_CipherUpdate.argtypes = (pointer, octets, pointer, octets, number)
    except AttributeError as error:
        raise NoCipher(str(error)) from None
    return crypto
