"""`/sandbox`: every act is a form; the answer is the whole screen as it is when the bot has done its part."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.events.commands import Actor
from bot.store import links
from bot.tongue import _
from bot.web.desk import DESK
from bot.web.guards import sign_in
from bot.web.sandbox import play
from bot.web.sandbox.game import FAULTS, Game, game_at, guarded, post, routes, show
from bot.web.sandbox.phone import chat_of, is_group
from bot.web.sandbox.replay import play_again
from bot.web.sandbox.scenario import read, recorded
from bot.web.sandbox.world import open_world

__all__ = ["routes"]

CHANNEL_OF = {"follow_official": "official", "enter_kf": "kf", "delete_guide": "wecom"}
LARGEST = 256 * 1024
SPENDS = "199"
"""Yuan, for one thing of the usual kind."""


@routes.get("/sandbox", allow_head=False)
@guarded
async def sandbox(request: web.Request) -> web.StreamResponse:
    async with open_world(request.app[DESK]) as world:
        game = await game_at(request, world)
        return await show(game, await game.look())


@post("/sandbox/arrive")
async def arrive(game: Game, _form: Any) -> None:
    """Her first steps, so that nobody looks at an empty phone."""
    await game.world.act(*play.arriving(game.scenery, game.persona))
    await game.settle()


@post("/sandbox/say")
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
    if is_group(game.channel):
        return [play.her(persona, "say_group", chat_id=chat_of(game.channel), **facts)]
    return [play.her(persona, "say_guide", guide=guide, **facts)]


async def _tick_off(game: Game) -> None:
    """The steps that only the bot's own rows can prove."""
    screen = await game.look()
    if screen.her is None:
        return
    proven = {
        "coupon": any(c.trigger == "chat" for c, _offer in screen.her.coupons),
        "complaint": bool(screen.her.cases),
        "optout": any(e.action in {"withdraw", "object"} for e in screen.her.ledger),
    }
    game.done |= {step for step, true in proven.items() if true}


@post("/sandbox/act")
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
        "leave_group": lambda: play.her(game.persona, name, chat_id=chat_of(game.channel)),
        "pay": lambda: play.her(game.persona, name, amount=SPENDS),
    }
    if name not in acts and name != "join_group":
        raise Refusal("unknown_act", "没有这个动作", status=422)
    if name == "join_group":
        await _opens_code(game, form)
    else:
        await game.world.act(acts[name]())
    if name == "pay":
        game.note = _("她在店里付了 ¥%(yuan)s，收银系统把这笔订单告诉了程序。", yuan=SPENDS)
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


@post("/sandbox/confirm")
async def confirm(game: Game, form: Any) -> None:
    """The guide's tap: only now something reaches the customer."""
    userid, msgid = str(form.get("guide", "")), str(form.get("msgid", ""))
    await game.world.act({"act": "confirm_task", "guide": userid, "msgid": msgid})
    game.channel = "wecom"
    name = game.scenery.guides.get(userid, userid)
    game.note = _(
        "%(name)s点了「发送」，顾客收到了。平台不会来通知，程序过几分钟自己去问结果。", name=name
    )
    await game.settle()


@post("/sandbox/clock")
async def clock(game: Game, form: Any) -> None:
    hers = await play.hers_of(game.desk, await game.customer())
    moved = await play.move_time(game.desk, game.world, hers, str(form.get("by", "1h")))
    game.done.add("clock")
    if not moved:
        game.note = _("这位顾客没有排队的事了。可以拨 1 天，或者换一位顾客。")


@post("/sandbox/again")
async def again(game: Game, _form: Any) -> None:
    """A new person at the door: what the others have been through stays as it is."""
    game.persona, game.channel = await game.newcomer(), "kf"
    game.done = set()
    await game.world.act(*play.arriving(game.scenery, game.persona))
    await _break(game, "heal")
    await game.settle()


@post("/sandbox/fault")
async def fault(game: Game, form: Any) -> None:
    kind = str(form.get("kind", ""))
    kind = kind if kind in FAULTS else "heal"
    await _break(game, kind)
    if kind == "heal":
        game.note = _("一切正常了。")
    else:
        game.note = _("已模拟：%(what)s。再说一句话，看它怎么办。", what=_(FAULTS[kind][0]))


async def _break(game: Game, kind: str) -> None:
    rule = FAULTS[kind][1]
    if kind == "token":
        await game.world.act({"act": "revoke_token", "app": "wecom"})
    await game.world.faults({"seed": 1, "faults": [rule] if rule else []})
    game.broken = kind if rule else ""


@routes.post("/sandbox/be")
@guarded
async def be(request: web.Request) -> web.StreamResponse:
    """Demo only: her own pages, as she sees them in WeChat."""
    desk = request.app[DESK]
    async with open_world(desk) as world:
        customer = await (await game_at(request, world)).customer()
    if customer is None or not desk.in_demo:
        words = "程序还不认识她：先加导购、关注公众号或发一句话"
        raise Refusal("unknown_customer", words, status=404)
    there = web.HTTPSeeOther("/h5")
    await sign_in(request, Actor(kind="customer", id=customer.ref), there)
    raise there


@routes.get("/sandbox/scenario", allow_head=False)
@guarded
async def save(request: web.Request) -> web.StreamResponse:
    """What this visitor did and heard, as a file that `/sandbox/replay` plays again."""
    async with open_world(request.app[DESK]) as world:
        game = await game_at(request, world)
        view = await world.state(customer=game.persona.id)
        if view is None or not game.persona.is_visitor:
            raise Refusal("no_visitor", "只有新来的顾客能存：别人的过去不在这里", status=409)
        kept = recorded(await world.acts(), view, game.desk.work.now())
    name = f"siyu-scenario-{game.persona.id}.json"
    return web.Response(
        text=kept.model_dump_json(indent=1),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@post("/sandbox/replay")
async def replay(game: Game, form: Any) -> None:
    sent = form.get("file")
    text = sent.file.read(LARGEST) if isinstance(sent, web.FileField) else b""
    scenario = read(text.decode("utf-8", "replace"))
    visitor = await game.newcomer()
    verdict = await play_again(game.desk, game.world, game.scenery, visitor, scenario)
    game.persona, game.channel = visitor, "kf"
    if verdict.same:
        game.note = _("重放好了：%(n)s 句都和存的时候一样。", n=verdict.matched)
    else:
        lost = "；".join(text[:40] for text in (*verdict.missing, *verdict.surplus)[:3])
        game.note = _(
            "重放好了：少了 %(missing)s 句，多了 %(surplus)s 句。%(lines)s",
            missing=len(verdict.missing),
            surplus=len(verdict.surplus),
            lines=lost,
        )
