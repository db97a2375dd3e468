"""顾客: a guide's own customers, and one of them before she types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.customers import Customer, Guide
from bot.domain.offers import in_words
from bot.domain.refusals import Refusal
from bot.events.commands import Command, FileCase, IssueCoupon, TagCustomer
from bot.store import consent, facts, guide_book, offers, points, tags, warmth
from bot.tongue import _
from bot.web import unmasking, viewing
from bot.web.desk import DESK, Desk
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.guide import words
from bot.web.guide.who import days_ago, guide_at, her_customer
from bot.web.pages import page

routes = web.RouteTableDef()
AT_ONCE = 30
WAITS = 202
"""Done once a second person agrees."""
SOURCES = {
    "contact_way": "从渠道码来",
    "menu": "点过菜单",
    "keyword": "聊天里说过",
    "link": "点过链接",
    "group": "进了群",
    "purchase": "买东西看出来的",
    "guide": "导购记的",
    "answer": "自己说的",
    "platform": "企业微信里打的",
    "rule": "规则打的",
    "counter": "看得多、看得久",
}
SAID = {
    "filed": "记下了：客诉已经开始计时，在「今天」里回她。",
    "same": "记下了：店主看过两边的资料再合，合好以后这里只剩一位。",
    "given": "放进她的卡包了，在聊天里告诉她一声。",
    "asked": "今天送满了：已经提交，等店主或管理员同意后放进她的卡包。",
}
OWN_GROUPS = ("导购", "风格")
"""Groups from which a guide gives tags by hand."""


@routes.get("/guide/c")
@allowed("customer.list")
async def listed(request: web.Request) -> web.StreamResponse:
    desk, query = request.app[DESK], request.query
    asked, only = query.get("q", "").strip()[:40], query.get("only", "")
    start = int(query["start"]) if query.get("start", "").isdecimal() else 0
    start = min(start, 100_000)
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        people, total = await guide_book.page_of(
            session,
            desk.work.vault,
            guide.id,
            desk.work.now(),
            words=asked,
            only=only,
            start=start,
        )
    now = desk.work.now()
    return page(
        request,
        "guide/people.html",
        people=[(person, last_bought(person, now)) for person in people],
        total=total,
        asked=asked,
        only=only,
        filters={name: label for name, (label, _) in guide_book.FILTERS.items()},
        more=start + AT_ONCE if start + AT_ONCE < total else None,
        before=max(start - AT_ONCE, 0) if start else None,
    )


def last_bought(person: guide_book.Person, now: datetime) -> str:
    at = person.last_order
    return _("%(when)s买过", when=days_ago(at, now)) if at else _("还没买过")


@routes.get("/guide/c/{ref}")
@allowed("customer.view")
async def one(request: web.Request) -> web.StreamResponse:
    await viewing.counted(request)
    return await _profile(request)


async def _profile(request: web.Request, error: str = "", status: int = 200) -> web.Response:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        customer = await her_customer(request, session, guide)
        shown = await told_of(desk, session, guide, customer)
    said = SAID.get(request.query.get("said", ""), "")
    return page(request, "guide/person.html", status=status, error=error, said=said, **shown)


async def told_of(
    desk: Desk, session: AsyncSession, guide: Guide, customer: Customer
) -> dict[str, Any]:
    """Everything a guide's page shows of one of her customers."""
    work, now = desk.work, desk.work.now()
    hers = await guide_book.known(session, work.vault, guide.id, [customer.id])
    told = (await facts.gather(session, work.vault, work.content, [customer.id], now))[customer.id]
    month = now.astimezone(work.settings.zone).month
    agreed = await consent.granted(session, customer.id, "marketing_wecom")
    phone = await guide_book.phone_of(session, work.vault, customer.id)
    worn = await _tags(session, customer, desk)
    return {
        "c": customer,
        "who": hers[customer.id],
        "friend_days": (now - hers[customer.id].since).days,
        "store": told.get("store"),
        "n": await guide_book.numbers(session, customer.id, now),
        "points": await points.balance(session, customer.id),
        "tags": worn,
        "to_give": _to_give(desk, {one["tag"] for one in worn}),
        "coupons": await offers.held(session, customer.id, now),
        "gives": [(one, in_words(one)) for one in await offers.to_give(session, now)],
        "warmth": (await warmth.of(session, [customer.id], now))[customer.id],
        "promos": work.content.limits.brand.promos_in_a_row,
        "moments": await guide_book.moments(session, customer.id, guide.id),
        "suggested": words.for_one(work.content, told, held=customer.marketing_held, month=month),
        "refused": agreed is None,
        "phone": masks.phone(phone) if phone else "",
    }


