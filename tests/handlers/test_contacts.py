from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import GetCustomer, GetKfCustomers
from bot.domain.customers import Customer, Follow, Identity
from bot.domain.refusals import Refusal
from bot.events import (
    AuthorizationRevoked,
    CustomerAdded,
    FanFollowed,
    FanLeft,
    FanMessaged,
    GuideDeleted,
    KfMessageReceived,
    MergeCustomers,
    UnmergeCustomer,
)
from bot.events.commands import Actor
from bot.store import consent, customers

OWNER = Actor(kind="owner", id="1")


def added(bot, *, after=0, **facts):
    at = bot.now + timedelta(minutes=after)
    facts = {"userid": "WangFang", "external_userid": "wm1", "state": "store-s01"} | facts
    return CustomerAdded(at=at, **facts)


def deleted(bot, *, after=0):
    at = bot.now + timedelta(minutes=after)
    return GuideDeleted(at=at, userid="WangFang", external_userid="wm1")


async def ties(bot):
    async with bot.session() as s:
        return [tie.ended_by for tie in await s.scalars(select(Follow))]


async def test_a_new_friend_is_followed_and_looked_up(bot):
    await bot.receives(added(bot))
    assert await ties(bot) == [None]
    assert GetCustomer(external_userid="wm1") in await bot.sends()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_whoever_left_stays_gone_in_whatever_order_we_hear(bot, order):
    news = [added(bot), deleted(bot, after=5)]
    await bot.receives(*[news[place] for place in order])
    assert await ties(bot) == ["customer"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
async def test_the_source_of_the_latest_adding_counts_in_whatever_order_we_hear(bot, order):
    news = [added(bot, state="s1"), added(bot, after=1, state="s2"), deleted(bot, after=2)]
    await bot.receives(*[news[place] for place in order])
    async with bot.session() as s:
        (tie,) = await s.scalars(select(Follow))
    assert (tie.state, tie.since, tie.ended_by) == ("s2", news[1].at, "customer")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_fan_who_left_stays_gone_in_whatever_order_we_hear(bot, order):
    who = {"openid": "o1", "account": "gh_1"}
    news = [FanFollowed(at=bot.now, **who), FanLeft(at=bot.now + timedelta(minutes=1), **who)]
    await bot.receives(*[news[place] for place in order])
    async with bot.session() as s:
        assert await s.scalar(select(Identity.stale_at)) == news[1].at


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
async def test_whoever_came_back_is_back_in_whatever_order_we_hear(bot, order):
    news = [added(bot), deleted(bot, after=5), added(bot, after=9, state="store-s02")]
    await bot.receives(*[news[place] for place in order])
    assert await ties(bot) == [None]


async def test_somebody_unnamed_in_kf_is_asked_about_once(bot):
    for n in range(2):
        await bot.receives(
            KfMessageReceived(
                at=bot.now,
                open_kfid="wk1",
                external_userid="wm1",
                msgid=f"m{n}",
                msgtype="text",
                text="在吗",
            )
        )
    calls = await bot.sends()
    assert [c for c in calls if isinstance(c, GetKfCustomers)] == [
        GetKfCustomers(external_userids=("wm1",))
    ]


async def fan(bot):
    async with bot.session() as s:
        found = await customers.find(s, bot.vault, "openid", "oA")
        reachable = await customers.addresses(s, found.id, "openid")
        return found, [each.value for each in reachable]


async def test_a_fan_who_left_is_known_but_not_reachable(bot):
    await bot.receives(FanFollowed(at=bot.now, openid="oA", account="gh_1"))
    await bot.receives(FanLeft(at=bot.now + timedelta(hours=1), openid="oA", account="gh_1"))
    assert (await fan(bot))[1] == []
    later = bot.now + timedelta(hours=2)
    await bot.receives(
        FanMessaged(at=later, openid="oA", account="gh_1", msgid="1", msgtype="text", text="在")
    )
    found, reachable = await fan(bot)
    assert reachable == ["oA"]
    assert found.last_active_at == later


async def test_a_revoked_authorisation_takes_the_consent_with_it(bot):
    await bot.receives(FanFollowed(at=bot.now, openid="oA", account="gh_1"))
    at = bot.now + timedelta(hours=1)
    await bot.receives(AuthorizationRevoked(at=at, openid="oA", account="gh_1"))
    found, reachable = await fan(bot)
    assert reachable == []
    async with bot.session() as s:
        assert await consent.granted(s, found.id, "marketing_official") is None


async def two_friends(bot):
    await bot.receives(added(bot), added(bot, external_userid="wm2"))
    async with bot.session() as s:
        return [c.id for c in await s.scalars(select(Customer).order_by(Customer.id))]


async def test_a_person_merges_two_records_and_takes_it_back(bot):
    one, two = await two_friends(bot)
    command = MergeCustomers(
        at=bot.now, actor=OWNER, key=bot.key(), keep_id=one, merge_id=two, reason="同一部手机"
    )
    assert (await bot.does(command))["customer_id"] == one
    undo = UnmergeCustomer(at=bot.now, actor=OWNER, key=bot.key(), customer_id=two, reason="误会")
    assert await bot.does(undo) == {"kept_id": one, "restored_id": two}


async def test_merging_what_is_one_already_is_refused(bot):
    one, _ = await two_friends(bot)
    with pytest.raises(Refusal, match="same_customer"):
        await bot.does(
            MergeCustomers(
                at=bot.now, actor=OWNER, key=bot.key(), keep_id=one, merge_id=one, reason="x"
            )
        )
