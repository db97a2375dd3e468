"""`/admin/coupons`: what is given away, what it costs at worst, who got it, and a new offer."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from bot.domain.fairness import Deal, by_level, deals_of, unfair
from bot.domain.offers import OfferSpec, in_words, pieces_left
from bot.domain.offers.fairness import left_out
from bot.domain.permissions import asks, may
from bot.domain.refusals import Refusal
from bot.events.commands import DefineOffer, SwitchOffer
from bot.inbound.commands import matrix
from bot.store import shops
from bot.store.insights import Span
from bot.store.offers import shelf
from bot.store.offers.shelf import Shelved
from bot.tongue import _
from bot.web import lists
from bot.web.console import charts, forms, settlement, spans
from bot.web.console.forms import Form
from bot.web.console.frame import shown
from bot.web.desk import ACTOR, DESK
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet
from bot.work.renewing import renew

routes = web.RouteTableDef()
KINDS = {
    "amount": "减钱",
    "percent": "打折",
    "gift": "礼品",
    "shipping": "免运费",
    "access": "资格",
    "exchange": "服务",
}
STATES = {"active": "在发", "paused": "停发", "ended": "结束"}
COUPONS = {
    "held": "还没用",
    "redeemed": "用掉了",
    "expired": "过期",
    "withdrawn": "收回",
    "declined": "让出",
    "waiting": "排队",
}
GOODS = re.compile(r"[\s、，,;；]+")
CURVE = 30
BASKETS = (9_900, 29_900, 59_900, 199_900)
"""Orders on which prices of the levels are held against one another, in fen."""
SHEET = Sheet(
    "coupons",
    "优惠券",
    (
        Column("key", "代号", lambda one: one.offer.key),
        Column("name", "券", lambda one: one.offer.name),
        Column("gives", "给什么", lambda one: in_words(one.offer)),
        Column("state", "状态", lambda one: _(STATES[one.offer.state])),
        Column("pieces", "总张数", lambda one: one.offer.budget_pieces),
        Column("issued", "发出", lambda one: one.issued),
        Column("redeemed", "核销", lambda one: one.states["redeemed"]),
        Column("cost_fen", "已让利（分）", lambda one: one.cost_fen),
    ),
)


@routes.get("/admin/coupons", allow_head=False)
@allowed("offer.read")
async def overview(request: web.Request) -> web.StreamResponse:
    if lists.asked(request) and request.query.get("list") == settlement.WANTED:
        return await settlement.answer(request)
    async with request.app[DESK].work.sessions.reading() as session:
        found = await shelf.shelf(session)
        if lists.asked(request):
            return await lists.answer(request, SHEET, lists.at_once(found), total=len(found))
        return await shown(
            request,
            session,
            "console/coupons.html",
            "coupons",
            shelf=found,
            ceiling=sum(map(ceiling, found)),
            cost=sum(one.cost_fen for one in found),
            downloads=lists.downloads(request, SHEET),
            months=settlement.months(request),
            **_words(request),
        )


def ceiling(one: Shelved) -> int:
    """What all pieces may still cost at worst, used ones by what they took."""
    offer = one.offer
    open_pieces = one.states["held"] + (pieces_left(offer) if offer.state == "active" else 0)
    return one.cost_fen + max(open_pieces, 0) * offer.piece_fen


def _words(request: web.Request) -> dict[str, Any]:
    return {
        "kinds": KINDS,
        "offer_states": STATES,
        "coupon_states": COUPONS,
        "in_words": in_words,
        "left": pieces_left,
        "ceiling_of": ceiling,
        "people": spans.people,
        "may_define": asks(matrix(), "offer.define", request[ACTOR].kind),
        "may_switch": may(matrix(), "offer.switch", request[ACTOR].kind),
    }


@routes.get(r"/admin/coupons/{key}", allow_head=False)
@allowed("offer.read")
async def one(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    day = spans.today(request).date()
    span = Span(day - timedelta(days=CURVE - 1), day, work.settings.zone)
    async with work.sessions.reading() as session:
        found = await shelf.shelf(session, request.match_info["key"])
        if not found:
            raise Refusal("unknown_offer", _("没有这张券"), status=404)
        offer = found[0].offer
        curve = await shelf.curve(session, offer.id, span)
        got = await shelf.by_tier(session, offer.id, work.now())
        return await shown(
            request,
            session,
            "console/coupon.html",
            "coupons",
            one=found[0],
            curve=curve,
            days=span.days,
            on_day=spans.on_day(span),
            given=charts.sparkline([given for given, _used in curve], 640, 120),
            used=charts.sparkline(
                [used for _given, used in curve],
                640,
                120,
                max((g for g, _used in curve), default=0),
            ),
            got=got,
            unfair=left_out(offer.kind, got),
            stores=await shops.stores(session),
            **_words(request),
        )


@routes.get("/admin/coupons/-/new", allow_head=False)
@allowed("offer.define")
async def new(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/coupon_new.html",
            "coupons",
            kinds=KINDS,
            stores=await shops.stores(session),
            spec=None,
        )


@routes.post("/admin/coupons/-/check")
@allowed("offer.define")
async def check(request: web.Request) -> web.StreamResponse:
    """Read back before it is made: what it gives, and what it may cost at worst."""
    form = await request.post()
    spec = _spec(form, request.app[DESK].work.now().isoformat())
    content = request.app[DESK].work.content
    levels, deals = content.levels, deals_of(content.playbooks.values(), content.offers)
    async with request.app[DESK].work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/coupon_new.html",
            "coupons",
            spec=spec,
            written=json.dumps(spec.model_dump(mode="json", exclude_defaults=True)),
            most=spec.worst_of_all_fen,
            baskets=BASKETS,
            levels=levels.levels,
            pays=by_level(levels, spec, BASKETS),
            unfair=unfair(levels, [*deals, Deal(spec.name, frozenset(), spec)]),
            stores=await shops.stores(session),
        )


@routes.post("/admin/coupons")
@allowed("offer.define")
async def define(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    try:
        spec = json.loads(forms.text(form, "spec", most=4000) or "{}")
    except ValueError:
        raise Refusal("bad_content", _("没有读懂，请回到上一页重新填"), status=422) from None
    done = await desk.do(DefineOffer(spec=spec, **forms.signed(request, form)))
    await renew(desk.work)
    raise web.HTTPSeeOther(f"/admin/coupons/{done['offer']}?said=offer_made")


@routes.post(r"/admin/coupons/{key}/{act:pause|resume}")
@allowed("offer.switch")
async def switch(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    key, on = request.match_info["key"], request.match_info["act"] == "resume"
    await desk.do(SwitchOffer(offer=key, on=on, **forms.signed(request, form)))
    raise web.HTTPSeeOther(f"/admin/coupons/{key}?said={'offer_on' if on else 'offer_off'}")


def _goods(form: Form) -> list[str]:
    """Skus or categories, as people set words apart."""
    return [one for one in GOODS.split(forms.text(form, "goods", most=300)) if one]


def _spec(form: Form, salt: str) -> OfferSpec:
    """Yuan on the page, fen inside. Raises Refusal bad_content."""
    name = forms.needed(form, "name", _("先给券起个名字"), most=40)
    kind = forms.text(form, "kind") or "amount"
    worth = forms.number(form, "worth", most=100_000) or 0
    percent = kind == "percent"
    facts = {
        "key": "c-" + hashlib.sha256(f"{name}{salt}".encode()).hexdigest()[:8],
        "name": name,
        "kind": kind,
        "value": worth if percent else worth * 100 if kind == "amount" else 0,
        "threshold_fen": 100 * (forms.number(form, "threshold", most=100_000) or 0),
        "most_fen": 100 * (forms.number(form, "most", most=100_000) or 0) if percent else 0,
        "goods": _goods(form),
        "budget_fen": None
        if (most := forms.number(form, "budget", most=10**9)) is None
        else most * 100,
        "stacks": forms.text(form, "stacks") == "1",
        "first_order": forms.text(form, "first_order") == "1",
        "queue": forms.text(form, "queue") == "1",
        "after_return": "lost" if forms.text(form, "after_return") == "lost" else "back",
        "starts": forms.text(form, "starts") or None,
        "cost_fen": 0 if percent or kind == "amount" else 100 * worth,
        "budget_pieces": forms.number(form, "pieces", least=1, most=1_000_000) or 0,
        "per_customer": forms.number(form, "each", least=1, most=100) or 1,
        "per_household": forms.number(form, "household", least=0, most=100) or 0,
        "valid_days": forms.number(form, "days", least=1, most=400) or 30,
        "stores": list(form.getall("stores", [])),  # type: ignore[attr-defined]
        "ends": forms.text(form, "ends") or None,
        "claimable": forms.text(form, "claimable") == "1",
    }
    if percent and not facts["most_fen"]:
        raise Refusal(
            "no_ceiling", _("打折券要写一张最多减多少，不然算不出最多花多少"), status=422
        )
    try:
        return OfferSpec.model_validate(facts)
    except ValidationError as wrong:
        said = "；".join(str(one["msg"]) for one in wrong.errors())
        raise Refusal("bad_content", said, status=422) from None
