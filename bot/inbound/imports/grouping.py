"""Rows of one order brought together in bounded memory, wherever they stand in the file."""

from __future__ import annotations

import marshal
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import IO, Any

from bot.domain.imports import OrderRow, Person

BINS = 64
IN_MEMORY = 50_000
SIZE = 8


class Groups:
    """Add rows, then iterate over lists of rows with one order number, in the order of the file per bin."""

    def __init__(self) -> None:
        self._count = 0
        self._rows: list[OrderRow] = []
        self._bins: list[IO[bytes]] = []
        self._stack = ExitStack()

    def add(self, row: OrderRow) -> None:
        self._rows.append(row)
        self._count += 1
        if len(self._rows) >= IN_MEMORY:
            self._spill()

    def __iter__(self) -> Iterator[list[OrderRow]]:
        if not self._bins:
            yield from _grouped(self._rows)
            return
        self._spill()
        for bin_ in self._bins:
            bin_.seek(0)
            yield from _grouped(_loaded(bin_))

    def __len__(self) -> int:
        """Rows, not orders."""
        return self._count

    def close(self) -> None:
        self._stack.close()

    def _spill(self) -> None:
        if not self._bins:
            # Unlinked files: nothing is left behind, however the import ends.
            self._bins = [
                self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
                for _ in range(BINS)
            ]
        parts: list[list[tuple[object, ...]]] = [[] for _ in range(BINS)]
        for row in self._rows:
            parts[zlib.crc32(row.order_no.encode("utf-8", "replace")) % BINS].append(_plain(row))
        for part, bin_ in zip(parts, self._bins, strict=True):
            kept = marshal.dumps(part)
            bin_.write(len(kept).to_bytes(SIZE, "big") + kept)
        self._rows = []


def _grouped(rows: Iterator[OrderRow] | list[OrderRow]) -> Iterator[list[OrderRow]]:
    groups: dict[str, list[OrderRow]] = {}
    for row in rows:
        groups.setdefault(row.order_no, []).append(row)
    yield from groups.values()


def _loaded(bin_: IO[bytes]) -> Iterator[OrderRow]:
    while size := bin_.read(SIZE):
        yield from map(_row, marshal.loads(bin_.read(int.from_bytes(size, "big"))))


def _plain(row: OrderRow) -> tuple[object, ...]:
    """Of built-in values alone, which is written and read several times as fast as a row."""
    number, order_no, person, kind, ref, at, *rest = row
    return (number, order_no, person.ids, person.name, kind, ref, at.isoformat(), *rest)


def _row(plain: tuple[Any, ...]) -> OrderRow:
    number, order_no, ids, name, kind, ref, at, *rest = plain
    moment = datetime.fromisoformat(at)
    return OrderRow(number, order_no, Person(ids, name), kind, ref, moment, *rest)
