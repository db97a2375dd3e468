"""Importing one file: recognise it, read it, write it in parts, and say what became of every row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.imports import OrderRow, PersonRow, ProductRow
from bot.inbound.imports.columns import Columns, recognise
from bot.inbound.imports.grouping import Groups
from bot.inbound.imports.moments import HEAD as EITHER
from bot.inbound.imports.moments import Moments, day_comes_first
from bot.inbound.imports.report import Problem, Rejects, Report
from bot.inbound.imports.rows import BadCell, RowReader
from bot.inbound.imports.source import Source, open_source
from bot.store import imports
from bot.store.engine import Sessions
from bot.store.imports import Verdict
from bot.store.vault import Vault
from bot.tongue import _

T = TypeVar("T")
Numbered = tuple[int, list[str] | str]
SNIFFED = 500
BREATH = 1_000
PART = 15_000
"""Rows per transaction: whole orders only, so that an import may be killed anywhere and run again."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to import, and how to read it."""

    kind: str
    """orders, customers or products."""
    now: datetime
    zone: ZoneInfo
    source: str = "file"
    columns: Mapping[str, str] = field(default_factory=dict)
    """Header to field, where the guess would be wrong."""
    dry_run: bool = False


async def import_file(
    sessions: Sessions,
    vault: Vault,
    path: Path,
    wish: Wish,
    progress: Progress = lambda _what, _done, _all: None,
) -> Report:
    """Raises Unreadable for a file that is no such table; bad rows are told in the report."""
    with closing(open_source(path)) as source:
        columns = recognise(source.header, wish.kind, wish.columns)
        report = Report(wish.kind, str(path), source.encoding, _told(columns), wish.dry_run)
        with Rejects(path, list(source.header), report) as rejects:
            work = _Import(sessions, vault, wish, report, rejects, progress)
            await work.run(source, columns)
    return report


