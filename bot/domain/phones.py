"""Phone numbers as people write them, made equal."""

from __future__ import annotations

import unicodedata


def digits(written: str) -> str:
    """`+86 138-0000-0001` and `１３８０００００００１` are both `13800000001`; "" when there is no number in it."""
    found = "".join(c for c in unicodedata.normalize("NFKC", written) if c.isdigit())
    for prefix in ("0086", "86"):
        if len(found) == 11 + len(prefix) and found.startswith(prefix):
            return found.removeprefix(prefix)
    return found
