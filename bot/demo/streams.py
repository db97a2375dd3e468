"""Chance that can be had again: one stream per thing, never by order of arrival."""

from __future__ import annotations

from random import Random


def stream(seed: int, *about: object) -> Random:
    """The dice of one person on one day, of one message, of one order."""
    return Random(f"{seed}|" + "|".join(str(part) for part in about))
