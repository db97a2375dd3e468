"""On Monday morning whoever is in charge reads what people complained of last week, and what became of it."""

from __future__ import annotations

from datetime import timedelta

from bot.calls import SendAppText
from bot.domain.quotas import read_limits
from bot.store import cases, outbox
from bot.store.cases.causes import causes
from bot.work.context import Work

MOST_SHOWN = 5
READ_WITHIN = timedelta(hours=10)


async def weekly_due(work: Work) -> int:
    """Owed once a week; nothing when nobody complained in a fortnight."""
    now, limits = work.now(), read_limits(work.content.limits)
    monday, _ = limits.day_of(now)
    if now.astimezone(limits.zone).isoweekday() != 1:
        return 0
    async with work.sessions.begin() as session:
        found, reader = await causes(session, monday), await cases.in_charge(session)
        if not found or reader is None:
            return 0
        lines = [f"{n}. {one.in_words()}" for n, one in enumerate(found[:MOST_SHOWN], 1)]
        fallen = [one.in_words() for one in found[MOST_SHOWN:] if one.rise < 0][-2:]
        made = await outbox.owe(
            session,
            work.vault,
            SendAppText(
                userids=(reader.userid,),
                text="\n".join(["上周的反馈，按涨得多少排：", *lines, *fallen]),
            ),
            effect=f"causes:{monday.date().isoformat()}",
            now=now,
            expires_at=now + READ_WITHIN,
        )
        return 0 if made is None else 1
