"""A list written down as CSV, XLSX or JSON while its rows come; one of people says who took it, and when."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any
from zoneinfo import ZoneInfo

from bot.tongue import _

Value = str | int | float | bool | datetime | None
Batches = AsyncIterator[Sequence[Any]]
OF_PEOPLE = "customer.export"
CHUNK = 64 * 1024
_LEADING = tuple("=+-@\t\r＝＋－＠")
# What XML 1.0 cannot carry, and openpyxl therefore refuses.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    """Its name in JSON."""
    words: str
    """Its head in CSV and XLSX, in Chinese: the catalogue's key."""
    value: Callable[[Any], Value]


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    title: str
    columns: tuple[Column, ...]
    right: str | None = None
    """The right to take the list away, where seeing it is not enough."""

    @property
    def of_people(self) -> bool:
        """Then it leaves with a reason, and says in itself who took it."""
        return self.right == OF_PEOPLE


@dataclass(frozen=True, slots=True)
class Mark:
    """What a file of people says of itself, so that one that turns up elsewhere can be traced."""

    number: int
    """Of the audit row that it left."""
    by: str
    at: datetime
    """In the shop's zone."""

    def words(self) -> str:
        return _(
            "导出编号 %(number)s · %(by)s · %(at)s · 只供本店使用，不要转给别人",
            number=self.number,
            by=self.by,
            at=f"{self.at:%Y-%m-%d %H:%M}",
        )

    def facts(self) -> dict[str, Any]:
        return {"number": self.number, "by": self.by, "at": self.at.isoformat()}


def harmless(value: Value, zone: ZoneInfo | None = None) -> Value:
    """A cell that no spreadsheet takes for a formula; a moment is the shop's local time."""
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if not isinstance(value, str):
        return value
    clean = _UNWRITABLE.sub("", value)
    return f"'{clean}" if clean.startswith(_LEADING) else clean


def _cells(sheet: Sheet, row: Any, zone: Any) -> list[Value]:
    return [harmless(column.value(row), zone) for column in sheet.columns]


def _head(sheet: Sheet) -> list[str]:
    return [_(column.words) for column in sheet.columns]


async def _csv(sheet: Sheet, batches: Batches, mark: Mark) -> AsyncIterator[bytes]:
    page = io.StringIO()
    writer = csv.writer(page)
    page.write("\ufeff")  # without it Excel takes UTF-8 for the local code page
    writer.writerow(_head(sheet))
    async for rows in batches:
        writer.writerows(_cells(sheet, row, mark.at.tzinfo) for row in rows)
        yield page.getvalue().encode()
        page.seek(0)
        page.truncate()
    if sheet.of_people:
        writer.writerow([mark.words()])
    yield page.getvalue().encode()


async def _json(sheet: Sheet, batches: Batches, mark: Mark) -> AsyncIterator[bytes]:
    def plain(value: Value) -> Value:
        if not isinstance(value, datetime):
            return value
        return value.astimezone(mark.at.tzinfo).isoformat()

    comma = ""
    head = json.dumps(mark.facts(), ensure_ascii=False)
    yield f'{{"export": {head},\n"rows": ['.encode() if sheet.of_people else b"["
    async for rows in batches:
        written = [
            json.dumps({c.key: plain(c.value(row)) for c in sheet.columns}, ensure_ascii=False)
            for row in rows
        ]
        if written:
            yield (comma + ",\n".join(written)).encode("utf-8", "replace")
            comma = ",\n"
    yield b"]}\n" if sheet.of_people else b"]\n"


async def _xlsx(sheet: Sheet, batches: Batches, mark: Mark) -> AsyncIterator[bytes]:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title)
    page.append(_head(sheet))
    async for rows in batches:
        for row in rows:
            page.append(_cells(sheet, row, mark.at.tzinfo))
    if sheet.of_people:
        page.append([mark.words()])
        page.oddFooter.center.text = mark.words()
        book.properties.creator, book.properties.description = mark.by, mark.words()
    with TemporaryFile() as written:
        book.save(written)
        for chunk in _chunks(written):
            yield chunk


def _chunks(written: IO[bytes]) -> Any:
    written.seek(0)
    return iter(lambda: written.read(CHUNK), b"")


WRITERS = {"csv": _csv, "xlsx": _xlsx, "json": _json}
