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
- Each file leaves an audit row before its first byte; the row's number stands in the file's name. A list of people
  leaves with a reason, and says in itself who took it, when, and that number. Files are kept nowhere.
- `downloads` are the addresses for `exports(downloads)` of macros.html, `asking` what `exports_of_people` shows;
  none for a role that may not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from bot.domain.permissions import may, needs_second, scope
from bot.domain.refusals import Refusal
from bot.events.commands import ExportList
from bot.inbound.commands import matrix
from bot.store import audit, proposals
from bot.tongue import _
from bot.web.desk import ACTOR, DESK, SCOPE
from bot.web.pages import role_words
from bot.web.sheets import WRITERS, Batches, Column, Mark, Sheet, harmless

__all__ = [
    "Batches",
    "Column",
    "Sheet",
    "answer",
    "asked",
    "asking",
    "at_once",
    "downloads",
    "harmless",
    "numbered",
]

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json; charset=utf-8",
}
STORE_MOST = 500
"""Rows that leave with somebody whose right ends at her store."""
PRIVATE = frozenset({"q"})
"""What was typed to find somebody is nobody's business later."""
REASON, REASON_MOST = "reason", 120
"""In the address of a file of people: why it is taken. It stands in the audit log and in no filter."""


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
    kept = _kept(request)
    return [
        (kind.upper(), f"{request.path}?{urlencode([*kept, ('format', kind)])}")
        for kind in FORMATS
    ]


def _kept(request: web.Request) -> list[tuple[str, str]]:
    gone = {"page", "format", REASON}
    return [(name, value) for name, value in request.query.items() if name not in gone]


def asking(request: web.Request, sheet: Sheet) -> dict[str, Any] | None:
    """What the form asks that takes a list of people along; None for a role that may not."""
    kind = request[ACTOR].kind
    if sheet.right is None or not may(matrix(), sheet.right, kind):
        return None
    twice = needs_second(matrix(), sheet.right, kind)
    return {"path": request.path, "kept": _kept(request), "formats": list(FORMATS), "twice": twice}


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
    kind, most, reason = asked(request), _most(request, sheet), _reason(request, sheet)
    await _agreed(request, sheet, reason)
    rows = total if most is None else min(total or most, most)
    mark = await _note(request, sheet, {"format": kind, "rows": rows} | reason)
    ending = f"{mark.at:%Y%m%d-%H%M}-{mark.number}.{kind}"
    named = f"{sheet.title}-{ending}"
    response = web.StreamResponse(
        headers={
            "Content-Type": FORMATS[kind],
            "Content-Disposition": (
                f"attachment; filename=\"{sheet.name}-{ending}\"; filename*=UTF-8''{quote(named)}"
            ),
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    async for chunk in WRITERS[kind](sheet, _cut(batches, most), mark):
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


def _reason(request: web.Request, sheet: Sheet) -> dict[str, str]:
    """Raises Refusal missing: whoever takes people along says why, for those who read the record."""
    said = request.query.get(REASON, "").strip()[:REASON_MOST]
    if sheet.of_people and not said:
        raise Refusal("missing", _("写一句为什么导出，操作记录里要看得懂"), status=422)
    return {"reason": said} if sheet.of_people else {}


async def _agreed(request: web.Request, sheet: Sheet, reason: dict[str, Any]) -> None:
    """Where taking it away needs a second person: once for each yes, for this very filter. Raises Refusal."""
    desk, actor = request.app[DESK], request[ACTOR]
    if sheet.right is None or not needs_second(matrix(), sheet.right, actor.kind):
        return
    facts: dict[str, Any] = {"sheet": sheet.name, "filter": _filter(request)}
    now, kind = desk.work.now(), "export_list"
    async with desk.work.sessions.begin() as session:
        asked = await proposals.of(session, kind=kind, facts=facts, by=str(actor), now=now)
        if asked is not None and await proposals.use(session, asked.id):
            return
    if asked is not None:
        raise Refusal("second_person", _("已经提交，还在等另一位有权限的人同意"), status=202)
    await desk.do(ExportList(actor=actor, key=token_urlsafe(12), at=now, **facts, **reason))


def _filter(request: web.Request) -> str:
    kept = [
        (name, "…" if name in PRIVATE else value)
        for name, value in request.query.items()
        if name not in {"format", "page", REASON}
    ]
    return urlencode(kept)[:400]


async def _note(request: web.Request, sheet: Sheet, facts: dict[str, Any]) -> Mark:
    work, actor = request.app[DESK].work, request[ACTOR]
    async with work.sessions.begin() as session:
        number = await audit.append(
            session,
            at=work.now(),
            actor=str(actor),
            action="export_list",
            subject=f"list:{sheet.name}",
            detail=facts | {"filter": _filter(request)},
            store=actor.store,
        )
    by = f"{role_words(actor.kind)} {actor.id}".strip()
    return Mark(number, by, work.now().astimezone(work.settings.zone))


async def _cut(batches: Batches, most: int | None) -> AsyncIterator[Sequence[Any]]:
    left = most
    async for rows in batches:
        yield rows if left is None else rows[:left]
        if left is not None:
            left -= len(rows)
            if left <= 0:
                return
