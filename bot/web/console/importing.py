"""Importing beside the pages: one task per file in this process, its progress in a row that any page may read."""

from __future__ import annotations

import asyncio
import csv
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.domain.file_imports import FileImport
from bot.inbound.imports import Report, Unreadable, Wish, import_file
from bot.store import file_imports
from bot.work.context import Work

BEAT = 0.4
KEPT = (
    "rows",
    "imported",
    "known",
    "unpaid",
    "rejected",
    "new",
    "customers",
    "encoding",
    "columns",
)
SHOWN = 13


class Workshop:
    """What is being imported by this process."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Work, row: FileImport, *, dry_run: bool) -> None:
        task = asyncio.create_task(_run(work, row, dry_run=dry_run))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


WORKSHOP = web.AppKey("workshop", Workshop)


async def leave(app: web.Application) -> None:
    """What was written stays; the rest is written when the file is imported again."""
    for task in app[WORKSHOP].tasks:
        task.cancel()
    await asyncio.gather(*app[WORKSHOP].tasks, return_exceptions=True)


def home(work: Work) -> Path:
    """A folder of this shop that nobody else on the machine may read."""
    mine = zlib.crc32(work.settings.database_url.encode())
    folder = Path(tempfile.gettempdir()) / f"siyu-imports-{os.getuid()}-{mine:08x}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def path_of(work: Work, row: FileImport) -> Path:
    return home(work) / f"{row.id}{row.suffix}"


def problem_file(work: Work, row: FileImport) -> Path:
    return home(work) / f"{row.id}_问题行.csv"


def problems(work: Work, row: FileImport) -> list[list[str]]:
    """Row, column, content and reason of the first rows that cannot be used."""
    path = problem_file(work, row)
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream)
        next(rows, None)
        return [cells[-4:] for _, cells in zip(range(SHOWN), rows, strict=False)]


async def _run(work: Work, row: FileImport, *, dry_run: bool) -> None:
    told: dict[str, Any] = {}

    def progress(doing: str, done: int, total: int) -> None:
        told.update(doing=doing, done=done, total=total)

    beating = asyncio.create_task(_beat(work, row.id, told))
    with suppress(FileNotFoundError):
        problem_file(work, row).unlink()
    try:
        wish = Wish(row.kind, work.now(), work.settings.zone, columns=row.columns, dry_run=dry_run)
        report = await import_file(work.sessions, work.vault, path_of(work, row), wish, progress)
        ended: dict[str, Any] = {
            "state": "checked" if dry_run else "done",
            "report": _kept(report),
        }
        ended["trouble"] = None
    except Unreadable as wrong:
        ended = {"state": "failed", "trouble": {"what": wrong.what, "then": wrong.then}}
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
    if ended["state"] == "done":
        path_of(work, row).unlink(missing_ok=True)
    async with work.sessions.begin() as session:
        await file_imports.note(session, row.id, **ended)


async def _beat(work: Work, import_id: int, told: dict[str, Any]) -> None:
    while True:
        await asyncio.sleep(BEAT)
        async with work.sessions.begin() as session:
            await file_imports.note(session, import_id, beat_at=work.clock.real(), **told)


def _kept(report: Report) -> dict[str, Any]:
    """Numbers and names of columns; what stood in the rows stays in the file."""
    return {name: getattr(report, name) for name in KEPT}
