"""A journey tried on a past year: who would have come, what would have been sent, at what cost; nothing written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.app import open_bot
from bot.domain.campaigns import Touch
from bot.domain.journeys import Run
from bot.domain.playbooks import PlaybookSpec
from bot.domain.refusals import Refusal
from bot.settings import Settings
from bot.store import journey_rehearsal, journeys, offers, playbooks
from handlers import ROUTERS
from tests.builders import a_customer
from tests.conftest import SECRET
from tests.outbound.conftest import friends
from tests.outbound.test_journeys import Written
from tests.store.test_attribution import an_order

SPEC = {
    "key": "thanks",
    "name": "谢谢",
    "tactic": [58],
    "trigger": "order_paid",
    "entry": {"again": 30},
    "holdout_percent": 0,
    "steps": [
        {"wait": {"days": 2, "part": "morning"}},
        {"message": {"template": "sleeping/soft"}},
        {"wait": {"days": 10}},
        {
            "branch": {
                "if": {"field": "orders.count", "op": "gte", "value": 3},
                "then": [{"guide_task": {"kind": "thanks", "why": "熟客，道声谢"}}],
                "else": [{"message": {"template": "weekly/benefit", "offer": "weekly"}}],
            }
        },
        {"end": True},
    ],
}


async def rehearsed(bot, spec=SPEC, **facts):
    since = bot.now - timedelta(days=365)
    async with bot.session() as session:
        return await journey_rehearsal.rehearse(
            session,
            bot.content,
            PlaybookSpec.model_validate(spec),
            since=since,
            until=bot.now,
            **facts,
        )


async def test_a_past_year_walked_through_again(bot):
    async with bot.session() as session:
        await offers.publish_offers(session, bot.vault, bot.content.offers.values())
    _, (often, once) = await friends(bot, 2)
    _, (silent,) = await friends(bot, 1, agree=False)
    days = {often: (200, 190, 100), once: (50,), silent: (40,)}
    for one, ago in days.items():
        for day in ago:
            await an_order(bot, one, bot.now - timedelta(days=day), fen=20_000)
    done = await rehearsed(bot)
    assert (done.causes, done.people) == (5, 3)
    assert done.entered == 4  # the second order came while she was under way
    assert done.acts == {"guide_task": 1}  # only by then had she bought three times
    assert done.kept_back == {"no_consent": 2}
    assert done.sent == {"sleeping/soft": 3, "weekly/benefit": 2}
    assert done.cost_fen == 2 * bot.content.offers["weekly"].piece_fen
    said = done.in_words({"sleeping/soft": "换季整理"})
    assert "会有 4 人次进入（触发 5 次，3 人）" in said
    assert "换季整理 3" in said
    async with bot.session() as session:
        assert await session.scalar(select(func.count()).select_from(Run)) == 0
        assert await session.scalar(select(func.count()).select_from(Touch)) == 0


async def test_a_sample_is_told_for_all_and_what_nobody_noted_is_refused(bot):
    async with bot.session() as session:
        made = [await a_customer(session, birthday_month=n % 12 + 1) for n in range(48)]
    born = SPEC | {"trigger": "birthday_month"}
    whole, part = await rehearsed(bot, born), await rehearsed(bot, born, sample=24)
    assert (whole.causes, whole.share, part.share) == (len(made), 1.0, 0.5)
    assert part.of_all(part.entered) == whole.entered == len(made)
    with pytest.raises(Refusal, match="no_past"):
        await rehearsed(bot, SPEC | {"trigger": "level_reached:白银"})


async def test_a_journey_follows_a_clock_in_a_file(sessions, database_url, tmp_path):
    clock = tmp_path / "clock.json"

    def at(*moment: int) -> None:
        told = datetime(*moment, tzinfo=UTC).isoformat()
        clock.write_text(json.dumps({"now": told, "running": False}))

    async def said(bot) -> int:
        await bot.step()
        async with bot.work.sessions.reading() as session:
            return await session.scalar(select(func.count()).select_from(Touch)) or 0

    at(2026, 3, 12, 2)
    settings = Settings(database_url=database_url, secret_key=SECRET, clock_file=clock)
    async with open_bot(settings, ROUTERS) as bot:
        async with bot.work.sessions.begin() as session:
            customer = await a_customer(session)
            await playbooks.publish_playbooks(session, Written(SPEC), bot.work.now())
            await journeys.enter(
                session,
                bot.work.content,
                trigger="order_paid",
                customer_id=customer.id,
                cause="order:1",
                now=bot.work.now(),
            )
        seen = [await said(bot)]
        for moment in ((2026, 3, 14, 1, 59), (2026, 3, 14, 2, 1), (2026, 3, 24, 3)):
            at(*moment)
            seen.append(await said(bot))
    assert seen == [0, 0, 1, 2]
