"""`/admin/content`: the words by scene, tried on real customers while somebody writes them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import edits
from bot.content.templates import ONE_FOR_MANY, Template
from bot.domain import masks
from bot.domain.facts import FACTS
from bot.domain.permissions import may
from bot.domain.refusals import Refusal
from bot.events.commands import EditText
from bot.inbound.commands import matrix
from bot.store import content_edits, facts, segments
from bot.tongue import _, listed
from bot.web import lists
from bot.web.console import forms
from bot.web.console.frame import is_part, shown
from bot.web.console.preview import EVERYBODY
from bot.web.console.trying import samples, try_on
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet
from bot.work.renewing import renew

routes = web.RouteTableDef()
NAME = "{scene:[a-z0-9_]+}/{name:[a-z0-9_]+}"
SCENES = {
    "welcome": "欢迎",
    "newcomer": "新朋友",
    "weekly": "每周福利",
    "birthday": "生日",
    "repurchase": "复购",
    "ladder": "进阶",
    "sleeping": "唤醒",
    "vip": "会员",
    "group": "邀请进群",
    "groups": "群里",
    "coupon": "券提醒",
    "coupons": "领券",
    "pet": "宠物",
    "advisor": "专属顾问",
    "goods": "单品推荐",
    "care": "售后关怀",
    "case": "客诉之后",
    "cases": "客诉",
    "chat": "客服应答",
    "consent": "退订与订阅",
    "guide": "导购的话",
    "games": "互动",
    "points": "积分",
    "rooms": "群内容",
    "moments": "朋友圈",
    "story": "品牌故事",
}
CHANNELS = {
    "wecom": "企业微信群发",
    "welcome": "欢迎语",
    "kf": "微信客服",
    "official": "公众号",
    "subscribed": "订阅通知",
    "template": "模板消息",
    "group": "客户群",
    "moment": "朋友圈",
    "guide": "导购私聊",
    "app": "应用消息",
    "page": "网页",
}
SHEET = Sheet(
    "texts",
    "话术",
    (
        Column("name", "代号", lambda text: text.name),
        Column("title", "话术", lambda text: text.title),
        Column("purpose", "用途", lambda text: text.purpose),
        Column("channels", "渠道", lambda text: listed(_(CHANNELS[one]) for one in text.channels)),
        Column("offer", "附券", lambda text: text.offer),
        Column("words", "正文", lambda text: text.body),
    ),
)
LOOKED_AT = 200
"""Customers on whom a text is tried for facts that are missing."""


@routes.get("/admin/content", allow_head=False)
@allowed("content.read")
async def first(request: web.Request) -> web.StreamResponse:
    known = request.app[DESK].work.content.templates
    if lists.asked(request):
        texts = [known[name] for name in sorted(known, key=_order)]
        return await lists.answer(request, SHEET, lists.at_once(texts), total=len(texts))
    raise web.HTTPSeeOther(f"/admin/content/{min(known, key=_order)}" if known else "/admin")


def _order(name: str) -> tuple[int, str]:
    scenes = list(SCENES)
    scene = name.partition("/")[0]
    return scenes.index(scene) if scene in scenes else len(scenes), name


@routes.get(f"/admin/content/{NAME}", allow_head=False)
@allowed("content.read")
async def one(request: web.Request) -> web.StreamResponse:
    desk, name = request.app[DESK], _named(request)
    text = _known(desk, name)
    async with desk.work.sessions.reading() as session:
        known = await content_edits.bodies(session)
        edit = await content_edits.get(session, f"{edits.TEXTS}{name}")
        filed = desk.work.content.filed or desk.work.content
        head, words = edits.head_and_words(edits.source_of(filed, name, known))
        return await shown(
            request,
            session,
            "console/content.html",
            "content",
            called=name,
            downloads=[(kind.upper(), f"/admin/content?format={kind}") for kind in lists.FORMATS],
            text=text,
            head=head,
            words=words,
            edit=edit,
            scenes=_scenes(desk, known),
            scene_words=SCENES,
            missing=await _missing(desk, session, text),
            spoken=[(fact, FACTS[fact].what) for fact in FACTS if fact in words],
            may_edit=may(matrix(), "content.edit", request[ACTOR].kind),
            problems=[],
            **await _preview(request, session, text),
        )


def _named(request: web.Request) -> str:
    return f"{request.match_info['scene']}/{request.match_info['name']}"


def _known(desk: Desk, name: str) -> Template:
    found = desk.work.content.templates.get(name)
    if found is None:
        raise Refusal("missing_template", _("没有这个话术"), status=404)
    return found


def _scenes(desk: Desk, known: edits.Edits) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Scene, and its texts: name, title, and whether somebody changed it."""
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for name, text in sorted(desk.work.content.templates.items(), key=lambda one: _order(one[0])):
        changed = f"{edits.TEXTS}{name}" in known
        found.setdefault(name.partition("/")[0], []).append((name, text.title, changed))
    return list(found.items())


