"""Tags made, ruled, retired and settled in the console; tiers tried there."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from bot.domain.browsing import Glance
from bot.domain.customers import Customer
from bot.domain.games import GameEntry
from bot.domain.orders import Order, OrderLine
from bot.domain.tags import CustomerTag, FollowTag, Tag, TagRule
from bot.store import consent, tags
from bot.store.tags import put
from tests.builders import a_customer, a_follow, a_guide


async def wearing(bot, name: str) -> set[int]:
    async with bot.session() as session:
        query = select(CustomerTag.customer_id).join(Tag).where(Tag.name == name)
        return set(await session.scalars(query))


async def test_a_tag_is_made_ruled_given_by_night_and_retired(bot, shop):
    async with bot.session() as session:
        friend, _other = await a_customer(session), await a_customer(session)
        await a_follow(session, friend, await a_guide(session))
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/tags")
    page = await boss.sends("/admin/tags", group="服务", name="有导购", then="rule")
    assert "「服务/有导购」怎么打上" in page.text
    page = await boss.opens(
        "/admin/tags/rule?tag=服务/有导购&edited=1&field=follows.any&op=eq&value=yes"
    )
    assert 'data-total="1"' in page.html
    rule = '{"all": [{"field": "follows.any", "op": "eq", "value": true}]}'
    page = await boss.sends("/admin/tags/rule/publish", rule=rule)
    assert "已加导购好友" in page.text
    async with bot.sessions.reading() as session:
        book = await tags.live_book(session, bot.content.tags)
    await tags.retag_all(bot.sessions, book, bot.now)
    assert await wearing(bot, "有导购") == {friend.id}
    page = await boss.opens("/admin/tags")
    assert re.search(r'data-people="服务/有导购">1<', page.html)
    await boss.sends("/admin/tags/retire", tag="服务/有导购")
    assert await wearing(bot, "有导购") == set()


async def test_a_tag_made_here_can_be_given_by_hand(bot, shop):
    async with bot.session() as session:
        customer = await a_customer(session, ref="c1")
    boss = await shop.signs_in("operator", "yun")
    await boss.opens("/admin/tags")
    await boss.sends("/admin/tags", group="导购", name="爱聊穿搭")
    await boss.opens("/admin/customers")
    await boss.sends("/admin/customers/tag", tag="导购/爱聊穿搭", who="sel", sel="c1", act="add")
    assert await wearing(bot, "爱聊穿搭") == {customer.id}


async def test_a_rule_takes_the_place_of_the_one_in_the_file(bot, shop):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/tags/rule?tag=近况/常来聊")
    assert "来过消息至少 3 条" in boss.text
    rule = '{"all": [{"field": "messages.count", "op": "gte", "value": 9, "within_days": 30}]}'
    page = await boss.sends("/admin/tags/rule/publish", rule=rule)
    assert "来过消息至少 9 条" in page.text
    assert "来过消息至少 3 条" not in page.text


async def test_what_has_happened_already_is_counted(bot, shop):
    async with bot.session() as session:
        customer = await a_customer(session)
        await a_follow(session, customer, await a_guide(session), state="till-west")
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/tags/rule?tag=来源/门店扫码&when=contact_way&any=till*")
    assert "到现在有 1 位顾客做过这件事" in page.text
    page = await boss.opens("/admin/tags/rule?tag=风格/通勤&when=keyword&any=西装")
    assert "从发布起，听到就打" in page.text
    await boss.sends("/admin/tags/rule/publish")
    async with bot.session() as session:
        made = (await session.scalars(select(TagRule))).one()
    assert made.rule == {"when": "keyword", "any": ["西装"], "confidence": 0.7}


async def test_what_may_not_be_a_tag_is_refused_and_who_may_not_is_told(bot, shop):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/tags")
    page = await boss.sends("/admin/tags", group="导购", name="怀孕3个月")
    assert page.status == 422
    auditor = await shop.signs_in("auditor", "shen")
    page = await auditor.opens("/admin/tags")
    assert "你的角色不能改标签" in page.html
    assert (await auditor.opens("/admin/tags/rule?tag=风格/通勤")).status == 403


async def test_a_dispute_is_settled_one_way_or_the_other(bot, shop):
    async with bot.session() as session:
        guide = await a_guide(session)
        for n in range(2):
            customer = await a_customer(session, ref=f"c{n}")
            follow = await a_follow(session, customer, guide)
            await put(
                session,
                customer_id=customer.id,
                tag="风格/通勤",
                source="keyword",
                evidence={},
                now=bot.now,
            )
            tag_id, _ = await tags.labels.named(session, "风格/通勤")
            session.add(
                FollowTag(follow_id=follow.id, tag_id=tag_id, state="declined", at=bot.now)
            )
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/tags")
    assert "2 处" in page.text
    page = await boss.sends("/admin/tags/settle", keep="theirs")
    assert len(await wearing(bot, "通勤")) == 1
    page = await boss.sends("/admin/tags/settle", keep="ours")
    assert "和企业微信不一致" not in page.text
    assert len(await wearing(bot, "通勤")) == 1


async def test_another_cut_of_the_tiers_is_tried_and_written_nowhere(bot, shop):
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/tags/tiers?core=30&days=90&try=1")
    assert "那一天以前还没有付过款的顾客" in page.text


async def test_small_signs_are_tried_published_and_shown_in_words(bot, shop):
    async with bot.session() as session:
        customer = await a_customer(session)
        day = {"of": "item", "what": "K1", "day": "2026-03-12", "at": bot.now}
        session.add(Glance(customer_id=customer.id, times=3, seconds=60, **day))
    boss = await shop.signs_in("owner", "boss")
    ask = (
        "/admin/tags/rule?tag=兴趣/家居&when=counter&item=K*&item_seconds=20&enters=2&half_life=7"
    )
    assert "淡到多少分以下摘掉" in (await boss.opens(f"{ask}&leaves=3")).text
    assert "摘掉的分数要比打上的低" in boss.text
    assert "有 1 位顾客攒够了" in (await boss.opens(f"{ask}&leaves=.5")).text
    page = await boss.sends("/admin/tags/rule/publish")
    assert "看商品 K* 满 20 秒，每 7 天减半，攒到 2 分打上，0.5 分以下摘掉" in page.text
    async with bot.sessions.reading() as session:
        book = await tags.live_book(session, bot.content.tags)
    await tags.retag_all(bot.sessions, book, bot.now)
    assert await wearing(bot, "家居") == {customer.id}
    assert (
        "3 次，停留 60 秒，最近 2026-03-12"
        in (await boss.opens(f"/admin/customers/{customer.ref}")).text
    )
    await boss.opens("/admin/tags")
    await boss.sends("/admin/tags/retire", tag="兴趣/家居")
    assert await wearing(bot, "家居") == set()


async def test_a_price_band_is_tried_and_published_in_place_of_the_files(bot, shop):
    async with bot.session() as session:
        customer = await a_customer(session)
        order = {"source": "pos", "state": "paid", "paid_at": bot.now, "customer_id": customer.id}
        session.add(Order(**order, order_no="1", amount_fen=30_000))
    boss = await shop.signs_in("owner", "boss")
    ask = "/admin/tags/rule?tag=价格带/高端&when=purchase&of=order&days=365&looked=1"
    assert "“到”要比“从”大" in (await boss.opens(f"{ask}&from=300&below=200")).text
    assert "有 1 位顾客是这样买的" in (await boss.opens(f"{ask}&from=300")).text
    page = await boss.sends("/admin/tags/rule/publish")
    assert "近 365 天，平均每单 ¥300+" in page.text
    assert "同类商品中间价的 130%+" not in page.text
    async with bot.sessions.reading() as session:
        book = await tags.live_book(session, bot.content.tags)
    await tags.retag_all(bot.sessions, book, bot.now)
    assert await wearing(bot, "高端") == {customer.id}
    async with (
        bot.session() as session
    ):  # an order in between leaves what people ruled to the night
        await tags.retag(session, bot.content.tags, bot.now, [customer.id])
    assert await wearing(bot, "高端") == {customer.id}


async def bought(bot, *days: int, category: str = "裙装") -> Customer:
    """Somebody who bought so many days ago."""
    async with bot.session() as session:
        customer = await a_customer(session)
        for ago in days:
            facts = {"source": "pos", "state": "paid", "amount_fen": 100}
            at = bot.now - timedelta(days=ago)
            order = Order(order_no=f"{ago}", customer_id=customer.id, paid_at=at, **facts)
            session.add(order)
            await session.flush()
            line = {"sku": "", "name": "裙", "category": category, "quantity": 1}
            session.add(OrderLine(order_id=order.id, ordinal=0, amount_fen=100, **line))
    return customer


async def test_every_way_of_buying_is_tried_here_and_shows_who(bot, shop):
    customer = await bought(bot, 1, 8, 15)  # three Wednesdays
    boss = await shop.signs_in("owner", "boss")
    ask = "/admin/tags/rule?tag=购物习惯/爱用券&when=purchase&looked=1&days=30&of="
    for asked, fit in {
        "count&least=3": 1,
        "count&least=1&most=2": 0,
        "count&least=3&what=裙装": 1,
        "count&least=1&what=裤装": 0,
        "coupon&share=50&orders=3": 0,
        "weekend&share=100&orders=3": 0,
        "new&share=50&orders=3&fresh=30": 0,
    }.items():
        page = await boss.opens(ask + asked)
        assert f"有 {fit} 位顾客是这样买的" in page.text, asked
        assert (f"/admin/customers/{customer.ref}" in page.html) == bool(fit)
    assert "先写占百分之几" in (await boss.opens(f"{ask}coupon&orders=3")).text


async def test_a_group_takes_a_tag_for_each_category_that_is_bought(bot, shop):
    customer = await bought(bot, 1, 8, 15)
    async with bot.session() as session:
        await tags.named(session, "兴趣/上新")
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/tags/rule?tag=兴趣/{category}&looked=1&of=count&least=3")
    page = await boss.sends("/admin/tags/rule/publish")
    assert "买过「…」，下过 3+ 单" in page.text
    assert "下过 2+ 单" not in page.text
    async with bot.sessions.reading() as session:
        book = await tags.live_book(session, bot.content.tags)
    await tags.retag_all(bot.sessions, book, bot.now)
    assert await wearing(bot, "裙装") == {customer.id}


async def test_an_answer_gives_a_tag_to_who_gave_it_before_and_agreed(bot, shop):
    async with bot.session() as session:
        agreed, silent = await a_customer(session), await a_customer(session)
        said = {"game": "next-season", "round": "", "choice": "亚麻", "state": "in", "at": bot.now}
        session.add_all(GameEntry(customer_id=who.id, **said) for who in (agreed, silent))
        act = {"customer_id": agreed.id, "channel": "page", "actor": "customer:c", "evidence": {}}
        await consent.record(session, **act, purpose="profiling", action="grant", at=bot.now)
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/tags/rule?tag=兴趣/家居&when=answer&answer=[]")
    assert "规则没有读懂" in page.text
    assert "下一季想多做哪一种？ · 亚麻" in page.text
    await boss.opens(
        '/admin/tags/rule?tag=兴趣/家居&when=answer&answer=["next-season", "vote", "亚麻"]'
    )
    assert "已经这样答过的有 1 位" in boss.text
    page = await boss.sends("/admin/tags/rule/publish")
    assert "她在「next-season」里答「亚麻」" in page.text
    assert await wearing(bot, "家居") == {agreed.id}
