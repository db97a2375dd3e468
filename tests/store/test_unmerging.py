"""A merge taken back leaves no trace in any row that names either of the two."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from bot.domain.campaigns import OutsideSend, Touch
from bot.domain.customers import Customer
from bot.domain.delivery import GuideTask
from bot.domain.orders import Order, OrderEntry
from bot.domain.points import PointsAccount
from bot.store import consent, customers, points, quotas
from tests.builders import LONG_AGO
from tests.filling import Filler, everything, tables

LATER = LONG_AGO + timedelta(days=30)
HER = "owner:1"
RANKED = ("purchase_stats", "customer_tier", "tier_move")


async def lives(s, vault, number=2) -> list[Customer]:
    """So many people with something in every table; the last of them wants no messages."""
    filler, met = Filler(s, vault), []
    for n in range(number):
        who = await customers.meet(
            s, vault, kind="external_userid", value=f"wm{n}", at=LONG_AGO + timedelta(hours=n)
        )
        met.append(who)
    await customers.rename(s, vault, met[-1].id, "林小满")
    met[-1].region, met[-1].gender = "上海", 2
    for n, who in enumerate(met):
        await s.flush()
        await filler.fill(who.id)
        await consent.record(
            s,
            customer_id=who.id,
            purpose="marketing_wecom",
            action="grant" if n < number - 1 else "withdraw",
            channel="kf",
            actor="customer:x",
            at=LONG_AGO,
            evidence={},
        )
    await s.flush()
    s.expunge_all()
    return [await s.get_one(Customer, who.id) for who in met]


async def joined(s, vault, kept, merged):
    return await customers.join(s, vault, kept=kept, merged=merged, reason="她说的", at=LATER)


async def parted(s, vault, who):
    await customers.part(s, vault, customer_id=who.id, at=LATER, by=HER)


async def test_every_row_of_both_is_as_it_was(bot):
    async with bot.session() as s:
        one, two = await lives(s, bot.vault)
        before = await everything(s, [one.id, two.id])
        assert all(before.values()), [name for name, rows in before.items() if not rows]
        assert set(before) < {table.name for table in tables()}
        await joined(s, bot.vault, one, two)
        assert await everything(s, [one.id, two.id]) != before
        await parted(s, bot.vault, two)
        after = await everything(s, [one.id, two.id])
        assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


async def test_merges_upon_merges_come_apart_in_any_order(bot):
    async with bot.session() as s:
        people = await lives(s, bot.vault, number=3)
        one, two, three = people
        ids = [who.id for who in people]
        before = await everything(s, ids)
        for numbers in RANKED:  # a young shop ranks bystanders anew with every change
            del before[numbers]
        await joined(s, bot.vault, two, one)
        await joined(s, bot.vault, three, two)
        assert one.merged_into == three.id
        await parted(s, bot.vault, one)
        assert (one.merged_into, two.merged_into) == (None, three.id)
        await parted(s, bot.vault, two)
        after = await everything(s, ids)
        assert {name: after[name] for name in before} == before


async def test_what_happened_since_stays_and_the_rest_goes_back(bot):
    async with bot.session() as s:
        one, two = await lives(s, bot.vault)
        await joined(s, bot.vault, one, two)
        await points.earn(s, customer_id=one.id, points=7, effect="since", at=LATER)
        was = await s.scalar(select(PointsAccount.balance).where(PointsAccount.customer_id == 1))
        order = await s.scalar(select(Order.id).where(Order.customer_id == one.id).limit(1))
        await parted(s, bot.vault, two)
        both = await s.scalar(select(func.sum(PointsAccount.balance)))
        assert both == was
        assert order


async def test_a_refund_since_the_merge_goes_back_with_its_order(bot):
    async with bot.session() as s:
        one, two = await lives(s, bot.vault)
        theirs = await s.scalar(select(Order.id).where(Order.customer_id == two.id).limit(1))
        await joined(s, bot.vault, one, two)
        facts = {"order_id": theirs, "kind": "refunded", "ref": "R1", "at": LATER}
        s.add(OrderEntry(**facts, customer_id=one.id, amount_fen=-5))
        await s.flush()
        await parted(s, bot.vault, two)
        owner = select(OrderEntry.customer_id).where(OrderEntry.ref == "R1")
        assert await s.scalar(owner) == two.id


async def test_guides_words_stay_readable(bot):
    async with bot.session() as s:
        one, two = await lives(s, bot.vault)
        for step in (joined(s, bot.vault, one, two), parted(s, bot.vault, two)):
            await step
            for task in await s.scalars(select(GuideTask)):
                said = await bot.vault.unseal_for(
                    s, task.customer_id, task.words, about="guide_task.words"
                )
                assert said == "她"


async def test_caps_count_what_every_record_of_hers_received(bot):
    async with bot.session() as s:
        one, two, three = await lives(s, bot.vault, number=3)
        for kept, merged in ((two, one), (three, two)):
            s.add(
                OutsideSend(
                    msgid=f"m{kept.id}", address=f"a{kept.id}", customer_id=one.id, at=LATER
                )
            )
            await joined(s, bot.vault, kept, merged)
        await s.execute(update(Touch).values(state="delivered", sent_at=LATER, channel="wecom"))
        touches = await s.scalar(select(func.count()).select_from(Touch))
        others = await s.scalar(select(func.count()).select_from(OutsideSend))
        now, limits = LATER + timedelta(hours=1), bot.content.limits
        used = await quotas.used(s, [three.id], at=now, limits=limits)
        assert used.keys() == {three.id}
        assert (used[three.id].in_month, used[three.id].mass_in_month) == (
            touches,
            touches + others,
        )
