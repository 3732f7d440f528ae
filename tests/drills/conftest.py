"""One lab without the product for all tests of the injectors; they leave it as they found it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from drills.lab import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    if os.geteuid():
        pytest.skip("needs root: the lab is made of namespaces")
    with Lab(f"t{os.getpid()}") as built:
        yield built
