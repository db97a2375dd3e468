"""Importing beside the pages: one task per file in this process, its progress in a row that any page may read."""

from __future__ import annotations

import asyncio
import codecs
import csv
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.domain.file_imports import FileImport
from bot.inbound.imports import Report, Unreadable, Wish, import_file
from bot.inbound.imports.looking import Look, look
from bot.inbound.imports.reading import Progress
from bot.inbound.imports.source import SHEETS
from bot.store import file_imports
from bot.store.sealed_files import PIECE, Sealing, pieces
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
    "consents",
    "encoding",
    "columns",
)
SHOWN = 13
FILE, ROWS = "import.file", "import.rows"
OPEN_FOR, FILE_KEPT, ROWS_KEPT = 86_400.0, 7 * 86_400.0, 30 * 86_400.0
"""Seconds: a folder that is older was left open, a file nobody wrote, rows nobody mended."""


class Workshop:
    """What is being imported by this process."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Work, row: FileImport, *, dry_run: bool) -> None:
        sweep(work)
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
    """A folder of this shop that nobody else on the machine may read; what lies in it for longer is sealed."""
    mine = zlib.crc32(work.settings.database_url.encode())
    folder = Path(tempfile.gettempdir()) / f"siyu-imports-{os.getuid()}-{mine:08x}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def path_of(work: Work, row: FileImport) -> Path:
    return home(work) / f"{row.id}{row.suffix}.sealed"


def problem_file(work: Work, row: FileImport) -> Path:
    return home(work) / f"{row.id}_问题行.sealed"


@contextmanager
def laid_open(work: Work, row: FileImport, *, most: int | None = None) -> Iterator[Path]:
    """The file in clear for as long as it is read; `most` pieces of it, where its beginning is enough."""
    with tempfile.TemporaryDirectory(prefix="open-", dir=home(work)) as folder:
        path = Path(folder) / f"{row.id}{row.suffix}"
        with path.open("wb") as stream:
            for piece in islice(pieces(path_of(work, row), work.vault, about=FILE), most):
                stream.write(piece)
        yield path


def sweep(work: Work) -> None:
    """What was open when a process was killed, and what nobody came back for."""
    for path in home(work).iterdir():
        age = work.clock.real() - path.stat().st_mtime
        if path.is_dir() and age > OPEN_FOR:
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_file() and age > (ROWS_KEPT if "问题行" in path.name else FILE_KEPT):
            path.unlink(missing_ok=True)


def looked(work: Work, row: FileImport) -> Look | None:
    """None where there is nothing to read, or nothing any more: an import that ends takes its file away."""
    beginning = None if row.suffix in SHEETS else 4
    try:
        with laid_open(work, row, most=beginning) as path:
            return look(path, row.kind, row.columns)
    except (Unreadable, FileNotFoundError):
        return None


def problem_rows(work: Work, row: FileImport) -> Iterator[bytes]:
    return pieces(problem_file(work, row), work.vault, about=ROWS)


def problems(work: Work, row: FileImport, most: int = SHOWN) -> list[list[str]]:
    """Row, column, content and reason of the first rows that cannot be used."""
    rows = csv.reader(_lines(problem_rows(work, row)))
    try:
        return [cells[-4:] for cells in islice(rows, 1, most + 1)]
    except FileNotFoundError:
        return []


def _lines(said: Iterator[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    held = ""
    for piece in said:
        *whole, held = (held + decoder.decode(piece)).split("\n")
        yield from (f"{line}\n" for line in whole)
    if held:
        yield held


async def _run(work: Work, row: FileImport, *, dry_run: bool) -> None:
    told: dict[str, Any] = {}

    def progress(doing: str, done: int, total: int) -> None:
        told.update(doing=doing, done=done, total=total)

    beating = asyncio.create_task(_beat(work, row.id, told))
    with suppress(FileNotFoundError):
        problem_file(work, row).unlink()
    try:
        report = await _imported(work, row, progress, dry_run=dry_run)
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


async def _imported(work: Work, row: FileImport, progress: Progress, *, dry_run: bool) -> Report:
    wish = Wish(row.kind, work.now(), work.settings.zone, columns=row.columns, dry_run=dry_run)
    with ExitStack() as stack:
        path = await asyncio.to_thread(stack.enter_context, laid_open(work, row))
        report = await import_file(work.sessions, work.vault, path, wish, progress)
        if report.problem_file is not None:
            await asyncio.to_thread(_seal, work, row, Path(report.problem_file))
    return report


def _seal(work: Work, row: FileImport, clear: Path) -> None:
    with (
        clear.open("rb") as said,
        Sealing(problem_file(work, row), work.vault, about=ROWS) as kept,
    ):
        while piece := said.read(PIECE):
            kept.write(piece)


async def _beat(work: Work, import_id: int, told: dict[str, Any]) -> None:
    while True:
        await asyncio.sleep(BEAT)
        async with work.sessions.begin() as session:
            await file_imports.note(session, import_id, beat_at=work.clock.real(), **told)


def _kept(report: Report) -> dict[str, Any]:
    """Numbers and names of columns; what stood in the rows stays in the file."""
    return {name: getattr(report, name) for name in KEPT}
