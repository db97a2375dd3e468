import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.domain.customers import Customer, Follow, Identity, MergeRecord
from bot.domain.orders import Order, OrderEntry
from bot.domain.points import PointsAccount, PointsEntry
from bot.domain.refusals import Refusal
from bot.domain.tags import CustomerTag
from bot.domain.tiers import PurchaseStats
from bot.events import Buyer
from bot.store import consent, customers, tags, tiers
from tests.builders import LONG_AGO

NOW = LONG_AGO
LATER = LONG_AGO + timedelta(days=1)


async def by(session, vault, kind, value, **seen):
    return await customers.meet(session, vault, kind=kind, value=value, at=NOW, **seen)


async def count(session, entity):
    return await session.scalar(select(func.count()).select_from(entity))


async def test_the_same_id_is_the_same_customer(bot):
    async with bot.session() as s:
        first = await by(s, bot.vault, "openid", "oA", account="gh_1")
        again = await by(s, bot.vault, "openid", "oA")
        assert first.id == again.id
        assert await count(s, Customer) == 1


async def test_a_phone_is_found_however_it_is_written_and_never_kept_in_clear(bot):
    async with bot.session() as s:
        met = await by(s, bot.vault, "phone", "+86 138-0000-0001", name="林小满")
        assert (await customers.find(s, bot.vault, "phone", "13800000001")).id == met.id
        assert await customers.name_of(s, bot.vault, met.id) == "林小满"
        kept = await s.scalar(select(Identity.value))
        assert "13800000001" not in kept


async def test_kf_and_customer_contact_meet_in_one_person(bot):
    async with bot.session() as s:
        friend = await by(s, bot.vault, "external_userid", "wm1")
        visitor = await by(s, bot.vault, "kf", "wm1")
        assert friend.id == visitor.id
        assert {i.kind for i in await s.scalars(select(Identity))} == {"kf", "external_userid"}


async def test_an_equal_unionid_makes_two_records_one(bot):
    async with bot.session() as s:
        fan = await by(s, bot.vault, "openid", "oA")
        friend = await by(s, bot.vault, "external_userid", "wm1")
        await customers.attach(s, bot.vault, fan, kind="unionid", value="u1", at=NOW)
        stands = await customers.attach(s, bot.vault, friend, kind="unionid", value="u1", at=NOW)
        assert stands.id == fan.id
        assert (await customers.find(s, bot.vault, "external_userid", "wm1")).id == fan.id


async def test_a_phone_joins_an_order_to_a_friend_until_it_turns_out_to_be_a_familys(bot):
    async with bot.session() as s:
        buyer = await customers.meet_buyer(
            s, bot.vault, Buyer(phone="13800000001", buyer_id="7"), at=NOW, source="mall"
        )
        friend = await by(s, bot.vault, "external_userid", "wm1", phone="13800000001")
        assert friend.id == buyer.id
        for _ in range(2):
            sister = await by(s, bot.vault, "external_userid", "wm2", phone="13800000001")
        friend = await customers.find(s, bot.vault, "external_userid", "wm1")
        assert len({buyer.id, friend.id, sister.id}) == 3
        asked = [{q.kept_id, q.merged_id} for q in await customers.proposals(s)]
        assert asked == [{buyer.id, friend.id}, {buyer.id, sister.id}]


async def test_a_phone_and_the_same_full_name_are_enough_and_another_name_is_not(bot):
    async with bot.session() as s:
        facts = {"name": "王丽", "phone": "13800000001"}
        one = await by(s, bot.vault, "external_userid", "wm1", **facts)
        again = await by(s, bot.vault, "external_userid", "wm2", **facts)
        other = await by(s, bot.vault, "external_userid", "wm3", **facts | {"name": "李强"})
        assert one.id == again.id != other.id


async def test_two_agreeing_facts_join_what_one_alone_left_open(bot):
    async with bot.session() as s:
        for unionid in ("u1", "u2"):
            first = Buyer(unionid=unionid, buyer_id="7")
            await customers.meet_buyer(s, bot.vault, first, at=NOW, source="mall")
        (asked,) = await customers.proposals(s)
        assert (asked.agreed, asked.confidence) == ({"buyer_id"}, 0.95)
        for unionid in ("u1", "u2"):
            more = Buyer(unionid=unionid, phone="13800000001")
            met = await customers.meet_buyer(s, bot.vault, more, at=LATER, source="mall")
        assert (await customers.find(s, bot.vault, "unionid", "u1")).id == met.id
        assert list(await customers.proposals(s)) == []


async def test_an_order_that_carries_no_id_belongs_to_nobody(bot):
    async with bot.session() as s:
        assert (
            await customers.meet_buyer(s, bot.vault, Buyer(phone="—"), at=NOW, source="x") is None
        )


