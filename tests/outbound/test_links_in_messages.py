"""A message to one person carries links of hers; one text for many carries the campaign's."""

from __future__ import annotations

import re

from sqlalchemy import select, update

from bot.calls import CreateMassTask, SendKf
from bot.domain.campaigns import Touch
from bot.domain.customers import Customer
from bot.domain.delivery import ShortLink
from bot.events import LinkOpened
from bot.store import campaigns, explain, mailings
from tests.outbound.conftest import a_campaign, friends, looks, runs
from tests.outbound.test_deliver import a_window

WORDS = "春装到店：http://127.0.0.1:8765/h5 \n别处的：https://elsewhere.example/a"


async def mailed(bot):
    """One customer has a window, two are written to by their guide."""
    _, people = await friends(bot, 3)
    await a_window(bot, people[0])
    campaign = await a_campaign(bot, words=bot.vault.seal(WORDS, about=campaigns.ABOUT))
    await runs(bot)
    return campaign, people


def token(text: str) -> str:
    (found,) = re.findall(r"http://127\.0\.0\.1:8765/l/([0-9a-f]{24})", text)
    return found


async def touched(bot, customer) -> Touch:
    async with bot.session() as session:
        query = select(Touch).where(Touch.customer_id == customer.id)
        return (await session.scalars(query)).one()


async def mailing(bot, campaign) -> mailings.Mailing:
    async with bot.session() as session:
        (found,) = await mailings.with_counts(session, [campaign])
    return found


async def test_her_own_link_shows_that_she_opened_the_message(bot, hands):
    campaign, people = await mailed(bot)
    (kf,) = bot.platform.sent(SendKf)
    assert "https://elsewhere.example/a" in kf.text
    await bot.receives(LinkOpened(at=bot.now, token=token(kf.text)))
    assert (await touched(bot, people[0])).opened_at == bot.now
    assert (await mailing(bot, campaign)).opened == 1
    async with bot.session() as session:
        told = (await explain.explain(session, bot.vault, people[0].id)).in_words()
    assert "点开链接" in told


async def test_the_shared_link_tells_of_the_campaign_and_of_nobody(bot, hands):
    campaign, _ = await mailed(bot)
    (task,) = bot.platform.sent(CreateMassTask)
    assert "/h5/preferences" in task.text  # the way to refuse is not counted
    for minute in range(2):
        await bot.receives(LinkOpened(at=bot.now.replace(second=minute), token=token(task.text)))
    found = await mailing(bot, campaign)
    assert (found.opened, found.opens) == (0, 2)
    async with bot.session() as session:
        link = await session.get_one(ShortLink, token(task.text))
    assert (link.customer_id, link.touch_id, link.campaign_id) == (None, None, campaign.id)


async def test_whoever_is_signed_in_opens_the_shared_link_as_herself(bot, hands):
    _, people = await mailed(bot)
    hands.confirm()
    await looks(bot)
    (task,) = bot.platform.sent(CreateMassTask)
    await bot.receives(LinkOpened(at=bot.now, token=token(task.text), who=people[1].ref))
    assert (await touched(bot, people[1])).opened_at == bot.now
    assert (await touched(bot, people[2])).opened_at is None


async def test_a_link_that_was_passed_on_says_nothing_of_its_owner(bot, hands):
    _, people = await mailed(bot)
    (kf,) = bot.platform.sent(SendKf)
    await bot.receives(LinkOpened(at=bot.now, token=token(kf.text), who=people[1].ref))
    assert (await touched(bot, people[0])).opened_at is None


async def test_who_refused_to_be_profiled_is_not_followed_by_links(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    async with bot.session() as session:
        await session.execute(update(Customer).values(personalised=False))
    await a_campaign(bot, words=bot.vault.seal(WORDS, about=campaigns.ABOUT))
    await runs(bot)
    (kf,) = bot.platform.sent(SendKf)
    async with bot.session() as session:
        link = await session.get_one(ShortLink, token(kf.text))
    assert link.customer_id is None
