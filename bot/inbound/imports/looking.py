"""A first look at a file: its encoding, its header, a few rows, and what each column seems to be."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bot.inbound.imports.columns import KINDS, guessed
from bot.inbound.imports.source import open_source

ROWS = 3


@dataclass(frozen=True, slots=True)
class Look:
    encoding: str
    header: list[str]
    meant: list[str]
    """For each column the field it is taken for, or nothing."""
    rows: list[list[str]]
    fields: tuple[str, ...]


def look(path: Path, kind: str, said: Mapping[str, str]) -> Look:
    """Raises Unreadable for a file that is no table."""
    with closing(open_source(path)) as source:
        place = guessed(source.header, kind, said)
        at = {number: field for field, number in place.items()}
        first = [cells for _, cells in islice(source.rows(), ROWS) if not isinstance(cells, str)]
        return Look(
            source.encoding,
            source.header,
            [at.get(number, "") for number in range(len(source.header))],
            first,
            tuple(KINDS[kind]),
        )
