"""The first owner of a fresh shop, let in by a link that only the terminal of `siyu serve` shows."""

from __future__ import annotations

import hmac

from aiohttp import web

from bot.domain.access import SHORTEST_PASSWORD
from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.store import access
from bot.tongue import _
from bot.web.desk import DESK, Desk
from bot.web.forms import typed
from bot.web.guards import from_here, sign_in
from bot.web.pages import page

routes = web.RouteTableDef()
PATH = "/login/first"


def link(desk: Desk, root: str) -> str:
    return f"{root}{PATH}?key={desk.first_key}"


async def _still_open(request: web.Request, key: str) -> None:
    """A proxy may bring the whole world to this address: the key says who sees the terminal."""
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        taken = await access.users(session)
    known = hmac.compare_digest(key.encode(errors="replace"), desk.first_key.encode())
    if taken or not known:
        raise Refusal(
            "not_first",
            _("这个链接只在还没有人的时候有用，而且只在终端里显示。请直接登录。"),
            status=404,
        )


@routes.get(PATH, allow_head=False)
async def ask(request: web.Request) -> web.StreamResponse:
    key = request.query.get("key", "")
    await _still_open(request, key)
    return _form(request, key)


def _form(request: web.Request, key: str, *, name: str = "", wrong: str = "") -> web.Response:
    facts = {"first_key": key, "called": name, "wrong": wrong, "least": SHORTEST_PASSWORD}
    return page(request, "first_owner.html", status=422 if wrong else 200, **facts)


@routes.post(PATH)
async def enter(request: web.Request) -> web.StreamResponse:
    from_here(request)
    desk, form = request.app[DESK], await request.post()
    key, name, password = typed(form, "first_key"), typed(form, "name"), typed(form, "password")
    await _still_open(request, key)
    wrong = _wrong(name, password, typed(form, "again"))
    if wrong:
        return _form(request, key, name=name, wrong=wrong)
    now = desk.work.now()
    async with desk.work.sessions.begin() as session:
        await access.add_user(
            session, name=name, role="owner", store=None, password=password, now=now
        )
    inside = web.HTTPSeeOther("/admin")
    await sign_in(request, Actor(kind="owner", id=name), inside)
    raise inside


def _wrong(name: str, password: str, again: str) -> str:
    if not name or len(name) > 40:
        return _("先写一个名字，40 个字以内")
    if len(password) < SHORTEST_PASSWORD:
        return _("密码至少 %(least)s 个字符。", least=SHORTEST_PASSWORD)
    return "" if password == again else _("两次输入的密码不一样")
