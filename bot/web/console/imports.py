"""`/admin/imports`: a file of orders, customers or products: sent, looked at, tried, and then written."""

from __future__ import annotations

import asyncio
from itertools import chain
from secrets import token_urlsafe

from aiohttp import web

from bot.domain import masks
from bot.domain.file_imports import BUSY
from bot.domain.refusals import Refusal
from bot.inbound.imports.columns import WORDS
from bot.store import file_imports
from bot.tongue import _
from bot.web import lists, progress, receiving
from bot.web.console import forms, importing
from bot.web.console.frame import actor_words, shown
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet
from bot.web.progress import Far

routes = web.RouteTableDef()
KINDS = {"orders": "订单", "customers": "会员名单", "products": "商品"}
STATES = {
    "received": "收到了",
    "checking": "正在检查",
    "checked": "检查过了，还没有写入",
    "running": "正在导入",
    "done": "导入好了",
    "failed": "读不了",
    "lost": "中断了",
}
SHEET = Sheet(
    "imports",
    "导入记录",
    (
        Column("kind", "导入什么", lambda row: _(KINDS[row.kind])),
        Column("name", "文件", lambda row: row.name),
        Column("state", "状态", lambda row: _(STATES[row.state])),
        Column("done", "处理了", lambda row: row.done),
        Column("total", "一共", lambda row: row.total),
        Column("at", "时间", lambda row: row.at),
        Column("by", "谁", lambda row: actor_words(row.by)),
    ),
)


@routes.get("/admin/imports", allow_head=False)
@allowed("import.run")
async def overview(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        rows = await file_imports.recent(session)
        if lists.asked(request):
            return await lists.answer(request, SHEET, lists.at_once(rows), total=len(rows))
        return await shown(
            request,
            session,
            "console/imports.html",
            "customers",
            kinds=KINDS,
            states=STATES,
            downloads=lists.downloads(request, SHEET),
            listed=[(row, receiving.state_of(work, row)) for row in rows],
            who=actor_words,
            suffixes=",".join((*receiving.SUFFIXES, ".gz")),
        )


@routes.post("/admin/imports")
@allowed("import.run")
async def send(request: web.Request) -> web.StreamResponse:
    """The file itself is the body: it is written down while it comes."""
    now, query = request.app[DESK].work.now(), request.query
    signed = {"actor": actor_of(request), "key": token_urlsafe(12), "at": now}
    number = await receiving.receive(request, query.get("kind", ""), query.get("name", ""), signed)
    return web.json_response({"page": f"/admin/imports/{number}"})


@routes.get("/admin/imports/{id:[1-9][0-9]{0,17}}", allow_head=False)
@allowed("import.run")
async def one(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        row = await file_imports.get(session, int(request.match_info["id"]))
        state = receiving.state_of(work, row)
        seen = None
        if state in ("checked", "failed", "lost"):
            seen = await asyncio.to_thread(importing.looked, work, row)
        return await shown(
            request,
            session,
            "console/import.html",
            "customers",
            row=row,
            state=state,
            states=STATES,
            kinds=KINDS,
            seen=seen,
            fields=WORDS,
            hidden=_hidden,
            problems=await asyncio.to_thread(importing.problems, work, row),
            has_file=importing.problem_file(work, row).is_file(),
        )


def _hidden(field: str, text: str) -> str:
    """People's data as everywhere: enough to see that the column is the right one."""
    if field == "phone":
        return masks.phone(text)
    return masks.name(text) if field in ("person", "address", "birthday") and text else text[:40]


@routes.post("/admin/imports/{id:[1-9][0-9]{0,17}}/check")
@allowed("import.run")
async def check(request: web.Request) -> web.StreamResponse:
    """Once more, with the columns as people say they are."""
    form = await request.post()
    number = int(request.match_info["id"])
    said = {str(k)[4:]: str(v) for k, v in form.items() if str(k).startswith("col:")}
    await receiving.check_again(request, number, said)
    raise web.HTTPSeeOther(f"/admin/imports/{number}")


@routes.post("/admin/imports/{id:[1-9][0-9]{0,17}}/run")
@allowed("import.run")
async def run(request: web.Request) -> web.StreamResponse:
    number, form = int(request.match_info["id"]), await request.post()
    await receiving.written(request, number, forms.signed(request, form))
    raise web.HTTPSeeOther(f"/admin/imports/{number}")


@routes.get("/admin/imports/{id:[1-9][0-9]{0,17}}/events", allow_head=False)
@allowed("import.run")
async def events(request: web.Request) -> web.StreamResponse:
    desk, import_id = request.app[DESK], int(request.match_info["id"])

    async def look() -> Far:
        async with desk.work.sessions.reading() as session:
            row = await file_imports.get(session, import_id)
        state = receiving.state_of(desk.work, row)
        return Far(state, row.done, row.total, state not in BUSY, row.doing)

    return await progress.tell(request, look)


@routes.get("/admin/imports/{id:[1-9][0-9]{0,17}}/problems", allow_head=False)
@allowed("import.run")
async def bad_rows(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        row = await file_imports.get(session, int(request.match_info["id"]))
    rows = importing.problem_rows(work, row)
    try:
        first = next(rows)
    except FileNotFoundError:
        why = _("问题行的文件已经不在了，再导一次会重新写出来")
        raise Refusal("file_gone", why, status=410) from None
    answer = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="problems-{row.id}.csv"',
            "Cache-Control": "no-store",
        }
    )
    await answer.prepare(request)
    for piece in chain((first,), rows):
        await answer.write(piece)
    return answer
