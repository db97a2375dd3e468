"""`/api/v1/imports`: a file of orders, customers or products: sent, looked at, tried, and then written."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.domain.file_imports import FileImport
from bot.store import file_imports
from bot.web import receiving
from bot.web.api.bodies import Nothing, Query, Strict, Word
from bot.web.api.endpoints import NUMBER, Ask, Routes, Told
from bot.web.console import importing

routes = Routes()
ONE = f"/imports/{NUMBER % 'id'}"
MOST = 200


class ImportTold(Told):
    id: int
    kind: str
    name: str
    state: str
    done: int
    total: int
    report: dict[str, Any] | None
    trouble: dict[str, Any] | None
    at: datetime
    by: str


class Imports(Told):
    items: list[ImportTold]


def _told(ask: Ask[Any], row: FileImport) -> ImportTold:
    facts = {name: getattr(row, name) for name in ImportTold.model_fields}
    return ImportTold(**facts | {"state": receiving.state_of(ask.desk.work, row)})


@routes.asks("GET", "/imports", "import.run", "最近的导入", gives=Imports)
async def listed(ask: Ask[Query]) -> Imports:
    async with ask.reading() as session:
        rows = await file_imports.recent(session)
    return Imports(items=[_told(ask, row) for row in rows])


async def _row(ask: Ask[Any]) -> ImportTold:
    async with ask.reading() as session:
        return _told(ask, await file_imports.get(session, ask.number()))


@routes.asks("GET", ONE, "import.run", "做到哪了，结果怎么样", gives=ImportTold)
async def one(ask: Ask[Query]) -> ImportTold:
    return await _row(ask)


class Sent(Query):
    kind: Literal["orders", "customers", "products"]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    """As the file is called; its ending says how it is read."""


class Began(Told):
    id: int


@routes.asks(
    "POST",
    "/imports",
    "import.run",
    "发来一个文件，先检查，不写入",
    says=Sent,
    gives=Began,
    takes="application/octet-stream",
)
async def send(ask: Ask[Sent]) -> Began:
    said = ask.said
    return Began(id=await receiving.receive(ask.request, said.kind, said.name, ask.signed()))


class ColumnsIn(Strict):
    columns: Annotated[dict[Word, Annotated[str, Field(max_length=40)]], Field(max_length=300)]
    """Header to field; an empty field is a column that is not used."""


@routes.asks(
    "POST", f"{ONE}/check", "import.run", "按这样的列再检查一遍", says=ColumnsIn, gives=ImportTold
)
async def check(ask: Ask[ColumnsIn]) -> ImportTold:
    await receiving.check_again(ask.request, ask.number(), ask.said.columns)
    return await _row(ask)


@routes.asks("POST", f"{ONE}/run", "import.run", "写入", gives=ImportTold)
async def run(ask: Ask[Nothing]) -> ImportTold:
    await receiving.written(ask.request, ask.number(), ask.signed())
    return await _row(ask)


class Flaw(Told):
    row: str
    column: str
    content: str
    reason: str


class Flaws(Told):
    items: list[Flaw]


@routes.asks("GET", f"{ONE}/problems", "import.run", "前 200 行有问题的", gives=Flaws)
async def problems(ask: Ask[Query]) -> Flaws:
    async with ask.reading() as session:
        row = await file_imports.get(session, ask.number())
    found = await asyncio.to_thread(importing.problems, ask.desk.work, row, MOST)
    names = tuple(Flaw.model_fields)
    return Flaws(items=[Flaw(**dict(zip(names, cells, strict=True))) for cells in found])
