"""`/sandbox`: every act is a form; the answer is the whole screen as it is when the bot has done its part."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.store import links
from bot.web.console.frame import is_part, shown
from bot.web.desk import DESK, Desk
from bot.web.guards import Handler
from bot.web.sandbox import play
from bot.web.sandbox.cast import CAST, VISITOR, Persona, Scenery
from bot.web.sandbox.phone import CHANNELS
from bot.web.sandbox.screen import CHIPS, Screen, look
from bot.web.sandbox.world import World, open_world

routes = web.RouteTableDef()
STEPS = (
    ("say", "以顾客身份说一句话"),
    ("coupon", "问优惠，领到一张券"),
    ("clock", "拨快时间，看自动关怀"),
    ("complaint", "投诉一次，看谁会被叫到"),
    ("optout", "退订，确认不再打扰"),
)
DONE = "sandbox_steps"
CHANNEL_OF = {"follow_official": "official", "enter_kf": "kf", "delete_guide": "wecom"}
FAULTS = {
    "token": ("令牌过期", None),
    "duplicate": ("重复回调", {"match": "callback", "p": 1, "do": "duplicate"}),
    "busy": ("接口超时", {"match": "POST /cgi-bin/*", "count": 1, "do": "timeout"}),
    "heal": ("恢复正常", None),
}


class Game:
    """One request: who is played where, and the world to play in."""

    def __init__(self, request: web.Request, world: World, scenery: Scenery) -> None:
        self.request, self.world, self.scenery = request, world, scenery
        self.desk: Desk = request.app[DESK]
        self.done = set(request.cookies.get(DONE, "").split("."))
        self.channel = request.query.get("ch", "kf")
        if self.channel not in CHANNELS:
            self.channel = "kf"
        self.persona = Persona("", "", "", "")
        self.note = ""

    async def cast(self) -> Game:
        self.persona = await self._persona(self.request.query.get("who", f"{VISITOR}1"))
        return self

    async def _persona(self, who: str) -> Persona:
        known = self.scenery.known(who)
        if known is None:
            view = await self.world.state(customer=who)
            if view is None:
                raise Refusal("unknown_customer", "沙盒里没有这位顾客", status=404)
            known = self.scenery.known(view["id"]) or Persona(view["id"], view["name"], "顾客", "")
        return known

    async def customer(self) -> Customer | None:
        view = await self.world.state(customer=self.persona.id)
        return await play.customer_of(self.desk, view, self.scenery.account)

    async def look(self) -> Screen:
        customer = await self.customer()
        return await look(self.desk, self.world, self.persona, self.channel, customer)

    async def settle(self) -> None:
        await play.after_act(self.desk, self.world, self.scenery, self.persona)

    def address(self) -> str:
        return "/sandbox?" + urlencode({"who": self.persona.id, "ch": self.channel})


Deed = Callable[[Game, Any], Awaitable[None]]


def _guarded(handler: Handler) -> Handler:
    """There is no sandbox in production; and only our own page may act in it."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        desk = request.app[DESK]
        if not desk.plays or not (desk.open_doors or _of_this_machine(request)):
            raise web.HTTPNotFound
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise Refusal("cross_site", "请求不是从本站页面发出的", status=403)
        return await handler(request)

    return guarded


def _of_this_machine(request: web.Request) -> bool:
    """The page asks for no sign-in and tells of customers: it is for whoever started the sandbox."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(request.remote or "").is_loopback
    return False


@routes.get("/sandbox", allow_head=False)
@_guarded
async def sandbox(request: web.Request) -> web.StreamResponse:
    async with open_world(request.app[DESK]) as world:
        game = await _game(request, world)
        return await _show(game, await game.look())


async def _game(request: web.Request, world: World) -> Game:
    scenery = await request.app[CAST].scenery(request.app[DESK], world)
    return await Game(request, world, scenery).cast()


async def _show(game: Game, screen: Screen) -> web.Response:
    request, desk = game.request, game.desk
    async with desk.work.sessions.reading() as session:
        answer = await shown(
            request,
            session,
            "sandbox/part.html" if is_part(request) else "sandbox/page.html",
            "sandbox",
            screen=screen,
            scenery=game.scenery,
            personas=_personas(game),
            chips=CHIPS,
            steps=STEPS,
            done=game.done,
            here=game.address(),
            note=game.note,
            faults={key: words for key, (words, _) in FAULTS.items()},
        )
    if is_part(request):
        answer.headers["HX-Replace-Url"] = game.address()
    answer.set_cookie(DONE, ".".join(sorted(game.done)), samesite="Lax", httponly=True)
    return answer


def _personas(game: Game) -> list[Persona]:
    """A visitor first, then those the shop knows; whoever is played is among them."""
    visitor = game.persona if game.persona.is_visitor else game.scenery.visitor(1)
    listed = [visitor, *game.scenery.personas]
    return listed if game.persona in listed else [*listed[:3], game.persona]


def _post(path: str) -> Callable[[Deed], Handler]:
    """A deed at an address: what was before, the deed, the bot's moment, and what is new."""

    def wrap(deed: Deed) -> Handler:
        @_guarded
        async def handler(request: web.Request) -> web.StreamResponse:
            async with open_world(request.app[DESK]) as world:
                game = await _game(request, world)
                before = (await game.look()).marks()
                await deed(game, await request.post())
                if not is_part(request):
                    raise web.HTTPSeeOther(game.address())
                screen = await game.look()
                return await _show(game, replace(screen, fresh=screen.marks() - before))

        routes.post(path)(handler)
        return handler

    return wrap


