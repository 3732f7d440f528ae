"""AES in CFB mode against the vectors of NIST SP 800-38A, F.3.13 to F.3.17."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.cipher import aes_cfb

START = bytes(range(16))
PLAIN = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
VECTORS = {
    "2b7e151628aed2a6abf7158809cf4f3c": "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b": (
        "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
    ),
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4": (
        "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
    ),
}


@pytest.mark.parametrize("key", VECTORS)
def test_it_is_the_cipher_of_the_standard(key):
    sealed = aes_cfb(bytes.fromhex(key), START, PLAIN, encrypt=True)
    assert sealed.hex() == VECTORS[key]
    assert aes_cfb(bytes.fromhex(key), START, sealed, encrypt=False) == PLAIN


@given(st.binary(max_size=100), st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_what_was_encrypted_is_as_long_and_comes_back(data, key, start):
    sealed = aes_cfb(key, start, data, encrypt=True)
    assert len(sealed) == len(data)
    assert aes_cfb(key, start, sealed, encrypt=False) == data


@pytest.mark.parametrize(("key", "start"), [(b"short", START), (bytes(16), b"short")])
def test_a_key_of_another_length_is_refused(key, start):
    with pytest.raises(ValueError, match="16"):
        aes_cfb(key, start, b"", encrypt=True)
