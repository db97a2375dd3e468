"""`/api/v1/customers/{ref}/…`: what may be done for a customer, and two records that may be one person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.events.commands import (
    AskGuide,
    ChangeAdvisor,
    FileCase,
    IssueCoupon,
    KeepApart,
    MergeCustomers,
    OptOut,
    ProposeMerge,
    TagCustomer,
    UnmergeCustomer,
)
from bot.store import merge_queue, portrait
from bot.web.api.bodies import Query, Strict, Text, Word
from bot.web.api.endpoints import NUMBER, Ask, Done, Routes, Told

routes = Routes()


class TagIn(Strict):
    add: Annotated[list[Word], Field(max_length=20, default_factory=list)]
    remove: Annotated[list[Word], Field(max_length=20, default_factory=list)]


@routes.asks("POST", "/customers/{ref}/tags", "tag.assign", "打标签、去标签", says=TagIn)
async def tag(ask: Ask[TagIn]) -> Done:
    return await ask.does(
        TagCustomer,
        customer_id=await ask.known(),
        add=tuple(ask.said.add),
        remove=tuple(ask.said.remove),
    )


class OptOutIn(Strict):
    purpose: Literal["marketing", "marketing_wecom", "marketing_official", "profiling"]
    channel: Word
    reason: Word
    """How we know that she wants it."""


@routes.asks("POST", "/customers/{ref}/opt-out", "consent.opt_out", "替顾客退订", says=OptOutIn)
async def opt_out(ask: Ask[OptOutIn]) -> Done:
    return await ask.does(
        OptOut,
        customer_id=await ask.known(),
        purpose=ask.said.purpose,
        channel=ask.said.channel,
        evidence={"words": ask.said.reason},
    )


class CouponIn(Strict):
    offer: Word


@routes.asks("POST", "/customers/{ref}/coupons", "coupon.issue", "给她发一张券", says=CouponIn)
async def issue(ask: Ask[CouponIn]) -> Done:
    return await ask.does(IssueCoupon, customer_id=await ask.known(), offer=ask.said.offer)


class WhyIn(Strict):
    why: Annotated[Word, Field(max_length=120)]
    """What her guide should get in touch about."""


@routes.asks("POST", "/customers/{ref}/tasks", "task.ask", "请她的导购联系她", says=WhyIn)
async def ask_guide(ask: Ask[WhyIn]) -> Done:
    return await ask.does(AskGuide, customer_id=await ask.known(), why=ask.said.why)


class AdvisorIn(Strict):
    userid: Annotated[Word, Field(max_length=64)]


@routes.asks(
    "POST", "/customers/{ref}/advisor", "advisor.assign", "换她的专属顾问", says=AdvisorIn
)
async def change_advisor(ask: Ask[AdvisorIn]) -> Done:
    return await ask.does(ChangeAdvisor, customer_id=await ask.known(), userid=ask.said.userid)


class CaseIn(Strict):
    text: Text
    category: Word | None = None
    severity: Annotated[int, Field(ge=1, le=3)] = 2


@routes.asks("POST", "/customers/{ref}/cases", "case.file", "登记一件客诉", says=CaseIn)
async def file_case(ask: Ask[CaseIn]) -> Done:
    return await ask.does(FileCase, customer_id=await ask.known(), **ask.said.model_dump())


class MergeIn(Strict):
    merge: Word
    """The ref of the record that goes into this one."""
    reason: Word


@routes.asks("POST", "/customers/{ref}/merge", "customer.merge", "合成一位顾客", says=MergeIn)
async def merge(ask: Ask[MergeIn]) -> Done:
    async with ask.reading() as session:
        keep = await ask.customer(session)
        other = await ask.seen(session, await portrait.by_ref(session, ask.said.merge))
    return await ask.does(
        MergeCustomers, keep_id=keep.id, merge_id=other.id, reason=ask.said.reason
    )


class SameIn(Strict):
    other: Word
    """The ref of the record that is the same person."""
    reason: Annotated[Word, Field(max_length=120)]
    """How we know; whoever decides reads it."""


@routes.asks("POST", "/customers/{ref}/same", "merge.propose", "提出是同一位顾客", says=SameIn)
async def propose(ask: Ask[SameIn]) -> Done:
    async with ask.reading() as session:
        one = await ask.customer(session)
        other = await ask.seen(session, await portrait.by_ref(session, ask.said.other))
    return await ask.does(ProposeMerge, one_id=one.id, other_id=other.id, reason=ask.said.reason)


class Reason(Strict):
    reason: Word


@routes.asks("POST", "/customers/{ref}/unmerge", "customer.merge", "拆开上一次合并", says=Reason)
async def unmerge(ask: Ask[Reason]) -> Done:
    return await ask.does(UnmergeCustomer, customer_id=await ask.known(), reason=ask.said.reason)


class Asked(Told):
    id: int
    one: str
    other: str
    agreed: list[str]
    """Which ids both have."""
    confidence: float
    by: str
    words: str
    """What a colleague gave as her reason; empty where it is ours."""


class Questions(Told):
    items: list[Asked]


@routes.asks("GET", "/merge-questions", "customer.merge", "像是同一位的两条记录", gives=Questions)
async def questions(ask: Ask[Query]) -> Questions:
    async with ask.reading() as session:
        pairs = await merge_queue.waiting(session, ask.desk.work.vault)
    items = [
        Asked(
            id=pair.question.id,
            one=pair.kept.customer.ref,
            other=pair.merged.customer.ref,
            agreed=sorted(pair.question.agreed),
            confidence=pair.question.confidence,
            by=pair.question.by,
            words=pair.question.words,
        )
        for pair in pairs
    ]
    return Questions(items=items)


@routes.asks(
    "POST", f"/merge-questions/{NUMBER % 'id'}/apart", "customer.merge", "不是同一位", says=Reason
)
async def apart(ask: Ask[Reason]) -> Done:
    return await ask.does(KeepApart, question_id=ask.number(), reason=ask.said.reason)
