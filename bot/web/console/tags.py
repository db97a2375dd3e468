"""`/admin/tags`: the tags with their people and sources, the rules that give them, and where WeCom disagrees."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.permissions import may
from bot.domain.segments import parse, read_back
from bot.domain.tags import Bought, Counter, Heard, TagBook
from bot.domain.tiers import TIERS, TierConfig
from bot.events.commands import DefineTag, RetireTagRule, SettleTagDispute
from bot.inbound.commands import matrix
from bot.store import roster, tags
from bot.store.story import SOURCES
from bot.store.tags import Leaf
from bot.tongue import _, listed
from bot.web import lists
from bot.web.console import forms
from bot.web.console.frame import actor_words, shown
from bot.web.console.scopes import own_store
from bot.web.console.tag_counter import SIGNS
from bot.web.desk import DESK
from bot.web.figures import yuan
from bot.web.guards import actor_of, allowed
from bot.web.lists import Column, Sheet
from bot.work.renewing import renew

routes = web.RouteTableDef()
HEARD = {
    "contact_way": "从渠道码来：%(any)s",
    "menu": "点了菜单：%(any)s",
    "link": "点开链接：%(any)s",
    "keyword": "话里有：%(any)s",
    "intent": "意思是：%(any)s",
}
DONE = {
    "defined": "标签做好了，现在就能打。",
    "ruled": "规则已发布。按人群打的标签每天 03:20 重算，按事情打的从现在起听到就打。",
    "retired": "规则停用了，它打上的标签已经摘掉；别的来源打的还留着。",
    "settled": "处理好了，企业微信那边几分钟内会一致。",
}


def _sources(leaf: Leaf) -> str:
    return listed(f"{_(SOURCES.get(name, name))} {n}" for name, n in leaf.sources.items())


SHEET = Sheet(
    "tags",
    "标签",
    (
        Column("group", "标签组", lambda leaf: leaf.group),
        Column("name", "标签", lambda leaf: leaf.name),
        Column("people", "人数", lambda leaf: leaf.people),
        Column("sources", "从哪里来", _sources),
        Column("last", "最近一次打上", lambda leaf: leaf.last),
        Column("in_wecom", "企业微信里也有", lambda leaf: leaf.there),
    ),
)
STALE = "页面放太久了，请刷新后再试一次"


@routes.get("/admin/tags", allow_head=False)
@allowed("tag.read")
async def overview(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        book = await tags.live_book(session, work.content.tags)
        known = await tags.tree(session, work.now())
        number, disputes = await tags.disputes(session, work.now())
        here = {one.tag: one for one in await tags.rules_made_here(session)}
        names = await roster.names(session, work.vault, [d.customer.id for d in disputes])
        leaves = [leaf for group in known.values() for leaf in group]
        if lists.asked(request):
            return await lists.answer(request, SHEET, lists.at_once(leaves), total=len(leaves))
        return await shown(
            request,
            session,
            "console/tags.html",
            "tags",
            groups=[(group, _spec(book, group), inside) for group, inside in known.items()],
            given=_given(book),
            here=here,
            unused=sum(not leaf.people for leaf in leaves),
            known=len(leaves),
            downloads=lists.downloads(request, SHEET),
            sources=SOURCES,
            disputes=disputes,
            disputed=number,
            names=names,
            mask=masks.name,
            who=actor_words,
            may_define=may(matrix(), "tag.define", actor_of(request).kind),
            done=DONE.get(request.query.get("done", ""), ""),
            tiers=TIERS,
            ladder=TierConfig.read(work.content.tiers),
            counted=await _tiers(request, session),
        )


def _spec(book: TagBook, group: str) -> Any:
    return next((spec for spec in book.groups if spec.name == group), None)


def _given(book: TagBook) -> dict[str, list[str]]:
    """By tag, what gives it, in words."""
    found: dict[str, list[str]] = {}
    for rule in book.rules:
        if isinstance(rule, Heard):
            words = _(HEARD[rule.when], any="、".join(rule.any))
        elif isinstance(rule, Bought):
            words = _bought(rule)
        elif isinstance(rule, Counter):
            words = _counter(rule)
        elif rule.when == "rule":
            words = read_back(parse(rule.rule))
        else:
            words = _("她在「%(form)s」里答「%(said)s」", form=rule.form, said=rule.is_)
        found.setdefault(rule.tag, []).append(words)
    return found


def _counter(rule: Counter) -> str:
    """The signs that add up, and how fast they fade, in words."""
    told = []
    for weak in rule.counts:
        seen = _(SIGNS[weak.of][0]) + " " + "、".join(weak.any)
        told.append(_("%(seen)s 满 %(n)s 秒", seen=seen, n=weak.seconds) if weak.seconds else seen)
    half = _("每 %(n)s 天减半", n=f"{rule.half_life:g}")
    sums = _(
        "攒到 %(on)s 分打上，%(off)s 分以下摘掉", on=f"{rule.enters:g}", off=f"{rule.leaves:g}"
    )
    return "，".join(["；".join(told), half, sums])


def _bought(rule: Bought) -> str:
    """How she buys, in words."""
    told = [_("近 %(n)s 天", n=rule.within_days)] if rule.within_days else []
    if rule.category:
        told.append(_("买过「%(what)s」", what=rule.category.replace("*", "…")))
    if rule.orders:
        most = f"–{rule.orders.most}" if rule.orders.most else "+"
        told.append(_("下过 %(n)s 单", n=f"{rule.orders.least}{most}"))
    if rule.price:
        low, high = rule.price.from_, rule.price.below
        if rule.price.of == "category":
            span = f"{low}%–{high}%" if high else f"{low}%+"
            told.append(_("花的钱是同类商品中间价的 %(span)s", span=span))
        else:
            span = f"{yuan(low)}–{yuan(high)}" if high else f"{yuan(low)}+"
            told.append(_("平均每单 %(span)s", span=span))
    habits = (
        (rule.with_coupon, _("用券")),
        (rule.at_weekends, _("周末来")),
        (rule.new_items, _("买新品")),
    )
    for habit, words in habits:
        if habit:
            told.append(
                _("%(share)s%% 的单是%(what)s", share=f"{100 * habit.share:g}", what=words)
            )
    return "，".join(told)


async def _tiers(request: web.Request, session: AsyncSession) -> dict[str, int]:
    own_store(request)
    return await roster.by_tier(session)


@routes.post("/admin/tags")
@allowed("tag.define")
async def define(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    group = forms.needed(form, "group", _("标签要放在一个组里"), most=30)
    name = forms.needed(form, "name", _("先写标签的名字"), most=30)
    await request.app[DESK].do(
        DefineTag(
            actor=actor_of(request),
            key=forms.needed(form, "key", STALE),
            at=request.app[DESK].work.now(),
            name=f"{group}/{name}",
        )
    )
    await renew(request.app[DESK].work)
    if form.get("then") == "rule":
        raise web.HTTPSeeOther("/admin/tags/rule?" + urlencode({"tag": f"{group}/{name}"}))
    raise web.HTTPSeeOther("/admin/tags?done=defined")


@routes.post("/admin/tags/retire")
@allowed("tag.define")
async def retire(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    await request.app[DESK].do(
        RetireTagRule(
            actor=actor_of(request),
            key=forms.needed(form, "key", STALE),
            at=request.app[DESK].work.now(),
            name=forms.needed(form, "tag", STALE),
        )
    )
    raise web.HTTPSeeOther("/admin/tags?done=retired")


@routes.post("/admin/tags/settle")
@allowed("tag.define")
async def settle(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    await request.app[DESK].do(
        SettleTagDispute(
            actor=actor_of(request),
            key=forms.needed(form, "key", STALE),
            at=request.app[DESK].work.now(),
            follow_id=forms.number(form, "follow") or 0,
            tag_id=forms.number(form, "tag") or 0,
            keep=form.get("keep") == "ours",
        )
    )
    raise web.HTTPSeeOther("/admin/tags?done=settled")


def people_of(leaf: Leaf) -> str:
    return "/admin/customers?" + urlencode({"tag": leaf.full})
