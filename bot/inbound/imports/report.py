"""What an import did, as numbers that add up, and the rows that it could not use."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

SHOWN = 10
NUMBER = re.compile(r"[-+]?[\d.,]+")


@dataclass(frozen=True, slots=True)
class Problem:
    row: int
    column: str
    content: str
    why: str


@dataclass(slots=True)
class Report:
    """rows = imported + known + unpaid + rejected."""

    kind: str
    file: str
    encoding: str
    columns: dict[str, str]
    dry_run: bool
    rows: int = 0
    imported: int = 0
    known: int = 0
    unpaid: int = 0
    rejected: int = 0
    new: int = 0
    """New orders, customers or products."""
    customers: int = 0
    """New customers met on the way."""
    consents: int = 0
    """Consents and refusals that were news."""
    problems: list[Problem] = field(default_factory=list)
    """The first few; all of them are in the file of rejected rows."""
    problem_file: str | None = None

    def facts(self) -> dict[str, Any]:
        names = ["kind", "file", "encoding", "columns", "dry_run", "rows", "imported", "known"]
        names += ["unpaid", "rejected", "new", "customers", "consents", "problem_file"]
        told = [
            {"row": p.row, "column": p.column, "content": p.content, "reason": p.why}
            for p in self.problems
        ]
        return {name: getattr(self, name) for name in names} | {"problems": told}


class Rejects:
    """`<name>_问题行.csv` beside the file, or here when there is no writing there; made with the first bad row."""

    def __init__(self, source: Path, header: list[str], report: Report) -> None:
        self._names = [source.name.split(".")[0] + "_问题行.csv"]
        self._folders = [source.parent, Path.cwd()]
        self._header = header
        self._report = report
        self._stream: TextIO | None = None

    def add(self, problem: Problem, cells: list[str], *, rows: int = 1) -> None:
        self._report.rejected += rows
        if len(self._report.problems) < SHOWN:
            self._report.problems.append(problem)
        if self._stream is None:
            self._stream = self._open()
            self._writer = csv.writer(self._stream)
            self._writer.writerow([*self._header, "行", "列", "内容", "问题"])
        padded = (cells + [""] * len(self._header))[: len(self._header)]
        told = [str(problem.row), problem.column, problem.content, problem.why]
        self._writer.writerow([harmless(cell) for cell in (*padded, *told)])

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def _open(self) -> TextIO:
        for folder in self._folders:
            try:
                path = folder / self._names[0]
                stream = path.open("w", encoding="utf-8-sig", newline="")
            except OSError:
                continue
            self._report.problem_file = str(path)
            return stream
        raise OSError("写不了问题行文件，换一个可以写的文件夹")


def harmless(cell: str) -> str:
    """Spreadsheets run cells that begin like a formula; a plain negative number may stay."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not NUMBER.fullmatch(cell):
        return "'" + cell
    return cell
