"""What the dry run counts is what happens: generated campaigns in one shop whose customers change their minds."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import SendKf
from bot.content import wording
from bot.domain.campaigns import Touch
from bot.domain.customers import Customer, Follow
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.store import campaigns, conversations, offers
from tests.builders import a_guide
from tests.outbound.conftest import a_campaign, agrees, friends, looks

CAMPAIGNS = 10
"""On each database, and other ones there."""
SAID = (
    {"template": "newcomer/last_call"},
    {"template": "sleeping/soft"},
    {"template": "weekly/benefit", "offer_key": "weekly"},
    {"template": "sleeping/coupon", "offer_key": "weekly"},
    {"template": "group/invite", "channels": ["kf"]},
    {},
)
"""Words that need nothing, an offer, a coupon that not everybody holds, or a link that nobody has."""


class Shop:
    """Two dozen customers of three guides, and a dice."""

    def __init__(self, bot, people, dice):
        self.bot, self.people, self.dice = bot, people, dice

        self._acts = [self._mind, self._hold, self._tie, self._writes, self._writes, self._writes]

    async def changes(self, times: int) -> None:
        """Some opt out or agree, complain or are answered, write to us or delete their guide."""
        async with self.bot.session() as session:
            for _ in range(times):
                who = await session.get(Customer, self.dice.choice(self.people))
                await self.dice.choice(self._acts)(session, who)

    async def _mind(self, session, who):
        await agrees(
            session, who, self.bot.now, action=self.dice.choice(["grant", "grant", "withdraw"])
        )

    async def _hold(self, _session, who):
        who.marketing_held = self.dice.random() < 0.3

    async def _writes(self, session, who):
        await conversations.opened(
            session,
            customer_id=who.id,
            channel="kf",
            address=f"wk1|wm{who.id}",
            by="message",
            at=self.bot.now,
        )

    async def _tie(self, session, who):
        follow = await session.scalar(select(Follow).where(Follow.customer_id == who.id))
        follow.ended_at = self.bot.now if self.dice.random() < 0.3 else None

    async def draws_up(self, said):
        return await a_campaign(
            self.bot,
            **({"words": None} if said else {}),
            **said,
            rule={"field": "gender", "op": "in", "value": self.dice.choice([[0], [1], [0, 1]])},
            holdout_percent=self.dice.choice([0, 10, 40]),
        )

    async def rehearses(self, campaign):
        bot = self.bot
        async with bot.session() as session:
            return await campaigns.dry_run(
                session,
                bot.vault,
                campaign,
                limits=bot.content.limits,
                now=bot.now,
                saying=wording.saying(
                    bot.content,
                    campaign,
                    written=campaigns.written(bot.vault, campaign),
                    public_url=bot.settings.public_url,
                ),
            )

    async def touches(self, campaign):
        async with self.bot.session() as session:
            query = select(Touch).where(Touch.campaign_id == campaign.id)
            return list(await session.scalars(query))


@pytest.fixture
async def shop(bot, hands):
    async with bot.session() as session:
        await offers.publish_offers(session, bot.vault, bot.content.offers.values())
        guides = [
            await a_guide(session),
            await a_guide(session),
            await a_guide(session, away_until=bot.now + timedelta(days=30)),
        ]
    people = []
    for guide in guides:
        for gender in (0, 1):
            _, made = await friends(bot, 4, guide=guide, gender=gender)
            people += [one.id for one in made]
    return Shop(bot, people, random.Random(bot.sessions.dialect))


async def test_whatever_is_planned_and_not_excluded_with_a_reason_is_handed_over(bot, hands, shop):
    reasons = Counter[str]()
    for number in range(CAMPAIGNS):
        bot.clock.advance(days=shop.dice.choice([3, 8]))
        await shop.changes(12)
        campaign = await shop.draws_up(SAID[number % len(SAID)])
        receipt = await shop.rehearses(campaign)
        await bot.works(plan_due)
        drawn = await shop.touches(campaign)
        assert Counter(t.reason for t in drawn if t.state == "excluded") == receipt.excluded
        planned = {t.customer_id for t in drawn if t.state == "planned"}
        assert (len(planned), len(drawn)) == (receipt.planned, receipt.audience)
        before = len(bot.platform.sent(SendKf))
        await shop.changes(3)
        await bot.works(deliver_due)
        await shop.changes(2)
        await bot.sends()
        await looks(bot)
        ended = await shop.touches(campaign)
        later = {
            t.customer_id
            for t in ended
            if t.customer_id in planned and t.state in OUT and t.reason
        }
        written = [who for task in hands.waiting for who in task.ids]
        written += [call.external_userid for call in bot.platform.sent(SendKf)[before:]]
        hands.confirm()
        assert Counter(written) == Counter(
            (t.address or "").rpartition("|")[2] for t in ended if t.customer_id in planned - later
        )
        reasons.update(receipt.excluded)
        reasons.update(t.reason for t in ended if t.customer_id in later)
    assert {"missing_fact", "opted_out", "case_open", "guide_away", "brand_cap"} <= reasons.keys()


OUT = {"excluded", "cancelled"}
