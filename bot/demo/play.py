"""The month itself, event by event: time moves only when nobody has anything left to do at this moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.demo.agenda import Agenda
from bot.demo.reactions import Reactions
from bot.demo.scene import Scene
from bot.schedule import Moments

SECOND = timedelta(seconds=1)
GRAIN = timedelta(hours=2)
"""How late patient work may be looked at: more of it is done in one step."""
Progress = Callable[[datetime], None]


async def play(
    scene: Scene, agenda: Agenda, reactions: Reactions, *, until: datetime, progress: Progress
) -> None:
    """Play from now to `until`. What the sandbox has planned, what the bot has due and what people do
    outside of both is taken in the order of its moments."""
    while scene.now < until:
        moments = await scene.bot.step()
        await reactions.look()  # nobody does anything about it at this very moment
        await _move(scene, agenda, moments, until)
        await agenda.perform(scene.now)
        progress(scene.now)
    await scene.bot.step()


async def _move(scene: Scene, agenda: Agenda, moments: Moments, until: datetime) -> None:
    """On to the earliest moment at which somebody has something to do."""
    ours = [agenda.next(), await scene.bot.next_moment(grain=GRAIN, moments=moments), until]
    wish = max(min(moment for moment in ours if moment is not None), scene.now)
    await scene.control("clock", {"step": {"until": whole(wish).isoformat()}})


def whole(moment: datetime) -> datetime:
    """The next whole second: the sandbox's clock counts no finer than milliseconds."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + SECOND


async def settle(scene: Scene, *, until: datetime) -> None:
    """Let everything under way come to its end, faults healed, nothing new begun."""
    await scene.heal()
    while scene.now < until:
        await scene.bot.step()
        moment = await scene.bot.next_moment(grain=GRAIN)
        wish = max(min(moment or until, until), scene.now)
        await scene.control("clock", {"step": {"until": whole(wish).isoformat()}})
        await scene.news()
    await scene.bot.step()
