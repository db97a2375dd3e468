"""`/admin/imports`: a file of orders, customers or products: sent, looked at, tried, and then written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from aiohttp import web

from bot.domain import masks
from bot.domain.file_imports import BUSY, FileImport
from bot.domain.refusals import Refusal
from bot.events.commands import RunImport
from bot.inbound.imports import Unreadable
from bot.inbound.imports.columns import KINDS as FIELDS
from bot.inbound.imports.columns import WORDS
from bot.inbound.imports.looking import Look, look
from bot.store import file_imports
from bot.web.console import forms, importing
from bot.web.console.frame import actor_words, shown
from bot.web.console.importing import WORKSHOP
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed
from bot.work.context import Work

routes = web.RouteTableDef()
KINDS = {"orders": "订单", "customers": "会员名单", "products": "商品"}
STATES = {
    "checking": "正在检查",
    "checked": "检查过了，还没有写入",
    "running": "正在导入",
    "done": "导入好了",
    "failed": "读不了",
    "lost": "中断了",
}
SUFFIXES = (".csv.gz", ".csv", ".xlsx", ".xlsm", ".xls", ".ods", ".tsv", ".txt")
LARGEST = 500 << 20
SILENT = 20.0
STALE = "页面放太久了，请刷新后再试一次"


@routes.get("/admin/imports", allow_head=False)
@allowed("import.run")
async def overview(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        rows = await file_imports.recent(session)
        return await shown(
            request,
            session,
            "console/imports.html",
            "customers",
            kinds=KINDS,
            states=STATES,
            listed=[(row, _state(work, row)) for row in rows],
            who=actor_words,
            suffixes=",".join((*SUFFIXES, ".gz")),
        )


def _state(work: Work, row: FileImport) -> str:
    """Somebody who is silent for long is gone."""
    lost = row.state in BUSY and work.clock.real() - row.beat_at > SILENT
    return "lost" if lost else row.state


@routes.post("/admin/imports")
@allowed("import.run")
async def send(request: web.Request) -> web.StreamResponse:
    """The file itself is the body: it is written down while it comes."""
    work, query = request.app[DESK].work, request.query
    name = PurePath(query.get("name", "")).name[:120]
    suffix = next((one for one in SUFFIXES if name.lower().endswith(one)), None)
    if query.get("kind") not in KINDS or suffix is None:
        raise Refusal("bad_file", "请选 CSV 或 Excel 文件（.csv、.csv.gz、.xlsx）", status=422)
    row = FileImport(
        kind=query["kind"],
        name=name,
        suffix=suffix,
        state="checking",
        columns={},
        beat_at=work.clock.real(),
        at=work.now(),
        by=str(actor_of(request)),
    )
    async with work.sessions.begin() as session:
        await file_imports.add(session, row)
    await _receive(request, work, row)
    request.app[WORKSHOP].begin(work, row, dry_run=True)
    return web.json_response({"page": f"/admin/imports/{row.id}"})


async def _receive(request: web.Request, work: Work, row: FileImport) -> None:
    path, size = importing.path_of(work, row), 0
    path.touch(mode=0o600)
    with path.open("wb") as stream:
        async for chunk in request.content.iter_chunked(1 << 16):
            size += len(chunk)
            if size > LARGEST:
                path.unlink()
                raise Refusal("too_large", "文件超过 500 MB，请拆成几个再导", status=413)
            stream.write(chunk)


@routes.get(r"/admin/imports/{id:\d+}", allow_head=False)
@allowed("import.run")
async def one(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        row = await file_imports.get(session, int(request.match_info["id"]))
        state = _state(work, row)
        seen = None
        if state in ("checked", "failed", "lost") and importing.path_of(work, row).is_file():
            seen = await asyncio.to_thread(_looked, work, row)
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


def _looked(work: Work, row: FileImport) -> Look | None:
    try:
        return look(importing.path_of(work, row), row.kind, row.columns)
    except Unreadable:
        return None


@routes.post(r"/admin/imports/{id:\d+}/check")
@allowed("import.run")
async def check(request: web.Request) -> web.StreamResponse:
    """Once more, with the columns as people say they are."""
    work, form = request.app[DESK].work, await request.post()
    async with work.sessions.begin() as session:
        row = await file_imports.get(session, int(request.match_info["id"]))
        _demand_file(work, row)
        after = (
            (*BUSY, "checked", "failed") if _state(work, row) == "lost" else ("checked", "failed")
        )
        await file_imports.begin(
            session, row.id, state="checking", after=after, real=work.clock.real()
        )
        await file_imports.note(session, row.id, columns=_mapped(form, row.kind))
        row = await file_imports.get(session, row.id)
    request.app[WORKSHOP].begin(work, row, dry_run=True)
    raise web.HTTPSeeOther(f"/admin/imports/{row.id}")


def _demand_file(work: Work, row: FileImport) -> None:
    if not importing.path_of(work, row).is_file():
        raise Refusal("file_gone", "文件已经不在了，请重新选一次；导过的行不会重复", status=410)


def _mapped(form: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Header to field; a field is one column's only, the last one said."""
    said = {str(k)[4:]: str(v) for k, v in form.items() if str(k).startswith("col:")}
    known = {field: name for name, field in said.items() if field in FIELDS[kind]}
    return {name: (field if known.get(field) == name else "") for name, field in said.items()}


@routes.post(r"/admin/imports/{id:\d+}/run")
@allowed("import.run")
async def run(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    import_id = int(request.match_info["id"])
    async with desk.work.sessions.reading() as session:
        row = await file_imports.get(session, import_id)
    _demand_file(desk.work, row)
    await desk.do(
        RunImport(
            actor=actor_of(request),
            key=forms.needed(form, "key", STALE),
            at=desk.work.now(),
            import_id=import_id,
        )
    )
    async with desk.work.sessions.begin() as session:
        await file_imports.note(session, import_id, beat_at=desk.work.clock.real())
    request.app[WORKSHOP].begin(desk.work, row, dry_run=False)
    raise web.HTTPSeeOther(f"/admin/imports/{import_id}")


@routes.get(r"/admin/imports/{id:\d+}/events", allow_head=False)
@allowed("import.run")
async def events(request: web.Request) -> web.StreamResponse:
    """How far it is, told until it is over; a page that comes back asks again."""
    desk, import_id = request.app[DESK], int(request.match_info["id"])
    answer = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await answer.prepare(request)
    while not desk.leaving.is_set():
        async with desk.work.sessions.reading() as session:
            row = await file_imports.get(session, import_id)
        state = _state(desk.work, row)
        told = {"state": state, "doing": row.doing, "done": row.done, "total": row.total}
        await answer.write(f"data: {json.dumps(told)}\n\n".encode())
        if state not in BUSY:
            break
        await asyncio.sleep(importing.BEAT)
    return answer


@routes.get(r"/admin/imports/{id:\d+}/problems", allow_head=False)
@allowed("import.run")
async def bad_rows(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        row = await file_imports.get(session, int(request.match_info["id"]))
    path = importing.problem_file(work, row)
    if not path.is_file():
        raise Refusal("file_gone", "问题行的文件已经不在了，再导一次会重新写出来", status=410)
    return web.FileResponse(
        path,
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="problems-{row.id}.csv"',
            "Cache-Control": "no-store",
        },
    )
