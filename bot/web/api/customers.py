"""`/api/v1/customers`: who they are, masked; what was said to them and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from bot.domain import masks
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.domain.segments import Junction, Rule, parse
from bot.store import customers as people
from bot.store import explain, listing, portrait, segments
from bot.store.roster import opened_name
from bot.web import unmasking
from bot.web.api.bodies import Asked, Ids, Listing, Query, Strict, Word
from bot.web.api.endpoints import Ask, Page, Routes, Told
from bot.web.api.orders import SOURCE
from bot.web.console.scopes import within

routes = Routes()
Tier = Literal["核心", "潜力", "普通", "沉睡"]


class CustomerIn(Ids):
    """Exactly one id; the shop's own `buyer_id` is one of the shop system that reports orders."""

    @model_validator(mode="after")
    def _one(self) -> CustomerIn:
        if len(self.given) != 1:
            raise ValueError(
                "phone、unionid、openid、external_userid、member_no、buyer_id 要且只要一个"
            )
        return self

    @property
    def named(self) -> tuple[str, str]:
        ((kind, value),) = self.given.items()
        return kind, value


class CustomersAsked(Listing):
    tier: Tier | None = None
    tag: Annotated[Asked, Field(pattern="^[^/]+/[^/]+$")] | None = None
    segment: Asked | None = None


class CustomerTold(Told):
    ref: str
    name: str
    """Masked."""
    tier: str | None
    since: datetime
    orders: int
    amount_fen: int
    last_order_at: datetime | None
    marketing_held: bool


class Worn(Told):
    tag: str
    source: str
    since: datetime
    until: datetime | None


class Consent(Told):
    purpose: str
    granted: bool


class CustomerWhole(CustomerTold):
    phone: str
    """Masked; `unmask` answers it whole."""
    tier_reason: str | None
    level: str | None
    points: int
    tags: list[Worn]
    consents: list[Consent]
    guides: list[str]
    """userids of those who follow her now."""


@routes.asks(
    "GET",
    "/customers",
    "customer.list",
    "顾客，可按分层、标签、分群筛选",
    says=CustomersAsked,
    gives=Page[CustomerTold],
)
async def listed(ask: Ask[CustomersAsked]) -> Page[CustomerTold]:
    async with ask.reading() as session:
        rule = within(ask.request, await _rule(ask, session))
        among = segments.clause(rule, ask.now)
        rows = await listing.customers(session, among, ask.mark(), ask.said.limit + 1)
    vault = ask.desk.work.vault
    return ask.page(
        rows,
        lambda row: int(row[0].id),
        lambda row: CustomerTold(**_facts(row[0], row[1], row[2], opened_name(vault, row[3]))),
    )


async def _rule(ask: Ask[CustomersAsked], session: Any) -> Rule:
    said, parts = ask.said, []
    if said.tier is not None:
        parts.append(parse({"field": "tier", "op": "in", "value": [said.tier]}))
    if said.tag is not None:
        parts.append(parse({"field": "tag", "op": "has", "value": [said.tag]}))
    if said.segment is not None:
        segment = await segments.published(session, said.segment)
        if segment is None:
            raise Refusal("unknown_segment", "没有这个分群", status=404)
        parts.append(parse(segment.rule))
    return Junction("", "all", tuple(parts))


def _facts(customer: Customer, tier: Any, stats: Any, name: str) -> dict[str, Any]:
    return {
        "ref": customer.ref,
        "name": masks.name(name),
        "tier": tier.tier if tier else None,
        "since": customer.created_at,
        "orders": stats.orders if stats else 0,
        "amount_fen": stats.amount_fen if stats else 0,
        "last_order_at": stats.last_at if stats else None,
        "marketing_held": customer.marketing_held,
    }


@routes.asks(
    "POST",
    "/customers/find",
    "customer.view",
    "用一个号找一位顾客",
    says=CustomerIn,
    gives=CustomerWhole,
    writes=False,
)
async def found(ask: Ask[CustomerIn]) -> CustomerWhole:
    kind, value = ask.said.named
    async with ask.reading() as session:
        account = SOURCE if kind == "buyer_id" else ""
        her = await people.find(session, ask.desk.work.vault, kind, value, account)
        return await _whole(ask, session, await ask.seen(session, her))


@routes.asks("GET", "/customers/{ref}", "customer.view", "一位顾客", gives=CustomerWhole)
async def one(ask: Ask[Query]) -> CustomerWhole:
    async with ask.reading() as session:
        return await _whole(ask, session, await ask.customer(session))


async def _whole(ask: Ask[Any], session: Any, customer: Customer) -> CustomerWhole:
    her = await portrait.portrait(session, ask.desk.work.vault, customer, ask.now)
    return CustomerWhole(
        **_facts(customer, her.tier, her.stats, her.name),
        phone=masks.phone(her.phone) if her.phone else "",
        tier_reason=her.tier.reason if her.tier else None,
        level=her.points.level if her.points else None,
        points=her.points.balance if her.points else 0,
        tags=[
            Worn(tag=w.tag, source=w.row.source, since=w.row.at, until=w.row.expires_at)
            for w in her.tags
        ],
        consents=[Consent(purpose=p, granted=s.granted) for p, s in her.allowed.items()],
        guides=[f.guide.userid for f in her.friends if f.follow.ended_at is None],
    )


class Message(Told):
    what: str
    kind: str
    state: str
    reason: str | None
    channel: str | None
    guide: str | None
    purpose: str
    planned_at: datetime | None
    sent_at: datetime | None
    opened_at: datetime | None
    words: str
    """The whole story of this message in a sentence."""


class Story(Told):
    customer: str
    held: bool
    shares_phone: int
    """With how many others: offers may count them as one household."""
    messages: list[Message]


@routes.asks("GET", "/customers/{ref}/explain", "customer.view", "为什么收到或没收到", gives=Story)
async def why(ask: Ask[Query]) -> Story:
    async with ask.reading() as session:
        customer = await ask.customer(session)
        found = await explain.explain(session, ask.desk.work.vault, customer.id)
    return Story.model_validate(found.as_json())


class UnmaskIn(Strict):
    reason: Word
    """Why it is needed; it stands in the audit log for ever."""


class Phone(Told):
    phone: str


@routes.asks(
    "POST",
    "/customers/{ref}/unmask",
    "customer.unmask",
    "看完整手机号，记入操作记录",
    says=UnmaskIn,
    gives=Phone,
    writes=True,
)
async def unmask(ask: Ask[UnmaskIn]) -> Phone:
    hers = await ask.known()
    return Phone(phone=await unmasking.reveal(ask.desk, ask.actor, hers, reason=ask.said.reason))
