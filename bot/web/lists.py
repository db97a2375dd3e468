"""One way to answer a list as a page or a file: `?format=csv`, `xlsx` or `json` of the very filter in the address.

A list says its columns once and hands over its rows in batches; a file is written while they come, so that
neither the rows nor the file are ever whole in memory:

    SHEET = Sheet("campaigns", "活动", (Column("name", "活动", lambda m: m.campaign.name), …))

    @routes.get("/admin/campaigns", allow_head=False)
    @allowed("campaign.read")
    async def overview(request):
        if lists.asked(request):
            return await lists.answer(request, SHEET, batches(request), total=total)
        …
        return await shown(request, …, downloads=lists.downloads(request, SHEET))

- `batches` is an async iterator of sequences of rows; each batch opens a reading session of its own (a slow
  reader must not hold a transaction). `numbered(fetch, size)` makes one of a function of the page number.
- A column's value is what this role may see: a list masks by `bot.domain.masks`, as its page does.
- A right of its own (`Sheet(right="customer.export")`) is asked beside the page's; whoever's right ends at her
  store takes `STORE_MOST` rows at most, and where the matrix says 2 a second person agrees first.
- Each file leaves an audit row before its first byte.
- `downloads` are the addresses for `exports(downloads)` of macros.html; none for a role that may not.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.domain.permissions import may, needs_second, scope
from bot.domain.refusals import Refusal
from bot.events.commands import ExportList
from bot.inbound.commands import matrix
from bot.store import audit, proposals
from bot.tongue import _
from bot.web.desk import ACTOR, DESK, SCOPE

Value = str | int | float | bool | datetime | None
Batches = AsyncIterator[Sequence[Any]]
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
}
STORE_MOST = 500
"""Rows that leave with somebody whose right ends at her store."""
CHUNK = 64 * 1024
PRIVATE = frozenset({"q"})
"""What was typed to find somebody is nobody's business later."""
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


def asked(request: web.Request) -> str:
    """The wanted format, empty for the page. Raises Refusal for one that we do not write."""
    wanted = request.query.get("format", "html")
    if wanted == "html":
        return ""
    if wanted not in FORMATS:
        raise Refusal("unknown_format", _("只能导出 csv、xlsx 或 json"), status=400)
    return wanted


def downloads(request: web.Request, sheet: Sheet) -> list[tuple[str, str]]:
    """Format and address of each file of the current filter."""
    if sheet.right is not None and not may(matrix(), sheet.right, request[ACTOR].kind):
        return []
    kept = [
        (name, value) for name, value in request.query.items() if name not in {"page", "format"}
    ]
    return [
        (kind.upper(), f"{request.path}?{urlencode([*kept, ('format', kind)])}")
        for kind in FORMATS
    ]


async def numbered(
    fetch: Callable[[int], Awaitable[Sequence[Any]]], size: int
) -> AsyncIterator[Sequence[Any]]:
    """The batches of a list that is read by page numbers, from 1 until a page is not full."""
    page = 1
    while rows := await fetch(page):
        yield rows
        if len(rows) < size:
            return
        page += 1


async def at_once(rows: Sequence[Any]) -> AsyncIterator[Sequence[Any]]:
    """A list so short that its page has read it whole."""
    yield rows


