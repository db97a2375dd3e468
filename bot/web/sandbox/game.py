"""One request at the sandbox: who is played where, the deed, the bot's moment, and the whole screen as it is then."""

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
from bot.web.console.frame import is_part, shown
from bot.web.desk import DESK, Desk
from bot.web.guards import Handler
from bot.web.sandbox import play
from bot.web.sandbox.cast import CAST, VISITOR, Persona, Scenery
from bot.web.sandbox.phone import CHANNELS, is_group
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
FAULTS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "token": ("令牌过期", None),
    "busy": ("接口超时", {"match": "POST /cgi-bin/*", "count": 1, "do": "timeout"}),
    "duplicate": ("重复回调", {"match": "callback", "p": 1, "do": "duplicate"}),
    "forged": ("签名错误", {"match": "callback", "p": 1, "do": "forged"}),
    "heal": ("恢复正常", None),
}
ON = "sandbox_fault"


class Game:
    """Who is played where, and the world to play in."""

    def __init__(self, request: web.Request, world: World, scenery: Scenery) -> None:
        self.request, self.world, self.scenery = request, world, scenery
        self.desk: Desk = request.app[DESK]
        self.done = {step for step, _ in STEPS} & set(request.cookies.get(DONE, "").split("."))
        self.broken = request.cookies.get(ON, "")
        self.channel = request.query.get("ch", "kf")
        if self.channel not in CHANNELS and not is_group(self.channel):
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

    async def newcomer(self) -> Persona:
        """Somebody who has not been here."""
        number = 1
        while await self.world.state(customer=f"{VISITOR}{number}") is not None:
            number += 1
        return self.scenery.visitor(number)

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

    def personas(self) -> list[Persona]:
        """A visitor first, then those the shop knows; whoever is played is among them."""
        visitor = self.persona if self.persona.is_visitor else self.scenery.visitor(1)
        listed = [visitor, *self.scenery.personas]
        return listed if self.persona in listed else [*listed[:3], self.persona]


Deed = Callable[[Game, Any], Awaitable[None]]


def guarded(handler: Handler) -> Handler:
    """There is no sandbox in production; and only our own page may act in it."""

    async def within(request: web.Request) -> web.StreamResponse:
        desk = request.app[DESK]
        if not desk.plays or not (desk.open_doors or _of_this_machine(request)):
            raise web.HTTPNotFound
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise Refusal("cross_site", "请求不是从本站页面发出的", status=403)
        return await handler(request)

    return within


def _of_this_machine(request: web.Request) -> bool:
    """The page asks for no sign-in and tells of customers: it is for whoever started the sandbox."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(request.remote or "").is_loopback
    return False


async def game_at(request: web.Request, world: World) -> Game:
    scenery = await request.app[CAST].scenery(request.app[DESK], world)
    return await Game(request, world, scenery).cast()


async def show(game: Game, screen: Screen) -> web.Response:
    request, desk = game.request, game.desk
    async with desk.work.sessions.reading() as session:
        answer = await shown(
            request,
            session,
            "sandbox/part.html" if is_part(request) else "sandbox/page.html",
            "sandbox",
            screen=screen,
            scenery=game.scenery,
            personas=game.personas(),
            chips=CHIPS,
            steps=STEPS,
            done=game.done,
            here=game.address(),
            note=game.note,
            broken=game.broken,
            faults={key: words for key, (words, _) in FAULTS.items()},
        )
    if is_part(request):
        answer.headers["HX-Replace-Url"] = game.address()
    answer.set_cookie(DONE, ".".join(sorted(game.done)), samesite="Lax", httponly=True)
    answer.set_cookie(ON, game.broken, samesite="Lax", httponly=True)
    return answer


def post(path: str) -> Callable[[Deed], Handler]:
    """A deed at an address: what was before, the deed, the bot's moment, and what is new."""

    def wrap(deed: Deed) -> Handler:
        @guarded
        async def handler(request: web.Request) -> web.StreamResponse:
            async with open_world(request.app[DESK]) as world:
                game = await game_at(request, world)
                before = (await game.look()).marks()
                await deed(game, await request.post())
                if not is_part(request):
                    raise web.HTTPSeeOther(game.address())
                screen = await game.look()
                return await show(game, replace(screen, fresh=screen.marks() - before))

        routes.post(path)(handler)
        return handler

    return wrap
