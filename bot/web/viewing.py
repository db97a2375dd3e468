"""Cards of customers are looked at one by one: whoever opens far more than her work needs is stopped for a while."""

from __future__ import annotations

import math
from datetime import timedelta

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.store import audit
from bot.store.offers import tills
from bot.tongue import _
from bot.web.desk import ACTOR, DESK, SCOPE
from bot.web.metrics import ALARMS

AN_HOUR, A_DAY = 120, 400
"""As of 2026-11: a card every half minute for an hour; thrice what a guide's fullest day asks for."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def counted(request: web.Request) -> None:
    """One more card for somebody whose right does not reach every customer. Raises Refusal too_many_views."""
    if request[SCOPE] == "A":
        return
    work, actor = request.app[DESK].work, request[ACTOR]
    now = work.now()
    hourly, daily = f"views-hour:{actor}", f"views-day:{actor}"
    async with work.sessions.begin() as session:
        told = await tills.came(session, {hourly: HOUR, daily: DAY}, now)
        hour, day = told[hourly], told[daily]
        if _told_of(hour.times, day.times):
            ALARMS.inc()
            await audit.append(
                session,
                at=now,
                actor=str(actor),
                action="many_views",
                subject="",
                detail={"hour": hour.times, "day": day.times},
                store=actor.store,
            )
    shut = [one for one, most in ((hour, AN_HOUR), (day, A_DAY)) if one.times > most]
    if shut:
        raise _enough(max(one.until for one in shut) - now)


def _told_of(hour: int, day: int) -> bool:
    """The moment when either is over: at most once an hour, however often she goes on trying."""
    return (hour == AN_HOUR + 1 and day <= A_DAY + 1) or (day == A_DAY + 1 and hour <= AN_HOUR)


def _enough(wait: timedelta) -> Refusal:
    seconds = math.ceil(wait.total_seconds())
    words = _(
        "这段时间看的顾客资料太多了，先停一停：%(n)s 分钟后再看。工作上确实要看更多，请店主或管理员来帮忙",
        n=math.ceil(seconds / 60),
    )
    return Refusal("too_many_views", words, status=429, facts={"retry_after": seconds})
