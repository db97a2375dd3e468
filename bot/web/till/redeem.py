"""The pages of the till. Every act is a command; a form's key makes a double tap one redemption."""

from __future__ import annotations

from aiohttp import web

from bot.domain.offers import UNDO
from bot.domain.refusals import Refusal
from bot.events.commands import Actor, RedeemCoupon, VoidRedemption
from bot.store import offers
from bot.store.offers import Redeemed, Till
from bot.web.desk import DESK, Desk
from bot.web.forms import key_in, midnight, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page
from bot.web.till.verdicts import Shown, fen_of

routes = web.RouteTableDef()
REASONS = ("扫错了", "顾客不买了", "金额填错了")
HOME = "/store/redeem"


@routes.get("/store")
async def door(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPSeeOther(HOME)


@routes.get(HOME)
@allowed("coupon.redeem")
async def scan(request: web.Request) -> web.StreamResponse:
    desk, actor = request.app[DESK], _at_a_store(request)
    today = midnight(desk)
    async with desk.work.sessions.reading() as session:
        recent = await offers.redeemed_since(session, actor.store, today)
        store = await offers.store_name(session, actor.store)
        count = await offers.count_since(session, actor.store, today)
    rows = [(row, _may_undo(row, actor, desk)) for row in recent]
    undone = request.query.get("said") == "undone"
    return page(request, "till/scan.html", rows=rows, store=store, count=count, undone=undone)


@routes.post(HOME + "/check")
@allowed("coupon.redeem")
async def check(request: web.Request) -> web.StreamResponse:
    return await _judge(request, typed(await request.post(), "code"))


@routes.post(HOME + "/confirm")
@allowed("coupon.redeem")
async def confirm(request: web.Request) -> web.StreamResponse:
    desk, actor, form = request.app[DESK], _at_a_store(request), await request.post()
    code = typed(form, "code")
    try:
        command = RedeemCoupon(
            at=desk.work.now(),
            actor=actor,
            key=key_in(form),
            code=code,
            order_no=typed(form, "order_no") or None,
            amount_fen=fen_of(typed(form, "amount")),
        )
        answer = await desk.do(command)
    except Refusal as refusal:
        return await _judge(request, code, typed(form, "amount"), refusal)
    async with desk.work.sessions.reading() as session:
        row = await offers.redemption_of(session, answer["code"], store=actor.store)
    raise web.HTTPSeeOther(f"{HOME}/done/{row.id}" if row else HOME)


@routes.get(HOME + r"/done/{id:\d{1,18}}")
@allowed("coupon.redeem")
async def done(request: web.Request) -> web.StreamResponse:
    desk, actor = request.app[DESK], _at_a_store(request)
    row = await _mine(request)
    async with desk.work.sessions.reading() as session:
        holder = await offers.holder_of(session, desk.work.vault, row.code)
        store = await offers.store_name(session, actor.store)
    return page(
        request,
        "till/done.html",
        store=store,
        row=row,
        holder=holder,
        may_undo=_may_undo(row, actor, desk),
        until=row.at + UNDO,
    )


@routes.get(HOME + r"/undo/{id:\d{1,18}}")
@allowed("coupon.void")
async def ask_undo(request: web.Request) -> web.StreamResponse:
    row = await _mine(request)
    return page(request, "till/undo.html", row=row, reasons=REASONS)


@routes.post(HOME + r"/undo/{id:\d{1,18}}")
@allowed("coupon.void")
async def undo(request: web.Request) -> web.StreamResponse:
    desk, form, row = request.app[DESK], await request.post(), await _mine(request)
    reason = typed(form, "reason")
    command = VoidRedemption(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        code=row.code,
        reason=reason if reason in REASONS else REASONS[0],
    )
    await desk.do(command)
    raise web.HTTPSeeOther(f"{HOME}?said=undone")


async def _judge(
    request: web.Request, code: str, amount: str = "", refusal: Refusal | None = None
) -> web.Response:
    """The verdict page. A till's wrong guesses are counted, so even looking writes."""
    desk, actor = request.app[DESK], _at_a_store(request)
    if refusal is not None and refusal.reason in {"unknown", "locked", "stale_qr", "key_reused"}:
        facts = {"state": refusal.reason, "words": refusal.words}
        return _shown(request, Shown(facts), status=refusal.status)
    short = refusal is not None and refusal.reason == "below_threshold"
    paid = fen_of(amount) if short else None
    till, vault = Till(actor=actor, store=actor.store, amount_fen=paid), desk.work.vault
    async with desk.work.sessions.begin() as session:
        verdict = await offers.look_up(session, vault, code, till, now=desk.work.now())
        known = verdict.code is not None
        holder = await offers.holder_of(session, vault, verdict.code or "") if known else None
        used = await offers.redemption_of(session, verdict.code or "", store=actor.store)
    shown = Shown(verdict.facts(), refusal.words if refusal else "")
    row = used if verdict.state == "used" and used and used.stands else None
    return _shown(
        request,
        shown,
        status=429 if verdict.state == "locked" else 200,
        amount=amount,
        holder=holder,
        row=row,
        may_undo=row is not None and _may_undo(row, actor, desk),
    )


def _shown(request: web.Request, shown: Shown, *, status: int, **facts: object) -> web.Response:
    blank = {"amount": "", "holder": None, "row": None, "may_undo": False}
    return page(request, "till/verdict.html", status=status, v=shown, **(blank | facts))


async def _mine(request: web.Request) -> Redeemed:
    """The redemption that the address names, if this store made it."""
    desk, actor = request.app[DESK], _at_a_store(request)
    async with desk.work.sessions.reading() as session:
        row = await offers.redemption(session, int(request.match_info["id"]), store=actor.store)
    if row is None:
        raise Refusal("unknown", "这一天没有这笔核销", status=404)
    return row


def _at_a_store(request: web.Request) -> Actor:
    actor = actor_of(request)
    if actor.store is None:
        raise Refusal("no_store", "你的账号还没有分到门店，请店主给你设一家", status=403)
    return actor


def _may_undo(row: Redeemed, actor: Actor, desk: Desk) -> bool:
    own = row.actor == str(actor) and desk.work.now() - row.at < UNDO
    return row.stands and (own or actor.kind == "manager")
