"""A file of people's data comes in: sealed while it comes, looked at, tried, and written once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePath
from secrets import token_urlsafe
from typing import Any

from aiohttp import web

from bot.domain.file_imports import BUSY, FileImport
from bot.domain.refusals import Refusal
from bot.events.commands import ReceiveFile, RunImport
from bot.inbound.imports.columns import KINDS
from bot.store import file_imports
from bot.store.sealed_files import Sealing
from bot.web.console import importing
from bot.web.console.importing import WORKSHOP
from bot.web.desk import DESK
from bot.work.context import Work

SUFFIXES = (".csv.gz", ".csv", ".xlsx", ".xlsm", ".xls", ".ods", ".tsv", ".txt")
LARGEST = 500 << 20
SILENT = 20.0


def state_of(work: Work, row: FileImport) -> str:
    """Somebody who is silent for long is gone."""
    lost = row.state in BUSY and work.clock.real() - row.beat_at > SILENT
    return "lost" if lost else row.state


async def receive(request: web.Request, kind: str, called: str, signed: Mapping[str, Any]) -> int:
    """Sealed while it comes, and then looked at, once. Raises Refusal bad_file | too_large."""
    desk, name = request.app[DESK], PurePath(called).name[:120]
    suffix = next((one for one in SUFFIXES if name.lower().endswith(one)), None)
    if kind not in KINDS or suffix is None or not name.isprintable():
        raise Refusal("bad_file", "请选 CSV 或 Excel 文件（.csv、.csv.gz、.xlsx）", status=422)
    coming = importing.home(desk.work) / f"{token_urlsafe(9)}.coming"
    digest, size = hashlib.sha256(), 0
    with Sealing(coming, desk.work.vault, about=importing.FILE) as kept:
        async for chunk in request.content.iter_chunked(1 << 16):
            size += len(chunk)
            if size > LARGEST:
                raise Refusal("too_large", "文件超过 500 MB，请拆成几个再导", status=413)
            digest.update(chunk)
            kept.write(chunk)
    try:
        told = await desk.do(
            ReceiveFile(kind=kind, name=name, suffix=suffix, digest=digest.hexdigest(), **signed)
        )
        await _begin(request, int(told["import"]), coming)
    finally:
        await asyncio.to_thread(coming.unlink, missing_ok=True)
    return int(told["import"])


async def _begin(request: web.Request, number: int, coming: Path) -> None:
    """The same act again finds the file looked at before."""
    work = request.app[DESK].work
    async with work.sessions.begin() as session:
        row = await file_imports.get(session, number)
        if row.state != "received":
            return
        real = work.clock.real()
        await file_imports.begin(session, number, state="checking", after=("received",), real=real)
        row = await file_imports.get(session, number)
    await asyncio.to_thread(coming.rename, importing.path_of(work, row))
    request.app[WORKSHOP].begin(work, row, dry_run=True)


async def check_again(request: web.Request, number: int, said: Mapping[str, str]) -> None:
    """With these columns as these fields. Raises Refusal no_such_import | file_gone | begun_before."""
    work = request.app[DESK].work
    async with work.sessions.begin() as session:
        row = await file_imports.get(session, number)
        _demand_file(work, row)
        after = (
            (*BUSY, "checked", "failed")
            if state_of(work, row) == "lost"
            else ("checked", "failed")
        )
        await file_imports.begin(
            session, row.id, state="checking", after=after, real=work.clock.real()
        )
        await file_imports.note(session, row.id, columns=_mapped(said, row.kind))
        row = await file_imports.get(session, row.id)
    request.app[WORKSHOP].begin(work, row, dry_run=True)


def _demand_file(work: Work, row: FileImport) -> None:
    if not importing.path_of(work, row).is_file():
        raise Refusal("file_gone", "文件已经不在了，请重新选一次；导过的行不会重复", status=410)


def _mapped(said: Mapping[str, str], kind: str) -> dict[str, str]:
    """Header to field; a field is one column's only, the last one said."""
    known = {field: name for name, field in said.items() if field in KINDS[kind]}
    return {name: (field if known.get(field) == name else "") for name, field in said.items()}


async def written(request: web.Request, number: int, signed: Mapping[str, Any]) -> None:
    """Begun once, however often it is asked for."""
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        row = await file_imports.get(session, number)
    _demand_file(desk.work, row)
    await desk.do(RunImport(import_id=number, **signed))
    real = desk.work.clock.real()
    async with desk.work.sessions.begin() as session:
        mine = await file_imports.take_up(session, number, since=row.beat_at, real=real)
    if mine:
        request.app[WORKSHOP].begin(desk.work, row, dry_run=False)
