"""Typed looks into what a platform said; numbers may come as text, lists as one object, anything may be missing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

Fields = Mapping[str, Any]

EPOCH = datetime.fromtimestamp(0, UTC)

_UNWANTED = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class Missing(LookupError):
    """A field that the event cannot do without."""


def need(fields: Fields, name: str) -> str:
    found = text(fields, name)
    if not found:
        raise Missing(name)
    return found


def text(fields: Fields, name: str) -> str:
    """Empty when absent. Databases refuse NUL and lone surrogates, which JSON can carry."""
    found = fields.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return _UNWANTED.sub("", str(found))


def maybe(fields: Fields, name: str) -> str | None:
    return text(fields, name) or None


def number(fields: Fields, name: str) -> int | None:
    found = text(fields, name).strip()
    return int(found) if _NUMBER.fullmatch(found) else None


def real(fields: Fields, name: str) -> float:
    try:
        return float(text(fields, name))
    except ValueError:
        raise Missing(name) from None


def beside(fields: Fields, known: Collection[str]) -> dict[str, Any]:
    """What else was said, as it was said."""
    return {name: value for name, value in fields.items() if name not in known}


def inner(fields: Fields, name: str) -> Fields:
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def several(fields: Fields, name: str) -> list[Any]:
    """One or many: a list with a single entry looks like the entry itself."""
    found = fields.get(name)
    if found is None or found == "":
        return []
    return found if isinstance(found, list) else [found]


def ids(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(entry for entry in several(fields, name) if isinstance(entry, str) and entry)


def moment(fields: Fields, name: str, heard_at: datetime | None) -> datetime:
    """When the sender says it happened, never later than we heard of it; that moment when it says nothing."""
    stamp = number(fields, name)
    try:
        said = datetime.fromtimestamp(stamp, UTC) if stamp is not None else None
    except (ValueError, OverflowError, OSError):
        said = None
    if said is None:
        return heard_at or EPOCH
    return min(said, heard_at) if heard_at else said
