"""The guide's morning card: one a day, whom to contact and what waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import SendAppCard
from bot.domain.customers import Guide
from bot.domain.guide_work import Reason
from bot.store import guide_tasks, guide_work, outbox
from bot.work.context import Work

AT = time(9, 30)
TOO_LATE = timedelta(hours=4)
"""A digest of the morning helps nobody in the afternoon."""


async def digest_due(work: Work) -> int:
    """Owe today's card to every guide at work; how many are owed now."""
    now = work.now()
    local = now.astimezone(work.settings.zone)
    begins = datetime.combine(local.date(), AT, local.tzinfo)
    if not begins <= local < begins + TOO_LATE:
        return 0
    owed = 0
    async with work.sessions.begin() as session:
        for guide in await guide_work.active_guides(session):
            if guide.away_until is None or guide.away_until <= now:
                owed += await _owe(session, work, guide, begins)
    return owed


async def _owe(session: AsyncSession, work: Work, guide: Guide, begins: datetime) -> int:
    effect = f"digest:{guide.userid}:{begins.date().isoformat()}"
    if await outbox.is_owed(session, effect):
        return 0
    now, brand = work.now(), work.content.limits.brand
    found = await guide_work.reasons(session, work.vault, guide.id, now, brand=brand)
    why = list(found.values())
    tasks = (await guide_tasks.counts(session, [guide.id])).get(guide.id, 0)
    if not why and not tasks:
        return 0
    made = await outbox.owe(
        session,
        work.vault,
        SendAppCard(
            userids=(guide.userid,),
            card=card(guide, why, tasks, work.content.address("/guide")),
        ),
        effect=effect,
        now=now,
        expires_at=begins + TOO_LATE,
    )
    return 0 if made is None else 1


def card(guide: Guide, contacts: list[Reason], tasks: int, url: str) -> dict[str, Any]:
    """A `text_notice` as the platform defines it. Names stay out: the card is kept on the platform."""
    cases = sum(contact.kind == "case" for contact in contacts)
    rows = [("先处理的反馈", cases), ("该联系的人", len(contacts) - cases), ("待办", tasks)]
    return {
        "card_type": "text_notice",
        "main_title": {"title": f"{guide.name}，上午好", "desc": "今天该联系谁，都准备好了"},
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
