"""Rows of one order brought together, and the orders of one buyer side by side, in bounded memory."""

from __future__ import annotations

import marshal
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import IO, Any

import numpy as np

from bot.domain.imports import OrderRow, Person

BINS = 256
"""Of five million rows one holds twenty thousand."""
IN_MEMORY = 50_000
PAIR = np.dtype([("order", "u8"), ("buyer", "u4")])


class Groups:
    """Add rows, then iterate over lists of rows with one order number.

    A small file is given back in its own order. A larger one goes to files by its buyers: each of them is then met
    once for all that she bought, not once for every few thousand rows. Orders of which the rows name several buyers
    are brought together at the end.
    """

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._count = 0
        self._rows: list[OrderRow] = []
        self._stack = ExitStack()
        self._bins: _Bins | None = None
        self._pairs: _Bins | None = None

    def add(self, row: OrderRow) -> None:
        self._rows.append(row)
        self._count += 1
        if len(self._rows) >= self._in_memory:
            self._spill()

    def __iter__(self) -> Iterator[list[OrderRow]]:
        if self._bins is None or self._pairs is None:
            yield from _by_order(self._rows)
            return
        self._spill()
        shared = self._pairs.shared()
        rest = self._stack.enter_context(_Bins())
        for number in range(BINS):
            rows = self._bins.rows(number)
            if shared:
                rows, apart = _parted(rows, shared)
                rest.put(apart, list(map(_order_of, apart)))
            yield from sorted(_by_order(rows), key=_buyer)
        for number in range(BINS):
            # As they stand in the file: whose order it is, its first row says.
            yield from _by_order(sorted(rest.rows(number), key=_number))

    def __len__(self) -> int:
        """Rows, not orders."""
        return self._count

    def close(self) -> None:
        self._stack.close()

    def _spill(self) -> None:
        if self._bins is None or self._pairs is None:
            self._bins = self._stack.enter_context(_Bins())
            self._pairs = self._stack.enter_context(_Bins())
        buyers = list(map(_buyer_of, self._rows))
        self._bins.put(self._rows, buyers)
        self._pairs.note(self._rows, buyers)
        self._rows = []


class _Bins:
    """One unlinked file in parts: nothing is left behind, however the import ends."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._size = 0
        self._parts: list[list[tuple[int, int]]] = [[] for _ in range(BINS)]
        """Of each bin, where its parts begin and how long they are."""

    def __enter__(self) -> _Bins:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def put(self, rows: Sequence[OrderRow], marks: Sequence[int]) -> None:
        """Rows with one mark come into one bin."""
        parts: list[list[tuple[object, ...]]] = [[] for _ in range(BINS)]
        for row, mark in zip(rows, marks, strict=True):
            parts[mark % BINS].append(_plain(row))
        for number, part in enumerate(parts):
            if part:
                self._write(number, marshal.dumps(part))

    def rows(self, number: int) -> Iterable[OrderRow]:
        for part in self._read(number):
            yield from map(_row, marshal.loads(part))

    def note(self, rows: Sequence[OrderRow], buyers: Sequence[int]) -> None:
        """Which order is whose, twelve bytes a row."""
        pairs = np.empty(len(rows), PAIR)
        pairs["order"] = list(map(_order_of, rows))
        pairs["buyer"] = buyers
        place = pairs["order"] % BINS
        for number in range(BINS):
            self._write(number, pairs[place == number].tobytes())

    def shared(self) -> set[int]:
        """Orders that are told of several buyers."""
        found: set[int] = set()
        for number in range(BINS):
            pairs = np.unique(np.frombuffer(b"".join(self._read(number)), PAIR))
            order = pairs["order"]
            found.update(order[1:][order[1:] == order[:-1]].tolist())
        return found

    def _write(self, number: int, kept: bytes) -> None:
        self._file.seek(self._size)
        self._file.write(kept)
        self._parts[number].append((self._size, len(kept)))
        self._size += len(kept)

    def _read(self, number: int) -> Iterator[bytes]:
        for begins, size in self._parts[number]:
            self._file.seek(begins)
            yield self._file.read(size)


def _by_order(rows: Iterable[OrderRow]) -> Iterable[list[OrderRow]]:
    groups: dict[str, list[OrderRow]] = {}
    for row in rows:
        groups.setdefault(row.order_no, []).append(row)
    return groups.values()


def _parted(rows: Iterable[OrderRow], shared: set[int]) -> tuple[list[OrderRow], list[OrderRow]]:
    ours: list[OrderRow] = []
    apart: list[OrderRow] = []
    for row in rows:
        (apart if _order_of(row) in shared else ours).append(row)
    return ours, apart


def _number(row: OrderRow) -> int:
    return row.number


def _buyer(group: list[OrderRow]) -> tuple[str, str]:
    return group[0].person.ids[0]


def _buyer_of(row: OrderRow) -> int:
    return zlib.crc32(row.person.ids[0][1].encode("utf-8", "replace"))


def _order_of(row: OrderRow) -> int:
    """Two orders of one number are only taken for one until they are looked at."""
    order_no = row.order_no.encode("utf-8", "replace")
    return zlib.crc32(order_no) << 32 | zlib.adler32(order_no)


def _plain(row: OrderRow) -> tuple[object, ...]:
    """Of built-in values alone, which is written and read several times as fast as a row."""
    number, order_no, person, kind, ref, at, *rest = row
    return (number, order_no, person.ids, person.name, kind, ref, at.isoformat(), *rest)


def _row(plain: tuple[Any, ...]) -> OrderRow:
    number, order_no, ids, name, kind, ref, at, *rest = plain
    moment = datetime.fromisoformat(at)
    return OrderRow(number, order_no, Person(ids, name), kind, ref, moment, *rest)
