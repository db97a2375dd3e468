"""Acting in the sandbox, and giving the bot its moment: a page is shown when nothing about her is under way."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from bot.domain.customers import Customer
from bot.outbound import kf_pull
from bot.store import coming, customers
from bot.store.family import family
from bot.web.desk import Desk
from bot.web.sandbox.cast import Persona, Scenery
from bot.web.sandbox.world import World

PATIENCE = 2.0
LONG_PATIENCE = 6.0
GLANCE = 0.05
HOURS = {"1h": 1, "1d": 24, "7d": 168}


async def customer_of(desk: Desk, view: dict[str, Any] | None, account: str) -> Customer | None:
    """Whom the bot knows this person of the sandbox as."""
    if view is None:
        return None
    vault = desk.work.vault
    async with desk.work.sessions.reading() as session:
        for kind, value, where in (
            ("external_userid", view["external_userid"], ""),
            ("kf", view["external_userid"], ""),
            ("openid", view["openid"], account),
            ("unionid", view["unionid"], ""),
        ):
            if value and (found := await customers.find(session, vault, kind, value, where)):
                return found
    return None


def arriving(scenery: Scenery, persona: Persona) -> list[dict[str, Any]]:
    """She scans the code at the till and opens the brand's 微信客服."""
    acts = [befriending(scenery, persona)]
    if scenery.open_kfid:
        acts.append(her(persona, "enter_kf", kf=scenery.open_kfid))
    return acts


def befriending(scenery: Scenery, persona: Persona) -> dict[str, Any]:
    if scenery.ways:
        return her(persona, "add_friend", contact_way=scenery.ways[0]["config_id"])
    return her(persona, "add_friend", guide=next(iter(scenery.guides), ""))


def her(persona: Persona, act: str, **facts: Any) -> dict[str, Any]:
    return {"act": act, "customer": persona.id, "name": persona.name} | facts


async def settled(desk: Desk, hers: list[int], *, most: float = PATIENCE) -> bool:
    """Wait until the bot has nothing more to do about her at this moment; False when it takes too long."""
    clock = desk.work.clock
    until = clock.monotonic() + most
    while clock.monotonic() < until:
        async with desk.work.sessions.reading() as session:
            if not await coming.busy(session, hers, clock.now()):
                return True
        # Workers look for messages of 微信客服 once a beat: whoever stands before the phone need not wait for it.
        if await kf_pull.pull_due(desk.work):
            desk.nudge()
        await asyncio.sleep(GLANCE)
    return False


async def after_act(desk: Desk, world: World, scenery: Scenery, persona: Persona) -> None:
    """Give the bot its moment; a stranger may have become a customer by then."""
    await settled(desk, [])
    view = await world.state(customer=persona.id)
    if (customer := await customer_of(desk, view, scenery.account)) is not None:
        await settled(desk, await hers_of(desk, customer))


async def hers_of(desk: Desk, customer: Customer | None) -> list[int]:
    if customer is None:
        return []
    async with desk.work.sessions.reading() as session:
        return await family(session, customer.id)


async def move_time(desk: Desk, world: World, hers: list[int], by: str) -> bool:
    """Forward, stopping at every moment that means something for her. False when there is nothing to come."""
    now = desk.work.now()
    if by == "next":
        target = await _next_of_hers(desk, world, hers, now)
        if target is None:
            return False
    else:
        target = now + timedelta(hours=HOURS.get(by, 1))
    await move_to(desk, world, hers, target)
    return True


async def move_to(desk: Desk, world: World, hers: list[int], target: datetime) -> None:
    """Stopping on the way wherever something of hers is due."""
    deadline = desk.work.clock.monotonic() + LONG_PATIENCE
    while desk.work.clock.monotonic() < deadline:
        stop = await _next_due(desk, hers, after=desk.work.now())
        if stop is None or stop >= target:
            break
        await _move(desk, world, hers, stop)
    await _move(desk, world, hers, target)


async def _move(desk: Desk, world: World, hers: list[int], moment: datetime) -> None:
    await world.clock(to=moment.isoformat())
    await settled(desk, hers, most=LONG_PATIENCE / 2)


async def _next_of_hers(
    desk: Desk, world: World, hers: list[int], now: datetime
) -> datetime | None:
    """Something of hers; while a message for her waits for a guide, also the next tap that one has planned."""
    moments = [await _next_due(desk, hers, after=now)]
    async with desk.work.sessions.reading() as session:
        waiting = await coming.waiting(session, desk.work.vault, hers)
    if waiting and (planned := (await world.clock())["next_due"]):
        moments.append(datetime.fromisoformat(planned))
    return min([at for at in moments if at], default=None)


async def _next_due(desk: Desk, hers: list[int], *, after: datetime) -> datetime | None:
    async with desk.work.sessions.reading() as session:
        listed = await coming.coming(session, hers, after)
    return next((one.at for one in listed if one.at > after), None)
