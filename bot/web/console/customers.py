"""`/admin/customers`: the RFM table, a rule with its live count, and the customers whom it fits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.permissions import may
from bot.domain.segment_fields import FIELDS
from bot.domain.tiers import TIERS
from bot.inbound.commands import matrix
from bot.store import choices as known
from bot.store import heat, roster, segments
from bot.store.survey import Survey
from bot.web import lists
from bot.web.console import rules
from bot.web.console.asked import SIZES, Asked, listing, read
from bot.web.console.customers_file import SHEET, file
from bot.web.console.figures import figures
from bot.web.console.frame import actor_words, is_part, shown
from bot.web.console.preview import EVERYBODY, answer, builder, choices_of, preview
from bot.web.console.scopes import within
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
HEAT_STEPS = (0.5, 1.5, 3, 6, 12, 25)
"""Shares of all spending, in percent, at which the colour of a cell grows darker."""
RIGHTS = {"merge": "customer.merge", "tag": "tag.assign", "campaign": "campaign.draft",
          "publish": "segment.create", "import": "import.run"}  # fmt: skip


@routes.get("/admin/customers", allow_head=False)
@allowed("customer.list")
async def customers(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    if lists.asked(request):
        return await file(request)
    async with desk.work.sessions.reading() as session:
        asked = await read(request, session)
        facts = await preview(request, session, asked.rule, **listing(request, asked))
        pages = max(-(-facts["survey"].found // asked.size), 1)
        if asked.page > pages:
            asked = replace(asked, page=pages)
            facts = await preview(request, session, asked.rule, **listing(request, asked))
        facts["behind"] = replace(asked, **PLAIN).address()
        facts |= await _list(request, session, asked, facts["survey"]) | {"pages": pages}
        kind = actor_of(request).kind
        facts["may"] = {name: may(matrix(), right, kind) for name, right in RIGHTS.items()}
        if is_part(request):
            return await answer(
                request, session, "console/customers_part.html", facts, asked.address()
            )
        changed = request.query.get("changed", "")
        facts["changed"] = int(changed) if changed.isdecimal() else None
        facts |= await _around(request, session, facts)
        return await shown(request, session, "console/customers.html", "customers", **facts)


@routes.get("/admin/customers/count", allow_head=False)
@allowed("customer.list")
async def counted(request: web.Request) -> web.StreamResponse:
    """The first thing that a touched form gets; it then asks for all the rest."""
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        asked = await read(request, session)
        rule = within(request, asked.rule.rule)
        total = await segments.count(session, rule, work.now())
    behind = replace(asked, **PLAIN).address()
    told = page(request, "console/count_part.html", total=total, behind=behind)
    told.headers["HX-Trigger-After-Settle"] = "counted"
    return told


SHORT = {
    "opted_out": "已退订",
    "no_consent": "没有同意",
    "case_open": "客诉中",
    "no_channel": "没有渠道",
    "brand_cap": "到上限",
}
PLAIN: dict[str, Any] = {"tier": "", "tag": "", "text": "", "why": "", "side": "", "cell": None}
"""Without what narrows the list."""


async def _list(
    request: web.Request, session: AsyncSession, asked: Asked, told: Survey
) -> dict[str, Any]:
    """The page of customers that the rule and the filters above the list leave."""
    work = request.app[DESK].work
    ids, limits = told.listed, work.content.limits
    return {
        "asked": asked,
        "listed": await roster.listed(session, work.vault, ids, limits, work.now()),
        "found": told.found,
        "sizes": SIZES,
        "short": SHORT,
        "tiers": TIERS,
        "asking": lists.asking(request, SHEET),
        "group_json": json.dumps(asked.group, ensure_ascii=False),
    }


async def _around(
    request: web.Request, session: AsyncSession, facts: dict[str, Any]
) -> dict[str, Any]:
    """What stands around the rule and does not change with it."""
    desk = request.app[DESK]
    now, limits = desk.work.now(), desk.work.content.limits
    clause = segments.clause(within(request, EVERYBODY), now)
    reached = await roster.reach(session, clause, limits, now)
    return await builder(desk, session) | {
        "figures": await figures(
            request, session, everybody=facts["everybody"], reachable=reached.get("", 0)
        ),
        "heat": await heat.heat(session, clause),
        "shade": _shade,
        "segments": await segments.all_published(session),
        "who": actor_words,
        "drafts": await segments.drafts(session),
        "tag_names": [name for name, _ in await known.tag_names(session)],
    }


def _shade(share: float) -> int:
    return 1 + sum(share >= step for step in HEAT_STEPS)


@routes.get("/admin/rules/group", allow_head=False)
@allowed("segment.read")
async def group(request: web.Request) -> web.StreamResponse:
    """A group of conditions, with its first one."""
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        facts = await builder(desk, session)
        first = rules.new_row("orders.last_days", facts["choices"])
        nest = rules.Form((first,), "any")
        return await shown(
            request,
            session,
            "console/group_part.html",
            "customers",
            nest=nest,
            modes=rules.MODES,
            **facts,
        )


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
