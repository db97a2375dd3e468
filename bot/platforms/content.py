"""The decrypted body of a callback, as XML or as the JSON some accounts are offered."""

from __future__ import annotations

import json
from typing import Any

from bot.platforms import xml
from bot.platforms.xml import Unreadable


def read(plain: bytes) -> dict[str, Any]:
    """Raises Unreadable."""
    if not plain.lstrip().startswith(b"{"):
        return xml.parse(plain)
    try:
        said = json.loads(plain)
    except (ValueError, RecursionError):
        raise Unreadable("malformed JSON") from None
    return dict(said)


def check(plain: bytes) -> None:
    """That `read` will do, at a part of its price. Raises Unreadable."""
    if plain.lstrip().startswith(b"{"):
        read(plain)
    else:
        xml.check(plain)