async def _tags(session: AsyncSession, customer: Customer, desk: Desk) -> list[dict[str, Any]]:
    """Each tag once, with everything it was learned from."""
    found: dict[str, dict[str, Any]] = {}
    for tag, row in await tags.worn(session, customer.id, desk.work.now()):
        known = found.setdefault(
            tag, {"tag": tag, "name": tag.split("/", 1)[1], "from": [], "own": False}
        )
        known["from"].append(_(SOURCES.get(row.source, row.source)))
        known["own"] = known["own"] or row.source == "guide"
    return list(found.values())


def _to_give(desk: Desk, worn: set[str]) -> list[str]:
    """What a guide may give with one tap, and has not yet."""
    groups = [group for group in desk.work.content.tags.groups if group.name in OWN_GROUPS]
    known = [f"{group.name}/{name}" for group in groups for name in group.tags]
    return [tag for tag in known if tag not in worn]


@routes.post("/guide/c/{ref}/tags")
@allowed("tag.assign")
async def mark(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        customer = await her_customer(request, session, guide)
    new = typed(form, "new").strip("/ ")
    add = [tag for tag in (typed(form, "add"), f"导购/{new}" if new else "") if tag]
    take = typed(form, "take")
    command = TagCustomer(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        add=tuple(add),
        remove=(take,) if take else (),
    )
    try:
        await desk.do(command)
    except Refusal as refusal:
        return await _profile(request, refusal.words, refusal.status)
    raise web.HTTPSeeOther(f"/guide/c/{customer.ref}")


@routes.post("/guide/c/{ref}/case")
@allowed("case.file")
async def file_case(request: web.Request) -> web.StreamResponse:
    """What she said in the shop or on the phone, where no detector hears."""
    said = typed(await request.post(), "text")[:1000]
    return await _does(request, FileCase, "filed", text=said)


@routes.post("/guide/c/{ref}/coupon")
@allowed("coupon.issue")
async def give(request: web.Request) -> web.StreamResponse:
    offer = typed(await request.post(), "offer")[:64]
    return await _does(request, IssueCoupon, "given", offer=offer)


async def _does(
    request: web.Request, act: type[Command], said: str, **given: Any
) -> web.StreamResponse:
    """For one of her own customers; what the rules refuse is told on the same page."""
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        customer = await her_customer(request, session, guide)
    given["customer_id"] = customer.id
    try:
        command = act(at=desk.work.now(), actor=actor_of(request), key=key_in(form), **given)
        await desk.do(command)
    except Refusal as refusal:
        if refusal.status != WAITS:
            return await _profile(request, refusal.words, refusal.status)
        said = "asked"
    raise web.HTTPSeeOther(f"/guide/c/{customer.ref}?said={said}")


@routes.post("/guide/c/{ref}/phone")
@allowed("customer.unmask")
async def unmask(request: web.Request) -> web.StreamResponse:
    """Her phone in clear, once it is written down who looked."""
    desk, actor = request.app[DESK], actor_of(request)
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        customer = await her_customer(request, session, guide)
    phone = await unmasking.reveal(desk, actor, customer.id, reason="导购查看")
    answer = page(request, "guide/phone.html", phone=phone)
    answer.headers["Cache-Control"] = "no-store"
    return answer