async def answer(
    request: web.Request, sheet: Sheet, batches: Batches, *, total: int | None = None
) -> web.StreamResponse:
    """The list as the file that was asked for. Raises Refusal forbidden."""
    kind, most = asked(request), _most(request, sheet)
    await _agreed(request, sheet)
    await _note(request, sheet, kind, total if most is None else min(total or most, most))
    local = request.app[DESK].work.now().astimezone(request.app[DESK].work.settings.zone)
    named = f"{sheet.title}-{local:%Y%m%d-%H%M}.{kind}"
    response = web.StreamResponse(
        headers={
            "Content-Type": FORMATS[kind],
            "Content-Disposition": (
                f'attachment; filename="{sheet.name}-{local:%Y%m%d-%H%M}.{kind}"; '
                f"filename*=UTF-8''{quote(named)}"
            ),
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    async for chunk in _WRITERS[kind](sheet, _cut(batches, most), local.tzinfo):
        await response.write(chunk)
    await response.write_eof()
    return response


def _most(request: web.Request, sheet: Sheet) -> int | None:
    reach = request[SCOPE]
    if sheet.right is not None:
        reach = scope(matrix(), sheet.right, request[ACTOR].kind) or ""
        if reach not in {"A", "S", "O"}:
            raise Refusal("forbidden", _("你的角色不能导出这份名单"), status=403)
    return None if reach == "A" else STORE_MOST


async def _agreed(request: web.Request, sheet: Sheet) -> None:
    """Where taking it away needs a second person: once for each yes, for this very filter. Raises Refusal."""
    desk, actor = request.app[DESK], request[ACTOR]
    if sheet.right is None or not needs_second(matrix(), sheet.right, actor.kind):
        return
    facts = {"sheet": sheet.name, "filter": _filter(request)}
    now, kind = desk.work.now(), "export_list"
    async with desk.work.sessions.begin() as session:
        asked = await proposals.of(session, kind=kind, facts=facts, by=str(actor), now=now)
        if asked is not None and await proposals.use(session, asked.id):
            return
    if asked is not None:
        raise Refusal("second_person", _("已经提交，还在等另一位有权限的人同意"), status=202)
    await desk.do(ExportList(actor=actor, key=token_urlsafe(12), at=now, **facts))


def _filter(request: web.Request) -> str:
    kept = [
        (name, "…" if name in PRIVATE else value)
        for name, value in request.query.items()
        if name not in {"format", "page"}
    ]
    return urlencode(kept)[:400]


async def _note(request: web.Request, sheet: Sheet, kind: str, rows: int | None) -> None:
    desk, actor = request.app[DESK], request[ACTOR]
    async with desk.work.sessions.begin() as session:
        await audit.append(
            session,
            at=desk.work.now(),
            actor=str(actor),
            action="export_list",
            subject=f"list:{sheet.name}",
            detail={"format": kind, "rows": rows, "filter": _filter(request)},
            store=actor.store,
        )


async def _cut(batches: Batches, most: int | None) -> AsyncIterator[Sequence[Any]]:
    left = most
    async for rows in batches:
        yield rows if left is None else rows[:left]
        if left is not None:
            left -= len(rows)
            if left <= 0:
                return


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


async def _csv(sheet: Sheet, batches: Batches, zone: Any) -> AsyncIterator[bytes]:
    page = io.StringIO()
    writer = csv.writer(page)
    page.write("\ufeff")  # without it Excel takes UTF-8 for the local code page
    writer.writerow(_head(sheet))
    async for rows in batches:
        writer.writerows(_cells(sheet, row, zone) for row in rows)
        yield page.getvalue().encode()
        page.seek(0)
        page.truncate()
    yield page.getvalue().encode()


async def _json(sheet: Sheet, batches: Batches, zone: Any) -> AsyncIterator[bytes]:
    def plain(value: Value) -> Value:
        return value.astimezone(zone).isoformat() if isinstance(value, datetime) else value

    comma = ""
    yield b"["
    async for rows in batches:
        written = [
            json.dumps({c.key: plain(c.value(row)) for c in sheet.columns}, ensure_ascii=False)
            for row in rows
        ]
        if written:
            yield (comma + ",\n".join(written)).encode("utf-8", "replace")
            comma = ",\n"
    yield b"]\n"


async def _xlsx(sheet: Sheet, batches: Batches, zone: Any) -> AsyncIterator[bytes]:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title)
    page.append(_head(sheet))
    async for rows in batches:
        for row in rows:
            page.append(_cells(sheet, row, zone))
    with TemporaryFile() as written:
        book.save(written)
        for chunk in _chunks(written):
            yield chunk


def _chunks(written: IO[bytes]) -> Any:
    written.seek(0)
    return iter(lambda: written.read(CHUNK), b"")


_WRITERS = {"csv": _csv, "xlsx": _xlsx, "json": _json}