async def two_lives(s, vault):
    """Two records with an order, points, a tag and a guide each."""
    lives = []
    for n in ("1", "2"):
        tie = await customers.follow(
            s, vault, userid=f"g{n}", external_userid=f"wm{n}", at=NOW + timedelta(hours=int(n))
        )
        who = tie.customer
        s.add(Order(source="mall", order_no=n, customer_id=who.id, state="paid", amount_fen=100))
        s.add(PointsAccount(customer_id=who.id, balance=10 * int(n), earned_year=10 * int(n)))
        s.add(PointsEntry(customer_id=who.id, delta=10 * int(n), kind="earn", effect=n, at=NOW))
        await tags.put(s, customer_id=who.id, tag=f"兴趣/{n}", source="menu", evidence={}, now=NOW)
        await customers.keep_remark(s, vault, tie.follow, f"老客{n}")
        lives.append(who)
    await s.flush()
    return lives


async def belongings(s):
    """Who has what, to compare before and after."""
    found = {}
    for entity in (Identity, Follow, Order, PointsEntry, CustomerTag):
        rows = await s.scalars(select(entity).execution_options(populate_existing=True))
        found[entity.__tablename__] = sorted(
            (row.customer_id, getattr(row, "id", getattr(row, "tag_id", 0))) for row in rows
        )
    accounts = await s.scalars(select(PointsAccount).execution_options(populate_existing=True))
    return found | {"points": sorted((a.customer_id, a.balance, a.earned_year) for a in accounts)}


async def test_a_merge_moves_everything_and_unmerge_puts_it_back(bot):
    async with bot.session() as s:
        one, two = await two_lives(s, bot.vault)
        before = await belongings(s)
        await customers.join(s, bot.vault, kept=one, merged=two, reason="同一个人", at=LATER)
        joined = await belongings(s)
        assert {owner for owner, _ in joined["shop_order"]} == {one.id}
        assert (one.id, 30, 30) in joined["points"]
        assert len(await customers.follows_of(s, one.id)) == 2
        await customers.part(s, bot.vault, customer_id=two.id, at=LATER, by="owner:1")
        assert await belongings(s) == before
        assert two.merged_into is None


async def test_a_merge_counts_the_purchases_of_both(bot):
    async with bot.session() as s:
        one, two = await two_lives(s, bot.vault)
        for n, who in enumerate((one, two)):
            order = await s.scalar(select(Order).where(Order.customer_id == who.id))
            order.paid_at = NOW + timedelta(days=n)
            s.add(
                OrderEntry(
                    order_id=order.id,
                    customer_id=who.id,
                    kind="paid",
                    ref="",
                    at=order.paid_at,
                    amount_fen=100,
                )
            )
        await s.flush()
        await tiers.refresh(s, [one.id, two.id], LATER + timedelta(days=5))
        at = LATER + timedelta(days=6)
        await customers.join(s, bot.vault, kept=one, merged=two, reason="r", at=at)
        assert [(p.customer_id, p.orders) for p in await stats(s)] == [(one.id, 2)]
        await customers.part(s, bot.vault, customer_id=two.id, at=at, by="owner:1")
        assert [(p.customer_id, p.orders) for p in await stats(s)] == [(one.id, 1), (two.id, 1)]


async def stats(session):
    rows = select(PurchaseStats).order_by(PurchaseStats.customer_id)
    return (await session.scalars(rows.execution_options(populate_existing=True))).all()


async def test_remarks_stay_readable_through_merge_and_unmerge(bot):
    async with bot.session() as s:
        one, two = await two_lives(s, bot.vault)
        for step in ("merged", "parted"):
            if step == "merged":
                await customers.join(s, bot.vault, kept=one, merged=two, reason="r", at=LATER)
            else:
                await customers.part(s, bot.vault, customer_id=two.id, at=LATER, by="owner:1")
            tie = await s.scalar(select(Follow).where(Follow.external_userid == "wm2"))
            read = await bot.vault.unseal_for(
                s, tie.customer_id, tie.remark, about="follow.remark"
            )
            assert read == "老客2"


async def test_a_withdrawal_travels_with_the_person_and_a_grant_comes_back(bot):
    async with bot.session() as s:
        one, two = await two_lives(s, bot.vault)
        for who, action in ((one, "grant"), (two, "withdraw")):
            await consent.record(
                s,
                customer_id=who.id,
                purpose="marketing_wecom",
                action=action,
                channel="kf",
                actor="customer:x",
                at=NOW,
                evidence={},
            )
        await customers.join(s, bot.vault, kept=one, merged=two, reason="r", at=LATER)
        assert await consent.granted(s, one.id, "marketing_wecom") is None
        await customers.part(s, bot.vault, customer_id=two.id, at=LATER, by="owner:1")
        assert await consent.granted(s, one.id, "marketing_wecom") is not None
        assert await consent.granted(s, two.id, "marketing_wecom") is None
        assert await consent.verify(s, one.id) is None


