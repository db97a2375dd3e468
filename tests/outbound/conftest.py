from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import select

from bot.domain.campaigns import Campaign, Touch
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.outbound.hand_over import withdraw_due
from bot.outbound.results import results_due
from bot.store import campaigns, consent
from tests.builders import a_customer, a_follow, a_guide
from tests.hands import Hands

_numbers = count(1)


@pytest.fixture
def hands(bot) -> Hands:
    return Hands(bot)


async def friends(bot, n: int, *, agree: bool = True, guide=None, **changes):
    """Customers who follow one guide and have agreed to marketing, unless said otherwise."""
    made = []
    async with bot.session() as session:
        guide = guide or await a_guide(session)
        for _ in range(n):
            address = f"wmfriend{next(_numbers):024}"
            customer = await a_customer(session, external_userid=address, **changes)
            await a_follow(session, customer, guide, external_userid=address)
            if agree:
                await agrees(session, customer, bot.now)
            made.append(customer)
    return guide, made


async def agrees(session, customer, at, *, action="grant", purpose="marketing_wecom"):
    await consent.record(
        session,
        customer_id=customer.id,
        purpose=purpose,
        action=action,
        channel="form",
        actor=f"customer:{customer.id}",
        at=at,
        evidence={"form": "v1"},
    )


EVERYBODY = {"field": "follows.any", "op": "eq", "value": True}


async def a_campaign(bot, **changes) -> Campaign:
    facts = {
        "name": f"活动 {next(_numbers)}",
        "rule": EVERYBODY,
        "words": bot.vault.seal("春装到店，欢迎来试。", about=campaigns.ABOUT),
        "state": "running",
        "created_by": "operator:a",
    }
    async with bot.session() as session:
        campaign = await campaigns.draft(session, now=bot.now, **(facts | changes))
    assert campaign is not None
    return campaign


async def runs(bot) -> None:
    """Everything periodic, as often as it takes to hand over what is due."""
    await bot.works(plan_due, deliver_due)
    await bot.sends()


async def looks(bot, **ahead) -> None:
    """Some time later the platform is asked, and what follows from it is done."""
    bot.clock.advance(**(ahead or {"minutes": 15}))
    await bot.works(withdraw_due)
    await bot.sends()
    bot.clock.advance(minutes=2)
    await bot.works(results_due, deliver_due)
    await bot.sends()


async def states(bot, campaign=None) -> dict[int, tuple[str, str | None]]:
    """Customer → (state, reason) of her newest touch."""
    query = select(Touch).order_by(Touch.id)
    if campaign is not None:
        query = query.where(Touch.campaign_id == campaign.id)
    async with bot.session() as session:
        found = (await session.scalars(query)).all()
    return {touch.customer_id: (touch.state, touch.reason) for touch in found}
