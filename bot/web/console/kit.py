"""`/admin/_kit`: every part that pages are built of, with its states; in the demo only."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aiohttp import web

from bot.domain import masks
from bot.domain.reasons import words
from bot.store.heat import Cell, Heat
from bot.web.console import rules
from bot.web.console.frame import shown
from bot.web.desk import DESK, Desk
from bot.web.guards import allowed
from bot.web.pages import page

routes = web.RouteTableDef()
SAMPLES: dict[str, Any] = {
    "short": "上新",
    "long": "把新到的羊毛外套告诉买过两次以上又三个月没有来过的老顾客们",
    "foreign": "A name that somebody wrote as one very long sentence in another language",
    "nothing": 0,
    "much": 1_234_567,
}
"""What every part must bear: thirty characters, a long foreign name, none and very many."""
ROWS = (
    rules.Row(field="orders.amount", op="gte", value="1234567", days="365", hits=1_234_567),
    rules.Row(field="orders.count", op="gte", value="上新"),
    rules.Row(field="tag", op="has", value="兴趣/" + SAMPLES["long"], hits=0),
)
FORM = rules.Form(
    (*ROWS[:2], rules.Form((ROWS[2], rules.Form((ROWS[0],), "not_all")), "none")), "any"
)
CELLS = {
    (r, f): Cell((r + f) * 137, share)
    for r in range(1, 6)
    for f, share in ((1, 0.3), (3, 2.0), (4, 7.5), (5, 31.0))
}
RULE: dict[str, Any] = {
    "nested": False,
    "choices": rules.Choices(),
    "modes": rules.MODES,
    "quick": rules.QUICK,
    "total": 1_234_567,
    "everybody": 3_200_000,
    "reachable": 801_234,
    "why_not": [("opted_out", 0), ("brand_cap", 433_333)],
    "faces": [],
    "said": SAMPLES["long"],
    "diff": (37, 0),
    "behind": "#rule-part",
    "rule_json": "{}",
    "mask": masks.name,
    "words": words,
    "heat": Heat(CELLS, (30, 60, 120, 240), (1, 2, 5, 8), 0),
    "shade": lambda share: 1 + sum(share >= step for step in (0.5, 1.5, 3, 6, 12, 25)),
    "asked": SimpleNamespace(cell=(5, 5)),
}
"""The parts of a rule as their own templates show them."""


@routes.get("/admin/_kit", allow_head=False)
@allowed("console.open")
async def console(request: web.Request) -> web.StreamResponse:
    desk = _of_the_demo(request)
    async with desk.work.sessions.reading() as session:
        facts = SAMPLES | RULE | {"groups": rules.groups(), "form": rules.mistakes(FORM)}
        return await shown(request, session, "console/kit.html", "kit", **facts)


@routes.get("/admin/_kit/phone", allow_head=False)
@allowed("console.open")
async def phone(request: web.Request) -> web.StreamResponse:
    _of_the_demo(request)
    return page(request, "console/kit_phone.html", **SAMPLES)


def _of_the_demo(request: web.Request) -> Desk:
    desk = request.app[DESK]
    if not desk.in_demo:
        raise web.HTTPNotFound
    return desk
