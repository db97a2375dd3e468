"""`/admin/customers`: the RFM table, a rule with its live count, and the customers whom it fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.permissions import may
from bot.domain.reasons import words
from bot.domain.segment_fields import FIELDS
from bot.domain.segments import Junction, Rule, Segment, parse
from bot.domain.tiers import TIERS
from bot.events.commands import PublishSegment
from bot.inbound.commands import matrix
from bot.store import roster, segments
from bot.store.roster import PAGE, Wanted
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms, rules
from bot.web.console.frame import is_part, shown
from bot.web.console.preview import (
    EVERYBODY,
    Question,
    answer,
    builder,
    choices_of,
    preview,
    question,
)
from bot.web.console.rules import Form
from bot.web.console.scopes import narrowed, within
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
BATCH = 500
"""Customers that a file takes at a time."""
HEAT_STEPS = (0.5, 1.5, 3, 6, 12, 25)
"""Shares of all spending, in percent, at which the colour of a cell grows darker."""
KPIS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("好友顾客", "加了导购好友", {"field": "follows.any", "op": "eq", "value": True}),
    ("30 天内消费", "来过至少一次", {"field": "orders.last_days", "op": "lte", "value": 30}),
    (
        "90 天内回头",
        "买过两次以上",
        {"field": "orders.count", "op": "gte", "value": 2, "within_days": 90},
    ),
    ("沉睡待唤醒", "按价值和活跃算", {"field": "tier", "op": "in", "value": ["沉睡"]}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for."""

    rule: Question
    segment: Segment | None
    tier: str
    tag: str
    text: str
    cell: tuple[int, int] | None
    page: int

    @property
    def form(self) -> Form:
        return self.rule.form

    def address(self, **changes: Any) -> str:
        """The same question as an address, so that it can be shared and Back works."""
        facts: list[tuple[str, str]] = [("mode", self.form.mode)] if self.form.rows else []
        if self.segment:
            facts.insert(0, ("segment", self.segment.key))
        for row in self.form.rows:
            facts += [
                ("field", row.field),
                ("op", row.op),
                ("value", row.value),
                ("days", row.days),
            ]
        cell = f"{self.cell[0]},{self.cell[1]}" if self.cell else ""
        chosen = {"tier": self.tier, "tag": self.tag, "q": self.text, "rf": cell}
        chosen |= {"page": str(self.page) if self.page > 1 else ""}
        facts += [(name, str(value)) for name, value in (chosen | changes).items() if value]
        return "/admin/customers?" + urlencode(facts)


async def read(request: web.Request, session: AsyncSession) -> Asked:
    query = request.query
    key, tier, page = query.get("segment", ""), query.get("tier", ""), query.get("page", "1")
    segment = await segments.published(session, key) if key else None
    live = segment.rule if segment is not None else None
    return Asked(
        rule=question(rules.read_form(query), live, edited="edited" in query),
        segment=segment,
        tier=tier if tier in TIERS else "",
        tag=query.get("tag", ""),
        text=query.get("q", "").strip()[:80],
        cell=_cell(query.get("rf", "")),
        page=max(int(page), 1) if page.isdecimal() else 1,
    )


def _cell(text: str) -> tuple[int, int] | None:
    recency, _, frequency = text.partition(",")
    if recency in "12345" and frequency in "12345" and recency and frequency:
        return int(recency), int(frequency)
    return None


def _listed_rule(request: web.Request, asked: Asked) -> Rule:
    """What the list shows: the rule, the chips above it and the actor's store."""
    chips = [{"field": "tier", "op": "in", "value": [asked.tier]}] if asked.tier else []
    if "/" in asked.tag:
        chips.append({"field": "tag", "op": "has", "value": [asked.tag]})
    parts = (asked.rule.rule, *(parse(chip) for chip in chips))
    return within(request, Junction("", "all", parts) if chips else asked.rule.rule)