@dataclass(slots=True)
class _Import:
    sessions: Sessions
    vault: Vault
    wish: Wish
    report: Report
    rejects: Rejects
    progress: Progress

    async def run(self, source: Source, columns: Columns) -> None:
        rows = source.rows()
        head = list(islice(rows, SNIFFED))
        moments = Moments(self.wish.zone, self.wish.now, _day_first(source.path, head, columns))
        reader = RowReader(columns, moments)
        every = self._watched(source, chain(head, rows))
        match self.wish.kind:
            case "orders":
                await self._orders(every, reader)
            case "customers":
                await self._customers(self._read(every, reader.customer))
            case _:
                await self._products(self._read(every, reader.product))

    async def _orders(self, rows: Iterator[Numbered], reader: RowReader) -> None:
        with closing(Groups()) as groups:
            for number, read in enumerate(self._read(rows, reader.orders)):
                if number % BREATH == 0:
                    await asyncio.sleep(0)  # a page may be waiting in the same process
                if not read:
                    self.report.unpaid += 1
                for row in read:
                    groups.add(row)
            done = 0
            async with aclosing(_ahead(_whole(groups, PART))) as parts:
                async for part in parts:
                    await self._write_orders([self._one_buyer(group) for group in part])
                    done += len(part)
                    self.progress(_("写入"), done, len(groups))

    async def _write_orders(self, groups: Sequence[list[OrderRow]]) -> None:
        source = self.wish.source
        async with self._session() as session:
            verdicts = await imports.judge(session, groups, source=source)
            if not self.wish.dry_run:
                self.report.customers += await imports.write(
                    session, self.vault, verdicts, source=source
                )
        for verdict in verdicts:
            self._count(verdict)

    def _count(self, verdict: Verdict) -> None:
        if verdict.lacking is None:
            why = _("这个订单以前导过，金额对不上")
            self._reject_all(verdict.rows, "order_no", verdict.rows[0].order_no, why)
            return
        added = _numbers(verdict.lacking)
        self.report.imported += added
        if verdict.known is None:
            self.report.new += 1
        else:
            self.report.known += _numbers(verdict.rows) - added

    def _one_buyer(self, group: list[OrderRow]) -> list[OrderRow]:
        """Rows that name another buyer than the first row of their order are set aside."""
        if len(group) == 1:
            return group
        buyer = group[0].person.ids
        others = [row for row in group if row.person.ids != buyer]
        if not others:
            return group
        ours = [row for row in group if row.person.ids == buyer]
        why = _("同一个订单号出现了另一位顾客")
        self._reject_all(others, "order_no", group[0].order_no, why)
        return ours

    async def _customers(self, rows: Iterable[PersonRow]) -> None:
        for part in _parts(rows, PART):
            async with self._session() as session:
                if self.wish.dry_run:
                    self.report.imported += len(part)
                    continue
                met = await imports.meet_many(
                    session,
                    self.vault,
                    [row.person for row in part],
                    source=self.wish.source,
                    at=self.wish.now,
                )
                await imports.update_people(session, self.vault, part, met.ids)
                self.report.consents += await imports.take_consents(
                    session, part, met.ids, source=self.wish.source, now=self.wish.now
                )
            self.report.new += met.new
            self.report.customers += met.new
            self.report.imported += met.new
            self.report.known += len(part) - met.new

    async def _products(self, rows: Iterable[ProductRow]) -> None:
        for part in _parts(rows, PART):
            async with self._session() as session:
                known = await imports.known_skus(session, part)
                if not self.wish.dry_run:
                    await imports.write_products(session, part, self.wish.now)
            fresh = {row.sku for row in part} - set(known)
            self.report.new += len(fresh)
            self.report.imported += len(fresh)
            self.report.known += len(part) - len(fresh)

    def _session(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.sessions.reading() if self.wish.dry_run else self.sessions.begin()

    def _watched(self, source: Source, rows: Iterable[Numbered]) -> Iterator[Numbered]:
        for count, row in enumerate(rows):
            self.report.rows += 1
            if count % 2_000 == 0:
                self.progress(_("读取"), source.position(), source.size)
            yield row

    def _read(
        self, rows: Iterator[Numbered], read: Callable[[int, Sequence[str]], T]
    ) -> Iterator[T]:
        for number, cells in rows:
            if isinstance(cells, str):
                self.rejects.add(Problem(number, "", "", cells), [])
                continue
            try:
                yield read(number, cells)
            except BadCell as bad:
                self.rejects.add(bad.problem, cells)

    def _reject_all(self, rows: Sequence[OrderRow], column: str, content: str, why: str) -> None:
        for number, row in {row.number: row for row in rows}.items():
            name = self.report.columns.get(column, _("订单号"))
            self.rejects.add(Problem(number, name, content, why), list(row.cells))


def _told(columns: Columns) -> dict[str, str]:
    return {field: columns.named(field) for field in columns.place}


def _day_first(path: Path, head: Iterable[Numbered], columns: Columns) -> bool:
    """3/4/2019 is told by a later row of the file, where its first rows could be read either way."""
    at = columns.place.get("at")
    if at is None:
        return False
    said = day_comes_first(_cells(head, at))
    if said is None and any(map(EITHER.match, islice(_cells(head, at), 1))):
        with closing(open_source(path)) as again:
            said = day_comes_first(_cells(again.rows(), at))
    return bool(said)


def _cells(rows: Iterable[Numbered], at: int) -> Iterator[str]:
    return (cells[at] for _, cells in rows if not isinstance(cells, str) and at < len(cells))


def _numbers(rows: Sequence[OrderRow]) -> int:
    """Of rows in the file: one may say that an order was paid and that it went back."""
    return len({row.number for row in rows}) if len(rows) > 1 else len(rows)


def _whole(groups: Iterable[list[OrderRow]], rows: int) -> Iterator[list[list[OrderRow]]]:
    part: list[list[OrderRow]] = []
    count = 0
    for group in groups:
        part.append(group)
        count += len(group)
        if count >= rows:
            yield part
            part, count = [], 0
    if part:
        yield part


async def _ahead(parts: Iterator[T]) -> AsyncGenerator[T, None]:
    """The next part is brought together in a thread while the database writes this one."""
    coming = asyncio.create_task(asyncio.to_thread(next, parts, None))
    try:
        while (part := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, parts, None))
            yield part
    finally:
        await asyncio.wait((coming,))


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    every = iter(items)
    while part := list(islice(every, size)):
        yield part
