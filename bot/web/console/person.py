"""`/admin/customers/…`: one customer whole, names and numbers masked."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.campaigns import STATES
from bot.domain.cases.clocks import number
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.consent import GIVING
from bot.domain.customers import Customer
from bot.domain.offers import in_words
from bot.domain.permissions import may
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.domain.segment_fields import SAID_WORDS, STAGES
from bot.domain.segments import parse, read_back
from bot.events.commands import AskGuide, ChangeAdvisor
from bot.inbound.commands import matrix
from bot.store import (
    advisors,
    explain,
    exporting,
    merge_queue,
    offers,
    portrait,
    segments,
    story,
    warmth,
)
from bot.store.explain import CHANNELS
from bot.store.portrait import Portrait
from bot.store.story import PLACES, SOURCES, Line
from bot.tongue import _
from bot.web import viewing
from bot.web.console import data_rights, forms
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store, within
from bot.web.desk import DESK
from bot.web.figures import yuan
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()
RIGHTS = {
    "unmask": "customer.unmask",
    "ask": "task.ask",
    "merge": "customer.merge",
    "same": "merge.propose",
    "advise": "advisor.assign",
    "file": "case.file",
    "give": "coupon.issue",
    "adjust": "points.adjust",
}
MOST_ORDERS = 20
KINDS = {
    "external_userid": "企业微信外部联系人",
    "openid": "公众号 openid",
    "kf": "微信客服",
    "unionid": "unionid",
    "phone": "手机号",
    "member_no": "会员号",
    "buyer_id": "商城买家号",
}
ACTIONS = {
    "grant": "同意",
    "withdraw": "退订",
    "object": "不要个性化",
    "pause": "暂停，等人看",
    "resume": "恢复",
}
COUPONS = {"held": "还没用", "redeemed": "用掉了", "returned": "退回", "expired": "过期"}
ORDERS = {"paid": "已付款", "completed": "已完成", "cancelled": "已取消", "awaited": "等付款消息"}
INVITES = {
    "eligible": "准备邀请",
    "sent": "已邀请",
    "joined": "进群了",
    "expired": "过期没进",
    "withdrawn": "撤回",
}
EVIDENCE = {
    "orders": "%(fact)s 单",
    "form": "%(fact)s",
    "version": "%(fact)s 版",
    "playbook": "旅程 %(fact)s",
    "state": "渠道码 %(fact)s",
    "words": "说了「%(fact)s」",
    "fits": "符合：%(fact)s",
    "keyword": "说了「%(fact)s」",
    "times": "%(fact)s 次",
    "seconds": "停留 %(fact)s 秒",
    "last": "最近 %(fact)s",
}
SHOWN_ENDS = 4


@routes.get("/admin/customers/{ref}", allow_head=False)
@allowed("customer.view")
async def person(request: web.Request) -> web.StreamResponse:
    await viewing.counted(request)
    desk = request.app[DESK]
    now, vault = desk.work.now(), desk.work.vault
    titles = {name: one.title for name, one in desk.work.content.templates.items()}
    async with desk.work.sessions.reading() as session:
        customer = await asked_for(request, session)
        her = await portrait.portrait(session, vault, customer, now)
        told = await explain.explain(session, vault, customer.id)
        return await shown(
            request,
            session,
            "console/person.html",
            "customers",
            her=her,
            masked=masks.name(her.name),
            warmth=(await warmth.of(session, [customer.id], now))[customer.id],
            promos=desk.work.content.limits.brand.promos_in_a_row,
            phone=masks.phone(her.phone) if her.phone else "",
            touches=told.told,
            lines=_with_orders(await story.story(session, vault, her, titles), her),
            merges=[
                one
                for one in await merge_queue.done(session, vault)
                if one.kept.customer.id == customer.id
            ],
            may={
                name: may(matrix(), right, actor_of(request).kind)
                for name, right in RIGHTS.items()
            },
            titles=titles,
            advice=await _advice(request, session, customer),
            **await data_rights.about(request, session, customer),
            to_give=await offers.to_give(session, now),
            asked="asked" in request.query,
            read_back=lambda rule: read_back(parse(rule)),
            member_of=await _segments_of(session, customer, now),
            **_words(),
        )


def _with_orders(lines: list[Line], her: Portrait) -> list[Line]:
    """Beside what we did, what she bought."""
    bought = [
        Line(
            key=f"8order:{one.order.id}",
            at=one.order.paid_at,
            icon="receipt",
            title=_("下单 %(sum)s", sum=yuan(one.order.amount_fen)),
            body=one.what,
            why=one.store or one.order.channel or "",
            tone="good",
        )
        for one in her.orders[:MOST_ORDERS]
        if one.order.paid_at is not None
    ]
    return sorted([*lines, *bought], key=lambda line: (line.at, line.key), reverse=True)


@routes.post("/admin/customers/{ref}/ask")
@allowed("task.ask")
async def ask(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        customer = await asked_for(request, session)
    await desk.do(
        AskGuide(
            actor=actor_of(request),
            key=forms.needed(form, "key", "页面放太久了，请刷新后再试一次"),
            at=desk.work.now(),
            customer_id=customer.id,
            why=forms.needed(form, "why", "写一句要她联系什么", most=120),
        )
    )
    raise web.HTTPSeeOther(f"/admin/customers/{customer.ref}?asked=1")


async def _advice(
    request: web.Request, session: AsyncSession, customer: Customer
) -> dict[str, Any]:
    """Whom she has, whom she might have, and how many each looks after already."""
    work = request.app[DESK].work
    rule, loads = parse(work.content.advisors.rule), await advisors.candidates(session)
    friends = await advisors.friends_of(session, customer.id)
    return {
        "friends": [(one, loads[one.guide.id].load) for one in friends],
        "now": next((one for one in friends if one.advises_since), None),
        "entitled": await segments.matches(session, rule, customer.id, work.now()),
        "rule": read_back(rule),
        "most": work.content.advisors.most,
    }


@routes.post("/admin/customers/{ref}/advisor")
@allowed("advisor.assign")
async def change_advisor(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        customer = await asked_for(request, session)
    userid = forms.needed(form, "userid", _("先选一位导购"), most=64)
    signed = forms.signed(request, form)
    await desk.do(ChangeAdvisor(customer_id=customer.id, userid=userid, **signed))
    raise web.HTTPSeeOther(f"/admin/customers/{customer.ref}?said=advisor#advisor")


async def asked_for(request: web.Request, session: AsyncSession) -> Customer:
    customer = await portrait.by_ref(session, request.match_info["ref"])
    return await _seen(request, session, customer)


async def named(request: web.Request, session: AsyncSession, said: str) -> Customer:
    """By number, whole phone or an id of hers. Raises Refusal unknown_customer."""
    try:
        found = await exporting.who(session, request.app[DESK].work.vault, said)
    except Refusal:
        found = None  # also where it is several: which ones may be another store's
    return await _seen(request, session, found)


async def _seen(
    request: web.Request, session: AsyncSession, customer: Customer | None
) -> Customer:
    """Another store's is as unknown as nobody."""
    if customer is not None and own_store(request) is not None:
        mine = within(request, parse({"all": []}))
        if not await segments.matches(session, mine, customer.id, request.app[DESK].work.now()):
            customer = None
    if customer is None:
        raise Refusal("unknown_customer", "没有这位顾客，也许她的资料已经删除", status=404)
    return customer