@routes.get("/admin/customers", allow_head=False)
@allowed("customer.list")
async def customers(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    if lists.asked(request):
        return await _file(request)
    async with desk.work.sessions.reading() as session:
        asked = await read(request, session)
        facts = await preview(request, session, asked.rule)
        facts |= await _list(request, session, asked)
        if is_part(request):
            return await answer(
                request, session, "console/customers_part.html", facts, asked.address()
            )
        facts |= await _around(request, session)
        facts["may_merge"] = may(matrix(), "customer.merge", actor_of(request).kind)
        return await shown(request, session, "console/customers.html", "customers", **facts)


async def _list(request: web.Request, session: AsyncSession, asked: Asked) -> dict[str, Any]:
    """The page of customers that the rule and the filters above the list leave."""
    desk = request.app[DESK]
    now, vault, limits = desk.work.now(), desk.work.vault, desk.work.content.limits
    wanted = Wanted(rule=_listed_rule(request, asked), text=asked.text, cell=asked.cell)
    fits = roster.fits(wanted, vault, now)
    found = await roster.count(session, fits)
    pages = max(-(-found // PAGE), 1)
    page = min(asked.page, pages)
    listed = await roster.page(session, vault, fits, limits, now, number=page)
    return {
        "asked": asked,
        "listed": listed,
        "found": found,
        "page": page,
        "pages": pages,
        "downloads": lists.downloads(request, SHEET),
    }


async def _file(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        asked = await read(request, session)
        wanted = Wanted(rule=_listed_rule(request, asked), text=asked.text, cell=asked.cell)
        fits = roster.fits(wanted, work.vault, work.now())
        found = await roster.count(session, fits)

    async def fetch(page: int) -> list[roster.Listed]:
        async with work.sessions.reading() as session:
            limits = work.content.limits
            return await roster.page(
                session, work.vault, fits, limits, work.now(), number=page, size=BATCH
            )

    return await lists.answer(request, SHEET, lists.numbered(fetch, BATCH), total=found)


SHEET = Sheet(
    "customers",
    "顾客",
    (
        Column("ref", "编号", lambda r: r.customer.ref),
        Column("name", "顾客", lambda r: masks.name(r.name)),
        Column("tier", "分层", lambda r: _(r.tier.tier) if r.tier else None),
        Column("recency", "R", lambda r: r.tier.recency if r.tier else None),
        Column("frequency", "F", lambda r: r.tier.frequency if r.tier else None),
        Column("monetary", "M", lambda r: r.tier.monetary if r.tier else None),
        Column("tags", "标签", lambda r: "；".join(r.tags)),
        Column("amount_fen", "累计消费（分）", lambda r: r.stats.amount_fen if r.stats else 0),
        Column("last_at", "上次消费", lambda r: r.stats.last_at if r.stats else None),
        Column("guide", "导购", lambda r: r.guide),
        Column("store", "门店", lambda r: r.store),
        Column("why_not", "不能发活动的原因", lambda r: words(r.why_not) if r.why_not else None),
    ),
    right="customer.export",
)


async def _around(request: web.Request, session: AsyncSession) -> dict[str, Any]:
    """What stands around the rule and does not change with it."""
    desk = request.app[DESK]
    now, limits = desk.work.now(), desk.work.content.limits
    clause = segments.clause(within(request, EVERYBODY), now)
    reached = await roster.reach(session, clause, limits, now)
    kpis = [
        (name, about, await segments.count(session, within(request, parse(rule)), now))
        for name, about, rule in KPIS
    ]
    kpis.insert(1, ("可触达", "现在能发活动消息", reached.get("", 0)))
    return await builder(desk, session) | {
        "kpis": kpis,
        "heat": await roster.heat(session, clause),
        "shade": _shade,
        "segments": await segments.all_published(session),
    }


def _shade(share: float) -> int:
    return 1 + sum(share >= step for step in HEAT_STEPS)


@routes.get("/admin/rules/row", allow_head=False)
@allowed("segment.read")
async def row(request: web.Request) -> web.StreamResponse:
    """One more condition, or one whose field was changed."""
    desk = request.app[DESK]
    name = request.query.getall("field", ["orders.last_days"])[-1]
    if name not in FIELDS:
        raise web.HTTPNotFound
    async with desk.work.sessions.reading() as session:
        choices = await choices_of(desk, session)
        fresh = rules.new_row(name, choices)
        if "value" in request.query and "fresh" not in request.query:
            op = request.query.get("op", fresh.op)
            fresh = replace(fresh, op=op, value=request.query["value"])
        return await shown(
            request,
            session,
            "console/row_part.html",
            "customers",
            row=fresh,
            choices=choices,
            groups=rules.groups(),
        )


@routes.post("/admin/segments")
@allowed("segment.create")
async def publish(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    name = forms.needed(form, "name", "先给分群起个名字", most=40)
    await request.app[DESK].do(
        PublishSegment(
            actor=actor_of(request),
            key=str(form["key"]),
            at=request.app[DESK].work.now(),
            name=name,
            rule=narrowed(request, forms.rule(form)),
        )
    )
    raise web.HTTPSeeOther("/admin/customers?" + urlencode({"segment": name, "said": "segment"}))