async def _missing(desk: Desk, session: AsyncSession, text: Template) -> list[tuple[str, int]]:
    """Facts it cannot do without, and how many of the first customers lack each."""
    mass = ONE_FOR_MANY.issuperset(text.channels)
    wanted = [n for n in text.bare if n in FACTS and FACTS[n].personal and not mass]
    if not wanted:
        return []
    work = desk.work
    who = [one.id for one in await segments.sample(session, EVERYBODY, work.now(), LOOKED_AT)]
    known = await facts.gather(session, work.vault, work.content, who, work.now())
    lacking: Counter[str] = Counter()
    for one in who:
        told = samples(desk, text, personal=False) | dict(known.get(one, {}))
        try:
            text.render(told, channel=next(c for c in text.channels if c not in ONE_FOR_MANY))
        except Refusal:
            lacking.update(FACTS[n].what for n in wanted if told.get(n) is None)
    return lacking.most_common()


async def _preview(request: web.Request, session: AsyncSession, text: Template) -> dict[str, Any]:
    desk, source = request.app[DESK], request.query
    if request.method == "POST":
        source = await request.post()  # type: ignore[assignment]
    asked = str(source.get("n", "1"))
    number = max(int(asked), 1) if asked.isdecimal() else 1
    channel = str(source.get("channel", "")) or text.channels[0]
    channel = channel if channel in text.channels else text.channels[0]
    tried = await try_on(desk, session, text, channel=channel, number=number)
    return {"tried": tried, "channel_words": CHANNELS, "mask": masks.name}


@routes.post(f"/admin/content/{NAME}/preview")
@allowed("content.read")
async def preview(request: web.Request) -> web.StreamResponse:
    """While it is being written: the same on the next customer, and what must not be said."""
    desk, form = request.app[DESK], await request.post()
    text, problems = _known(desk, _named(request)), []
    try:
        source = _source(form, await _head(desk, text.name))
        text = edits.template(desk.work.content, text.name, source)
    except Refusal as refusal:
        problems = refusal.words.splitlines()
    async with desk.work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/content_preview.html",
            "content",
            called=text.name,
            text=text,
            problems=problems,
            **await _preview(request, session, text),
        )


async def _head(desk: Desk, name: str) -> str:
    async with desk.work.sessions.reading() as session:
        known = await content_edits.bodies(session)
    source = edits.source_of(desk.work.content.filed or desk.work.content, name, known)
    return edits.head_and_words(source)[0]


def _source(form: forms.Form, head: str) -> str:
    words = str(form.get("words", "")).replace("\r\n", "\n").strip("\n")
    if not words.strip():
        raise Refusal("missing", _("先写要说的话"), status=422)
    return f"---\n{head}---\n{words}\n"


@routes.post(f"/admin/content/{NAME}")
@allowed("content.edit")
async def save(request: web.Request) -> web.StreamResponse:
    """Saved once, however often it is sent; with mistakes nothing is saved and nothing that was typed is lost."""
    desk, form = request.app[DESK], await request.post()
    name = _known(desk, _named(request)).name
    back = forms.text(form, "restore") == "1"
    try:
        source = "" if back else _source(form, await _head(desk, name))
        await desk.do(EditText(name=name, source=source, **forms.signed(request, form)))
    except Refusal as refusal:
        if not is_part(request) or refusal.status != 422:
            raise
        return await _refused(request, name, refusal.words.splitlines())
    await renew(desk.work)
    where = f"/admin/content/{name}?said={'text_back' if back else 'text_saved'}"
    if is_part(request):
        return web.Response(headers={"HX-Redirect": where})
    raise web.HTTPSeeOther(where)


async def _refused(request: web.Request, name: str, problems: list[str]) -> web.StreamResponse:
    text = _known(request.app[DESK], name)
    async with request.app[DESK].work.sessions.reading() as session:
        facts_ = await _preview(request, session, text)
        return await shown(
            request,
            session,
            "console/content_preview.html",
            "content",
            called=name,
            text=text,
            problems=problems,
            **facts_,
        )