async def test_what_a_person_took_apart_is_not_merged_again(bot):
    async with bot.session() as s:
        fan = await by(s, bot.vault, "openid", "oA")
        await customers.attach(s, bot.vault, fan, kind="unionid", value="u1", at=NOW)
        friend = await by(s, bot.vault, "external_userid", "wm1")
        await customers.attach(s, bot.vault, friend, kind="unionid", value="u1", at=NOW)
        await customers.part(s, bot.vault, customer_id=friend.id, at=LATER, by="owner:1")
        again = await customers.attach(s, bot.vault, friend, kind="unionid", value="u1", at=LATER)
        assert again.id == friend.id
        assert await s.scalar(select(MergeRecord.state)) == "undone"


async def test_nothing_to_take_apart_is_said_so(bot):
    async with bot.session() as s:
        alone = await by(s, bot.vault, "openid", "oA")
        with pytest.raises(Refusal, match="not_merged"):
            await customers.part(s, bot.vault, customer_id=alone.id, at=NOW, by="owner:1")


async def test_her_guide_is_whom_she_talked_with_last_else_the_newest(bot):
    async with bot.session() as s:
        old = await customers.follow(s, bot.vault, userid="g1", external_userid="wm1", at=NOW)
        await customers.follow(s, bot.vault, userid="g2", external_userid="wm1", at=LATER)
        assert (await customers.guide_of(s, old.customer.id)).userid == "g2"
        old.follow.last_talk_at = LATER
        await s.flush()
        assert (await customers.guide_of(s, old.customer.id)).userid == "g1"


async def test_an_id_that_went_stale_is_no_address_until_she_returns(bot):
    async with bot.session() as s:
        fan = await by(s, bot.vault, "openid", "oA", account="gh_1")
        await customers.gone(s, kind="openid", value="oA", at=LATER)
        assert list(await customers.addresses(s, fan.id, "openid")) == []
        await customers.back(s, kind="openid", value="oA", at=NOW)
        assert list(await customers.addresses(s, fan.id, "openid")) == []
        await customers.back(s, kind="openid", value="oA", at=LATER + timedelta(days=1))
        assert [i.value for i in await customers.addresses(s, fan.id, "openid")] == ["oA"]


async def test_a_new_external_userid_of_a_migrated_contact_is_the_same_person(bot):
    """The platform gave her another id: tie, consent and tags are hers, and the new id is where she is written to."""
    async with bot.session() as s:
        old = await customers.follow(s, bot.vault, userid="g1", external_userid="wm1", at=NOW)
        await customers.attach(s, bot.vault, old.customer, kind="unionid", value="u1", at=NOW)
        act = {"channel": "page", "actor": "customer:c", "evidence": {}, "at": NOW}
        act |= {"customer_id": old.customer.id, "purpose": "profiling"}
        await consent.record(s, **act, action="grant")
        new = await customers.follow(s, bot.vault, userid="g1", external_userid="wm2", at=LATER)
        her = await customers.attach(
            s, bot.vault, new.customer, kind="unionid", value="u1", at=LATER
        )
        assert her.id == old.customer.id
        assert await consent.granted(s, her.id, "profiling") is not None
        (tie,) = await s.scalars(select(Follow).where(Follow.customer_id == her.id))
        assert (tie.external_userid, tie.ended_at) == ("wm2", None)
        found = await customers.find(s, bot.vault, "external_userid", "wm1")
        assert found.id == her.id


async def test_an_older_leaving_heard_later_does_not_make_her_return_too_early(bot):
    async with bot.session() as s:
        fan = await by(s, bot.vault, "openid", "oA", account="gh_1")
        for day in (9, 5):  # she left twice; the second news overtook the first
            await customers.gone(s, kind="openid", value="oA", at=NOW + timedelta(days=day))
        await customers.back(s, kind="openid", value="oA", at=NOW + timedelta(days=7))
        assert list(await customers.addresses(s, fan.id, "openid")) == []


@pytest.mark.parametrize("apart", [0, 1])
async def test_many_who_meet_her_at_once_meet_one_customer(bot, apart):
    async def one(n):
        at = NOW + timedelta(seconds=n * apart)
        async with bot.session() as s:
            met = await customers.meet(
                s, bot.vault, kind="phone", value="13800000001", at=at, name="林小满"
            )
            return met.id

    assert len(set(await asyncio.gather(*[one(n) for n in range(8)]))) == 1
    async with bot.session() as s:
        assert await count(s, Customer) == 1
        assert (
            await customers.name_of(s, bot.vault, await s.scalar(select(Customer.id))) == "林小满"
        )


async def test_consent_given_at_once_keeps_one_chain(bot):
    async with bot.session() as s:
        who = await by(s, bot.vault, "openid", "oA")

    async def one(n):
        async with bot.session() as s:
            await consent.record(
                s,
                customer_id=who.id,
                purpose="marketing_wecom",
                action="grant",
                channel="kf",
                actor="customer:x",
                at=NOW + timedelta(seconds=n),
                evidence={"n": n},
            )

    await asyncio.gather(*[one(n) for n in range(6)])
    async with bot.session() as s:
        assert await consent.verify(s, who.id) is None