@_post("/sandbox/arrive")
async def arrive(game: Game, _form: Any) -> None:
    """Her first steps, so that nobody looks at an empty phone."""
    await game.world.act(*play.arriving(game.scenery, game.persona))
    await game.settle()


@_post("/sandbox/say")
async def say(game: Game, form: Any) -> None:
    text, menu_id = str(form.get("text", "")).strip()[:500], str(form.get("menu_id", ""))
    if not text:
        return
    facts = {"text": text} | ({"menu_id": menu_id} if menu_id else {})
    await game.world.act(*_spoken(game, facts, guide=str(form.get("guide", ""))))
    game.done.add("say")
    await game.settle()
    await _tick_off(game)


def _spoken(game: Game, facts: dict[str, str], *, guide: str) -> list[dict[str, Any]]:
    persona = game.persona
    if game.channel == "kf":
        return [play.her(persona, "say_kf", kf=game.scenery.open_kfid, **facts)]
    if game.channel == "official":
        following = play.her(persona, "follow_official")
        return [following, play.her(persona, "say_official", **facts)]
    return [play.her(persona, "say_guide", guide=guide, **facts)]


async def _tick_off(game: Game) -> None:
    """The steps that only the bot's own rows can prove."""
    screen = await game.look()
    if screen.her is None:
        return
    proven = {
        "coupon": any(c.trigger == "chat" for c, _ in screen.her.coupons),
        "complaint": bool(screen.her.cases),
        "optout": any(e.action in {"withdraw", "object"} for e in screen.her.ledger),
    }
    game.done |= {step for step, true in proven.items() if true}


@_post("/sandbox/act")
async def act(game: Game, form: Any) -> None:
    name = str(form.get("act", ""))
    acts = {
        "add_friend": lambda: play.befriending(game.scenery, game.persona),
        "enter_kf": lambda: play.her(game.persona, name, kf=game.scenery.open_kfid),
        "follow_official": lambda: play.her(game.persona, name),
        "unfollow_official": lambda: play.her(game.persona, name),
        "delete_guide": lambda: play.her(game.persona, name, guide=str(form.get("guide", ""))),
        "click_menu": lambda: play.her(game.persona, name, key=str(form.get("menu", ""))),
        "view_link": lambda: play.her(game.persona, name, url=str(form.get("url", ""))),
    }
    if name not in acts and name != "join_group":
        raise Refusal("unknown_act", "没有这个动作", status=422)
    if name == "join_group":
        await _opens_code(game, form)
    else:
        await game.world.act(acts[name]())
    game.channel = CHANNEL_OF.get(name, game.channel)
    if name == "add_friend":
        game.channel = "wecom"
    await game.settle()


async def _opens_code(game: Game, form: Any) -> None:
    """A short link is opened first, and leads to the code that she then scans."""
    url = str(form.get("url", ""))
    async with game.desk.work.sessions.reading() as session:
        target = (await links.targets(session, [url])).get(url)
    seen = [play.her(game.persona, "view_link", url=url)] if target else []
    await game.world.act(*seen, play.her(game.persona, "join_group", join_way=target or url))


@_post("/sandbox/confirm")
async def confirm(game: Game, form: Any) -> None:
    """The guide's tap: only now something reaches the customer."""
    userid, msgid = str(form.get("guide", "")), str(form.get("msgid", ""))
    await game.world.act({"act": "confirm_task", "guide": userid, "msgid": msgid})
    game.channel = "wecom"
    name = game.scenery.guides.get(userid, userid)
    game.note = f"{name}点了「发送」，顾客收到了。平台不会来通知，程序过几分钟自己去问结果。"
    await game.settle()


@_post("/sandbox/clock")
async def clock(game: Game, form: Any) -> None:
    hers = await play.hers_of(game.desk, await game.customer())
    moved = await play.move_time(game.desk, game.world, hers, str(form.get("by", "1h")))
    game.done.add("clock")
    if not moved:
        game.note = "这位顾客没有排队的事了。可以拨 1 天，或者换一位顾客。"


@_post("/sandbox/again")
async def again(game: Game, _form: Any) -> None:
    """A new person at the door: what the others have been through stays as it is."""
    number = 1
    while await game.world.state(customer=f"{VISITOR}{number}") is not None:
        number += 1
    game.persona, game.channel = game.scenery.visitor(number), "kf"
    game.done = set()
    await game.world.act(*play.arriving(game.scenery, game.persona))
    await game.settle()


@_post("/sandbox/fault")
async def fault(game: Game, form: Any) -> None:
    kind = str(form.get("kind", ""))
    words, rule = FAULTS.get(kind, FAULTS["heal"])
    if kind == "token":
        await game.world.act({"act": "revoke_token", "app": "wecom"})
    await game.world.faults({"seed": 1, "faults": [rule] if rule else []})
    game.note = "一切正常了。" if kind == "heal" else f"已模拟：{words}。再说一句话，看它怎么办。"
