"""`/admin/tags/tiers`: another way of cutting the tiers, tried on days gone by; nothing is written."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from bot.domain import masks
from bot.domain.tiers import TIERS, TierConfig
from bot.store import roster, tiers
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import DESK
from bot.web.guards import allowed

routes = web.RouteTableDef()
CUTS = {
    "core": ("核心：价值排在前", "%", 100, (1, 60)),
    "upper": ("其余醒着的人里，前多少算潜力", "%", 100, (5, 95)),
    "asleep_overdue": ("超过平时间隔几倍没来，而且不活跃，算沉睡", "倍", 1, (1, 20)),
    "asleep_anyway": ("超过平时间隔几倍没来，一定算沉睡", "倍", 1, (2, 60)),
    "keep": ("排名离开本层多少以内先不动", "%", 100, (0, 20)),
}
"""What may be tried: words, unit, how many of the unit make one, and the least and most."""
DAYS = (30, 90, 180)
SHOWN = 20


@routes.get("/admin/tags/tiers", allow_head=False)
@allowed("tag.read")
async def ladder(request: web.Request) -> web.StreamResponse:
    own_store(request)
    work = request.app[DESK].work
    live = TierConfig.read(work.content.tiers)
    tried, days = _tried(request, live), _days(request)
    facts: dict[str, Any] = {"done": None, "moved": []}
    async with work.sessions.reading() as session:
        if "try" in request.query:
            done = await tiers.rehearsed(
                session,
                work.now() - timedelta(days=days),
                days=days,
                rules=(live, tried),
                gifts={},
                zone=work.settings.zone,
            )
            await asyncio.sleep(0)
            chosen = [int(i) for i in done.moved[:SHOWN]]
            ids = [int(done.customers[i]) for i in chosen]
            rows = await roster.listed(session, work.vault, ids, work.content.limits, work.now())
            places = [(TIERS[done.before[i]], TIERS[done.after[i]]) for i in chosen]
            facts = {"done": done, "moved": list(zip(rows, places, strict=True))}
        return await shown(
            request,
            session,
            "console/tiers.html",
            "tags",
            cuts=CUTS,
            live=_in_units(live),
            tried=_in_units(tried),
            changed={
                name: round(getattr(tried, name), 4)
                for name in CUTS
                if getattr(tried, name) != getattr(live, name)
            },
            days=days,
            spans=DAYS,
            counted=await roster.by_tier(session),
            tiers=TIERS,
            mask=masks.name,
            **facts,
        )


def _in_units(config: TierConfig) -> dict[str, str]:
    return {
        name: f"{getattr(config, name) * per:g}"
        for name, (_words, _unit, per, _span) in CUTS.items()
    }


def _tried(request: web.Request, live: TierConfig) -> TierConfig:
    changes: dict[str, Any] = {}
    for name, (_words, _unit, per, (least, most)) in CUTS.items():
        try:
            said = float(request.query.get(name, ""))
        except ValueError:
            continue
        if least <= said <= most:
            changes[name] = said / per
    return replace(live, **changes)


def _days(request: web.Request) -> int:
    asked = request.query.get("days", "")
    return int(asked) if asked in map(str, DAYS) else DAYS[1]
