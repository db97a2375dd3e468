"""A saved session, played again by somebody new from the next moment at which the clock shows the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from bot.domain.refusals import Refusal
from bot.store import coming
from bot.web.desk import Desk
from bot.web.sandbox import play
from bot.web.sandbox.cast import Persona, Scenery
from bot.web.sandbox.scenario import Scenario, Step, Verdict, compare, facts_for, heard, links_of
from bot.web.sandbox.world import World

DAY = timedelta(days=1)


async def play_again(
    desk: Desk, world: World, scenery: Scenery, visitor: Persona, scenario: Scenario
) -> Verdict:
    """What the visitor heard, against what was heard when it was saved."""

    async def hers() -> list[int]:
        view = await world.state(customer=visitor.id)
        return await play.hers_of(desk, await play.customer_of(desk, view, scenery.account))

    begun = _next(desk, scenario.starts)
    for step in scenario.steps:
        await _until(desk, world, hers, begun + timedelta(seconds=step.after))
        await world.act(await _act(desk, world, visitor, step, await hers()))
        await play.after_act(desk, world, scenery, visitor)
    await _until(desk, world, hers, begun + timedelta(seconds=scenario.lasts))
    view = await world.state(customer=visitor.id)
    return compare(scenario.hears, heard(view or {"id": visitor.id}))


def _next(desk: Desk, starts: str) -> datetime:
    """Today if the clock shows this very minute, else the next time it will."""
    local = desk.work.now().astimezone(desk.work.settings.zone)
    hour, minute = (int(part) for part in starts.split(":"))
    if (local.hour, local.minute) == (hour, minute):
        return local
    moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment > local else moment + DAY


async def _until(
    desk: Desk, world: World, hers: Callable[[], Awaitable[list[int]]], moment: datetime
) -> None:
    if moment > desk.work.now():
        await play.move_to(desk, world, await hers(), moment)


async def _act(
    desk: Desk, world: World, visitor: Persona, step: Step, hers: list[int]
) -> dict[str, Any]:
    view = await world.state(customer=visitor.id)
    facts = facts_for(step, links_of(view) if view else [])
    if step.act != "confirm_task":
        return play.her(visitor, step.act, **facts)
    async with desk.work.sessions.reading() as session:
        waiting = await coming.waiting(session, desk.work.vault, hers)
    if not waiting:
        raise Refusal("nothing_waits", "重放到导购点发送这一步时，没有等她发的消息")
    return {"act": "confirm_task", "guide": waiting[0].userid, "msgid": waiting[0].msgid}
