"""The guide's card of the day: one a day at the hour when she opens her app, whom to contact and what waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import SendAppCard
from bot.domain.channels import is_away
from bot.domain.customers import Guide
from bot.domain.guide_work import Reason
from bot.domain.quotas import Limits
from bot.store import guide_tasks, guide_work, outbox
from bot.work.context import Work

AT = time(9, 30)
"""For whoever has no hour of her own inside the shop's day."""
HOURS = range(10, 20)
TOO_LATE = timedelta(hours=4)
"""A digest of the morning helps nobody in the afternoon."""


async def digest_due(work: Work, hour: int | None = None) -> int:
    """Owe today's card to every guide at work whose hour this is; how many are owed now."""
    now, limits = work.now(), work.content.limits
    local = now.astimezone(work.settings.zone)
    begins = datetime.combine(local.date(), AT if hour is None else time(hour), local.tzinfo)
    if not begins <= local < begins + TOO_LATE or limits.quiet_hours.covers(now):
        return 0
    good = _good_hours(limits, begins)
    if hour is not None and hour not in good:
        return 0
    async with work.sessions.begin() as session:
        guides = [
            guide
            for guide in await guide_work.at_hour(session, hour, good)
            if not is_away(guide.away_from, guide.away_until, now)
        ]
        return await _owe_all(session, work, guides, begins)


AT_HOUR = {hour: partial(digest_due, hour=hour) for hour in HOURS}
"""The same for those who look at it then: whoever opened her app before needs no card that day."""


def _good_hours(limits: Limits, day: datetime) -> Collection[int]:
    """While a guide can still do something about it today."""
    moments = {hour: day.replace(hour=hour, minute=0) for hour in HOURS}
    return [hour for hour, at in moments.items() if limits.hand_over_from(at) == at]


async def _owe_all(
    session: AsyncSession, work: Work, guides: Sequence[Guide], begins: datetime
) -> int:
    effects = {guide.id: f"digest:{guide.userid}:{begins.date().isoformat()}" for guide in guides}
    had = await outbox.already_owed(session, effects.values())
    tasks = await guide_tasks.counts(session, list(effects))
    debts: list[outbox.Debt] = []
    for guide in guides:
        if effects[guide.id] in had:
            continue
        if shown := await _card(session, work, guide, tasks.get(guide.id, 0)):
            call = SendAppCard(userids=(guide.userid,), card=shown)
            debts.append((call, {"effect": effects[guide.id], "expires_at": begins + TOO_LATE}))
    await outbox.owe_many(session, work.vault, debts, now=work.now())
    return len(debts)


async def _card(
    session: AsyncSession, work: Work, guide: Guide, tasks: int
) -> dict[str, Any] | None:
    """None when there is nothing to do."""
    now, limits = work.now(), work.content.limits
    found = await guide_work.reasons(session, work.vault, guide.id, now, limits=limits)
    why = list(found.values())
    if not why and not tasks:
        return None
    hour = now.astimezone(work.settings.zone).hour
    return card(guide, why, tasks, hour=hour, url=work.content.address("/guide"))


def card(
    guide: Guide, contacts: list[Reason], tasks: int, *, hour: int, url: str
) -> dict[str, Any]:
    """A `text_notice` as the platform defines it. Names stay out: the card is kept on the platform."""
    cases = sum(contact.kind == "case" for contact in contacts)
    hello = "上午好" if hour < 12 else "下午好"
    rows = [("先处理的反馈", cases), ("该联系的人", len(contacts) - cases), ("待办", tasks)]
    return {
        "card_type": "text_notice",
        "main_title": {"title": f"{guide.name}，{hello}", "desc": "今天该联系谁，都准备好了"},
        "emphasis_content": {"title": str(len(contacts) + tasks), "desc": "今天的事"},
        "horizontal_content_list": [
            {"keyname": name, "value": f"{number} 件" if name != "该联系的人" else f"{number} 位"}
            for name, number in rows
            if number
        ],
        "sub_title_text": _first(contacts),
        "card_action": {"type": 1, "url": url},
    }


def _first(contacts: list[Reason]) -> str:
    if not contacts:
        return "点开看待办"
    more = f"，还有 {len(contacts) - 1} 位" if len(contacts) > 1 else ""
    return f"第一位：{contacts[0].why}{more}"
