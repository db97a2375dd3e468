"""Many customers at once: a tag for those that were ticked or for all on the list, and a campaign for them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from bot.domain.tags import CustomerTag, Tag
from bot.domain.tiers import CustomerTier
from bot.store import consent, segments
from tests.builders import LONG_AGO, a_customer, a_follow, a_guide, a_store

TAG = "/admin/customers/tag"


@pytest.fixture
async def people(bot):
    """Three customers of S01: two are friends, one of them agreed; and one of S02."""
    async with bot.session() as session:
        stores = [await a_store(session, code=code) for code in ("S01", "S02")]
        guides = [await a_guide(session, store_id=store.id) for store in stores]
        made = [await a_customer(session, ref=f"c{n}") for n in range(4)]
        for customer, guide in zip(made, (*guides[:1] * 3, guides[1]), strict=True):
            await a_follow(session, customer, guide)
        session.add(_tier(made[0].id))
        await consent.record(
            session,
            customer_id=made[1].id,
            purpose="marketing_wecom",
            action="grant",
            channel="form",
            actor="customer",
            at=bot.now,
            evidence={},
        )
    return made


async def wearing(bot, tag: str) -> set[int]:
    async with bot.session() as session:
        query = select(CustomerTag.customer_id).join(Tag).where(Tag.name == tag)
        return set(await session.scalars(query))


async def test_the_ticked_ones_get_the_tag_and_lose_it_again(bot, shop, people):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers?sort=since")
    page = await boss.sends(TAG, tag="兴趣/上新", who="sel", sel=["c0", "c3"], act="add")
    assert "2 位顾客的标签变了" in page.text
    assert "sort=since" in page.url
    assert await wearing(bot, "上新") == {people[0].id, people[3].id}
    await boss.sends(TAG, tag="兴趣/上新", who="sel", sel=["c3"], act="remove")
    assert await wearing(bot, "上新") == {people[0].id}


async def test_everybody_on_the_list_means_the_list_with_its_chips(bot, shop, people):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers?tier=核心")
    await boss.sends(TAG, tag="风格/通勤", who="all", act="add")
    assert await wearing(bot, "通勤") == {people[0].id}


async def test_a_manager_tags_her_own_store_alone(bot, shop, people):
    manager = await shop.signs_in("manager", "dian", "S02")
    await manager.opens("/admin/customers")
    await manager.sends(TAG, tag="风格/休闲", who="sel", sel=["c0", "c3"], act="add")
    assert await wearing(bot, "休闲") == {people[3].id}


async def test_what_may_not_be_a_tag_is_refused(shop, people):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers")
    page = await boss.sends(TAG, tag="导购/宝宝3个月", who="all", act="add")
    assert page.status == 422
    assert "未成年人" in page.text


async def test_the_list_can_be_narrowed_to_a_reason_and_the_file_with_it(shop, people):
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/customers?why=ok")
    assert ">c1<" in page.html
    assert ">c0<" not in page.html
    page = await boss.opens("/admin/customers?why=no_consent&format=csv&reason=对账")
    assert page.html.count("\n") == 5  # with whose file it is


async def test_who_comes_and_who_goes_are_lists_of_their_own(bot, shop, people):
    rule = {"field": "tier", "op": "in", "value": ["核心"]}
    async with bot.session() as session:
        await segments.publish(
            session, key="best", name="好顾客", rule=rule, by="owner:boss", now=bot.now
        )
    boss = await shop.signs_in("owner", "boss")
    asked = "/admin/customers?segment=best&edited=1&field=store&op=in&value=S02"
    assert ">c3<" in (await boss.opens(f"{asked}&side=in")).html
    page = await boss.opens(f"{asked}&side=out")
    assert ">c0<" in page.html
    assert ">c3<" not in page.html


async def test_a_campaign_begins_with_the_people_of_the_list(bot, shop, people):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers?field=follows.any&op=eq&value=yes&tier=核心")
    page = await boss.sends("/admin/customers/campaign", name="春天的核心")
    assert page.url.startswith("/admin/campaigns/new?segment=")
    async with bot.session() as session:
        made = await segments.published(session, "春天的核心")
    assert json.dumps(made.rule, ensure_ascii=False).count("field") == 2


async def test_every_order_can_be_asked_for(shop, people):
    boss = await shop.signs_in("owner", "boss")
    for order in ("tier", "-orders", "last", "-since", "active", "nonsense"):
        assert (await boss.opens(f"/admin/customers?sort={order}")).status == 200


def _tier(customer_id: int) -> CustomerTier:
    numbers = dict.fromkeys(("score", "activity", "overdue", "rank"), 0.5)
    cells = dict.fromkeys(("recency", "frequency", "monetary"), 5)
    return CustomerTier(
        customer_id=customer_id,
        tier="核心",
        share_class="头部",
        **numbers,
        **cells,
        reason="",
        since=LONG_AGO,
    )