async def _segments_of(session: AsyncSession, customer: Customer, now: Any) -> list[Any]:
    """Why she gets what: the published rules that take her in at this moment."""
    return [
        one
        for one in await segments.all_published(session)
        if await segments.matches(session, parse(one.rule), customer.id, now)
    ]


def _words() -> dict[str, Any]:
    return {
        "states": STATES,
        "words": words,
        "channels": CHANNELS,
        "sources": SOURCES,
        "places": PLACES,
        "kinds": KINDS,
        "purposes": SAID_WORDS,
        "stages": STAGES,
        "actions": ACTIONS,
        "giving": GIVING,
        "coupon_states": COUPONS,
        "order_states": ORDERS,
        "invite_states": INVITES,
        "categories": CATEGORIES,
        "worth": in_words,
        "case_number": number,
        "short": short,
        "evidence": _evidence,
    }


def short(value: str) -> str:
    """A platform id, long enough to tell two apart."""
    return value if len(value) <= 2 * SHOWN_ENDS else f"{value[:SHOWN_ENDS]}…{value[-SHOWN_ENDS:]}"


def _evidence(facts: dict[str, Any]) -> str:
    """What shows it, in a few words; ids and spelt-out rules are for machines."""
    told = [_(said, fact=facts[name]) for name, said in EVIDENCE.items() if name in facts]
    return _("，").join(told)
