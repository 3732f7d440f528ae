"""requests without the library with which it guesses the encoding of texts: 3 MiB that we never use."""

from __future__ import annotations

import sys
import warnings

_GUESSER = "charset_normalizer"

if _GUESSER in sys.modules:
    import requests
else:
    sys.modules[_GUESSER] = None  # type: ignore[assignment]  # the documented way to make an import fail
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # requests says that it will do without
        import requests
    del sys.modules[_GUESSER]  # others may have it

__all__ = ["requests"]
