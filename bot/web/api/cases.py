"""`/api/v1/cases`: complaints, and what is answered to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from bot.domain.refusals import Refusal
from bot.events.commands import (
    AnswerCase,
    AssignCase,
    CloseCase,
    EscalateCase,
    NoteCase,
    OwnCause,
)
from bot.store import case_queue, customers, listing
from bot.web.api.bodies import Listing, Query, Strict, Text, Word
from bot.web.api.endpoints import NUMBER, Ask, Done, Page, Routes, Told

routes = Routes()
ONE = f"/cases/{NUMBER % 'id'}"


class CasesAsked(Listing):
    state: Literal["open", "answered", "waiting", "closed"] | None = None


class CaseTold(Told):
    id: int
    customer: str
    guide: str | None
    store: str | None
    category: str
    severity: int
    level: int
    state: str
    channel: str
    opened_at: datetime
    answer_due: datetime
    resolve_due: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    rating: int | None


class Step(Told):
    kind: str
    at: datetime
    actor: str
    text: str
    told: str | None


class CaseWhole(CaseTold):
    steps: list[Step]


OWN = CaseTold.model_fields.keys() - {"customer", "guide", "store"}


def _facts(row: Any) -> dict[str, Any]:
    case, ref, guide, store = row
    joined = {"customer": ref, "guide": guide, "store": store}
    return {name: getattr(case, name) for name in OWN} | joined


@routes.asks("GET", "/cases", "case.list", "客诉", says=CasesAsked, gives=Page[CaseTold])
async def listed(ask: Ask[CasesAsked]) -> Page[CaseTold]:
    among = _bounds(ask) + listing.case_in(ask.said.state)
    async with ask.reading() as session:
        rows = await listing.cases(session, among, ask.mark(), ask.said.limit + 1)
    return ask.page(rows, lambda row: int(row[0].id), lambda row: CaseTold(**_facts(row)))


def _bounds(ask: Ask[Any]) -> list[listing.Where]:
    return [] if ask.store is None else [listing.of_store(ask.store)]


async def _asked(ask: Ask[Any], session: Any) -> Any:
    """The row of the case in the address; another store's is as unknown as none."""
    rows = await listing.cases(session, _bounds(ask), ask.number() + 1, 1)
    if not rows or rows[0][0].id != ask.number():
        raise Refusal("unknown_case", "没有这件客诉", status=404)
    return rows[0]


@routes.asks("GET", ONE, "case.act", "一件客诉和每一步", gives=CaseWhole)
async def one(ask: Ask[Query]) -> CaseWhole:
    async with ask.reading() as session:
        row = await _asked(ask, session)
        whole = await case_queue.whole(session, ask.desk.work.vault, ask.number())
    steps = [
        Step(kind=step.kind, at=step.at, actor=step.actor, text=text or "", told=step.told)
        for step, text in (whole.steps if whole else ())
    ]
    return CaseWhole(**_facts(row), steps=steps)


async def _known(ask: Ask[Any]) -> int:
    async with ask.reading() as session:
        return int((await _asked(ask, session))[0].id)


class AnswerIn(Strict):
    text: Text
    waits: bool = False
    """She has to do something next: the clock stands still until she writes."""


@routes.asks("POST", f"{ONE}/answer", "case.act", "回应她", says=AnswerIn)
async def answer(ask: Ask[AnswerIn]) -> Done:
    return await ask.does(
        AnswerCase, case_id=await _known(ask), text=ask.said.text, waits=ask.said.waits
    )


class EscalateIn(Strict):
    reason: Word


@routes.asks("POST", f"{ONE}/escalate", "case.act", "升级", says=EscalateIn)
async def escalate(ask: Ask[EscalateIn]) -> Done:
    return await ask.does(EscalateCase, case_id=await _known(ask), reason=ask.said.reason)


class NoteIn(Strict):
    text: Text


@routes.asks("POST", f"{ONE}/notes", "case.act", "给同事记一笔，顾客看不到", says=NoteIn)
async def note(ask: Ask[NoteIn]) -> Done:
    return await ask.does(NoteCase, case_id=await _known(ask), text=ask.said.text)


class AssignIn(Strict):
    guide: Word
    """Her userid in WeCom."""


@routes.asks("POST", f"{ONE}/assign", "case.assign", "转给另一位导购", says=AssignIn)
async def assign(ask: Ask[AssignIn]) -> Done:
    number = await _known(ask)
    async with ask.reading() as session:
        guide = await customers.guide_by_userid(session, ask.said.guide, create=False)
    if guide is None:
        raise Refusal("no_such_guide", "没有这位导购，或她不在岗", status=404)
    return await ask.does(AssignCase, case_id=number, guide_id=guide.id)


class CloseIn(Strict):
    resolution: Text
    offer: Word | None = None


@routes.asks("POST", f"{ONE}/close", "case.close", "关闭", says=CloseIn)
async def close(ask: Ask[CloseIn]) -> Done:
    return await ask.does(
        CloseCase,
        case_id=await _known(ask),
        resolution=ask.said.resolution,
        offer=ask.said.offer,
    )


class CauseIn(Strict):
    category: Word
    product: str = ""
    """By its name; empty where no product stands out."""
    owner: Word
    what: str = ""
    fixed: bool = False


@routes.asks("POST", "/cases/causes", "case.cause", "定一个原因谁来管、改了什么", says=CauseIn)
async def own_cause(ask: Ask[CauseIn]) -> Done:
    return await ask.does(OwnCause, **ask.said.model_dump())
