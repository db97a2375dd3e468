"""An offer that counts by household: a mother and her daughter who gave one phone, and a stranger."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select

from bot.domain.offers import Coupon, Offer
from bot.domain.quotas import Limits
from bot.domain.refusals import Refusal
from bot.store import customers, offers
from bot.store.customers import questions
from bot.store.explain import explain
from bot.store.offers import offered
from bot.store.stocks import stock
from tests.builders import an_offer

PHONE = "13800001111"


@pytest.fixture
async def people(bot) -> list[int]:
    """Two cards with one phone, which merge review keeps apart, and somebody else."""
    found = []
    async with bot.session() as s:
        for number, phone in enumerate((PHONE, PHONE, "13900002222")):
            who = await customers.meet(
                s, bot.vault, kind="member_no", value=f"M{number}", phone=phone, at=bot.now
            )
            found.append(who.id)
        for asked in await questions.open_about(s, found[0]):
            await questions.keep_apart(s, asked.id, by="boss")
    return found


async def give(bot, offer: Offer, who: int, why: str = "t") -> str:
    try:
        async with bot.session() as s:
            await offers.issue(s, offer_key=offer.key, customer_id=who, trigger=why, now=bot.now)
    except Refusal as refusal:
        return refusal.reason
    return "given"


async def test_one_phone_is_one_household(bot, people):
    mother, daughter, stranger = people
    async with bot.session() as s:
        offer = await an_offer(s, per_household=1, claimable=True)
    assert await give(bot, offer, daughter) == "given"
    assert await give(bot, offer, daughter) == "given"  # the same trigger: the same coupon
    assert await give(bot, offer, mother) == "per_household"
    assert await give(bot, offer, stranger) == "given"
    async with bot.session() as s:
        shown = {who: await offered.on_offer(s, who, bot.now) for who in people}
        assert [(it.may_take, it.home_full) for (it,) in shown.values()] == [
            (0, True),
            (0, False),
            (0, False),
        ]
        known = await stock(s, offer.key, people, at=bot.now, limits=Limits())
        assert known.spent == {
            mother: "per_household",
            daughter: "per_customer",
            stranger: "per_customer",
        }
        told = await explain(s, bot.vault, mother)
        assert "和另外 1 位顾客登记过同一个手机号" in told.in_words()
        assert (await explain(s, bot.vault, stranger)).shares_phone == 0
        # What comes back unused is nobody's: her mother may have it then.
        await offers.withdraw(s, Coupon.customer_id == daughter, bot.now)
    assert await give(bot, offer, mother) == "given"


async def test_an_offer_without_it_asks_nothing_more(bot, people):
    async with bot.session() as s:
        plain, counted = await an_offer(s), await an_offer(s, per_household=2, per_customer=2)
    asked: list[str] = []

    def hear(_conn, _cursor, statement, *_rest):
        asked.append(statement)

    async with bot.session() as s:
        engine = (await s.connection()).sync_connection.engine
        event.listen(engine, "before_cursor_execute", hear)
        for offer in (plain, counted):
            await offers.issue(
                s, offer_key=offer.key, customer_id=people[0], trigger="t", now=bot.now
            )
        event.remove(engine, "before_cursor_execute", hear)
    about = [number for number, each in enumerate(asked) if "merge_record" in each]
    first = next(n for n, each in enumerate(asked) if "INSERT INTO coupon" in each)
    assert about
    assert min(about) > first
    async with bot.session() as s:
        assert await s.scalar(select(func.count(Coupon.id))) == 2
