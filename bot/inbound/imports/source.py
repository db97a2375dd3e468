"""A file as rows of text: CSV, gzipped CSV or a spreadsheet, in whatever encoding it came."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from bot.tongue import _

SAMPLE = 1 << 20
LONGEST_CELL = 1 << 20
LARGEST_SHEET = 300 << 20
"""Unpacked bytes; a spreadsheet is read as a whole, and a small one may unpack to anything."""
SHEETS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8（带 BOM）"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


class Unreadable(Exception):
    """The file as a whole cannot be imported; says why and what to do."""

    def __init__(self, what: str, then: str) -> None:
        super().__init__(what)
        self.what = what
        self.then = then


@dataclass(frozen=True, slots=True)
class Encoding:
    codec: str
    words: str
    second: str = ""
    """Tried line by line where the first fails: exports are glued together from several systems."""


@dataclass(slots=True)
class Source:
    """`header`, then `rows()` with their line numbers; a broken row is its reason instead of its cells."""

    path: Path
    encoding: str
    header: list[str]
    size: int
    _rows: Iterator[tuple[int, list[str] | str]]
    _raw: IO[bytes] | None = None

    def rows(self) -> Iterator[tuple[int, list[str] | str]]:
        return self._rows

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()

    def position(self) -> int:
        """Bytes of the file consumed so far."""
        return self._raw.tell() if self._raw is not None else self.size


def open_source(path: Path) -> Source:
    """Raises Unreadable for anything that is not a table."""
    if path.suffix.lower() in SHEETS:
        return _open_sheet(path)
    raw = io.BufferedReader(path.open("rb", buffering=0), SAMPLE)
    buffered: io.BufferedReader[Any] = raw
    if raw.peek(2)[:2] == b"\x1f\x8b":
        buffered = io.BufferedReader(gzip.GzipFile(fileobj=raw), SAMPLE)
    try:
        sample = buffered.peek(SAMPLE)
    except (OSError, EOFError) as broken:
        raise Unreadable(
            _("%(name)s 解不开：%(why)s", name=path.name, why=broken),
            _("重新下载或重新压缩"),
        ) from None
    _refuse_others(path, sample)
    encoding = guess(sample)
    lines = _lines(buffered, encoding)
    reader = csv.reader(lines, delimiter=_delimiter(sample, encoding))
    csv.field_size_limit(LONGEST_CELL)
    rows = _numbered(reader)
    header = next((cells for _, cells in rows if not isinstance(cells, str) and any(cells)), [])
    cleaned = [cell.strip().lstrip("\ufeff") for cell in header]
    return Source(path, encoding.words, cleaned, path.stat().st_size, rows, raw)


def guess(sample: bytes) -> Encoding:
    """By its byte order mark, its zero bytes, or by what it can be read as."""
    for bom, codec, words in BOMS:
        if sample.startswith(bom):
            return Encoding(codec, words, "gb18030" if codec == "utf-8-sig" else "")
    zeros = sample[:4000].count(0)
    if zeros > len(sample[:4000]) // 5:
        little = sample[1:4000:2].count(0) > zeros // 2
        return Encoding("utf-16-le" if little else "utf-16-be", "UTF-16")
    if _reads(sample, "utf-8"):
        return Encoding("utf-8", "UTF-8", "gb18030")
    for codec, words in (("gbk", "GBK"), ("gb18030", "GB18030")):
        if _reads(sample, codec):
            return Encoding("gb18030", words, "utf-8")
    return Encoding("utf-8", _("UTF-8 与 GBK 混用"), "gb18030")


def _reads(sample: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(sample, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_others(path: Path, sample: bytes) -> None:
    start = sample.lstrip(codecs.BOM_UTF8 + b" \r\n\t")[:200].lower()
    if not start:
        raise Unreadable(_("%(name)s 是空的", name=path.name), _("看看是不是导出没有完成"))
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<svg")):
        raise Unreadable(
            _("%(name)s 是网页，不是 CSV", name=path.name),
            _("在原系统里选「导出为 CSV 或 Excel」"),
        )
    if start.startswith((b"pk\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(
            _("%(name)s 其实是 Excel 文件", name=path.name), _("把扩展名改成 .xlsx 再导入")
        )


def _lines(stream: IO[bytes], encoding: Encoding) -> Iterator[str]:
    if encoding.codec.startswith("utf-16"):
        text = io.TextIOWrapper(stream, encoding.codec, errors="replace", newline="")
        yield from text
        text.detach()  # or it would close the file behind our back
        return
    first, second = encoding.codec, encoding.second
    for line in stream:
        try:
            yield line.decode(first)
        except UnicodeDecodeError:
            yield _second_try(line, second)


def _second_try(line: bytes, codec: str) -> str:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return line.decode("utf-8", errors="replace")


def _delimiter(sample: bytes, encoding: Encoding) -> str:
    first = sample[:20_000].decode(encoding.codec, errors="replace").lstrip("\ufeff\r\n")
    line = first.splitlines()[0] if first else ""
    return max(",\t;|，", key=line.count)


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | str]]:
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            number += 1
            yield number, _("这一行读不出来，可能是单元格太长或引号没有配对")
            continue
        number += 1
        if cells:
            yield number, cells


def _open_sheet(path: Path) -> Source:
    from python_calamine import CalamineError, CalamineWorkbook

    _refuse_bombs(path)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        table = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as broken:
        raise Unreadable(
            _("%(name)s 打不开：%(why)s", name=path.name, why=broken),
            _("另存为 .xlsx 或 CSV 再导入"),
        ) from None
    rows = ((i, [_cell(cell) for cell in row]) for i, row in enumerate(table, 1))
    filled = ((i, cells) for i, cells in rows if any(cells))
    _at, header = next(filled, (0, []))
    cleaned = [cell.strip() for cell in header]
    return Source(path, "Excel", cleaned, path.stat().st_size, iter(filled))


def _refuse_bombs(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(entry.file_size for entry in packed.infolist())
    if unpacked > LARGEST_SHEET:
        raise Unreadable(
            _("%(name)s 展开后太大（%(size)s MB）", name=path.name, size=unpacked >> 20),
            _("另存为 CSV 再导入"),
        )


def _cell(value: object) -> str:
    """A number in a sheet is a float: 12.0 is the id 12, and 139.12 is not 139.1200000001."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
