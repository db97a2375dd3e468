"""Rows of one order brought together, and the orders of one buyer side by side, in bounded memory."""

from __future__ import annotations

import marshal
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import IO, Any

import numpy as np

from bot.domain.imports import OrderRow, Person

BINS = 64
IN_MEMORY = 50_000
SIZE = 8
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
                rest.put(apart, _order_of)
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
        self._bins.put(self._rows, _buyer_of)
        self._pairs.note(self._rows)
        self._rows = []


class _Bins:
    """Unlinked files: nothing is left behind, however the import ends."""

    def __init__(self) -> None:
        self._files: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(BINS)]  # noqa: SIM115

    def __enter__(self) -> _Bins:
        return self

    def __exit__(self, *_error: object) -> None:
        for file in self._files:
            file.close()

    def put(self, rows: Iterable[OrderRow], bin_of: Callable[[OrderRow], int]) -> None:
        parts: list[list[tuple[object, ...]]] = [[] for _ in range(BINS)]
        for row in rows:
            parts[bin_of(row) % BINS].append(_plain(row))
        for part, file in zip(parts, self._files, strict=True):
            if part:
                kept = marshal.dumps(part)
                file.write(len(kept).to_bytes(SIZE, "big") + kept)

    def rows(self, number: int) -> Iterable[OrderRow]:
        file = self._files[number]
        file.seek(0)
        while size := file.read(SIZE):
            yield from map(_row, marshal.loads(file.read(int.from_bytes(size, "big"))))

    def note(self, rows: list[OrderRow]) -> None:
        """Which order is whose, twelve bytes a row."""
        pairs = np.empty(len(rows), PAIR)
        pairs["order"] = [_order_of(row) for row in rows]
        pairs["buyer"] = [_buyer_of(row) for row in rows]
        place = pairs["order"] % BINS
        for number, file in enumerate(self._files):
            file.write(pairs[place == number].tobytes())

    def shared(self) -> set[int]:
        """Orders that are told of several buyers."""
        found: set[int] = set()
        for file in self._files:
            file.seek(0)
            pairs = np.unique(np.frombuffer(file.read(), PAIR))
            order = pairs["order"]
            found.update(order[1:][order[1:] == order[:-1]].tolist())
        return found


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
