from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from bot.domain.customers import Customer
from bot.domain.offers import Coupon, Redemption
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.tags import CustomerTag, FollowTag, Tag
from bot.store import tags
from tests.builders import LONG_AGO, a_customer, a_follow, a_guide, an_offer

NOW = datetime(2026, 3, 12, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


async def put(session, customer, tag, source="menu", **more):
    return await tags.put(
        session,
        customer_id=customer.id,
        tag=tag,
        source=source,
        evidence={"key": "x"},
        **({"now": NOW} | more),
    )


async def names(session, customer, now=NOW):
    return [each.tag for each in await tags.worn(session, customer.id, now)]


async def bought(session, customer, days_ago=10, category="衬衫", yuan=200, **changes):
    """One paid order of one line."""
    number = f"{customer.id}-{days_ago}-{category}"
    facts = {
        "source": "mall",
        "order_no": number,
        "customer_id": customer.id,
        "state": "paid",
        "paid_at": NOW - timedelta(days=days_ago),
        "amount_fen": yuan * 100,
    }
    order = Order(**(facts | changes))
    session.add(order)
    await session.flush()
    line = OrderLine(
        order_id=order.id,
        ordinal=0,
        sku="s",
        name="n",
        category=category,
        amount_fen=yuan * 100,
    )
    session.add(line)
    await session.flush()
    return order


async def purchase_tags(bot, session, customer):
    await tags.publish(session, bot.content.tags)
    await tags.retag(session, bot.content.tags, NOW, [customer.id])
    worn = await tags.worn(session, customer.id, NOW)
    return {each.tag for each in worn if each.row.source == "purchase"}


async def test_a_tag_is_new_once_whatever_its_source(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        assert await put(s, who, "兴趣/衬衫")
        assert not await put(s, who, "兴趣/衬衫")
        assert not await put(s, who, "兴趣/衬衫", source="keyword")
        assert await names(s, who) == ["兴趣/衬衫", "兴趣/衬衫"]


async def test_an_exclusive_group_keeps_the_newest(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await tags.publish(s, bot.content.tags)
        await put(s, who, "购买阶段/新客")
        await put(s, who, "购买阶段/熟客")
        assert await names(s, who) == ["购买阶段/熟客"]


async def test_a_tag_runs_out_and_a_new_sign_renews_it(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await put(s, who, "兴趣/上新", expires_at=NOW + timedelta(days=1))
        later = NOW + timedelta(days=2)
        assert await names(s, who, later) == []
        assert await put(s, who, "兴趣/上新", now=later)
        assert await tags.expire(s, later) == 0


async def test_taking_by_source_leaves_what_others_gave(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await put(s, who, "兴趣/衬衫")
        await put(s, who, "兴趣/衬衫", source="keyword")
        assert await tags.take(s, customer_id=who.id, tag="兴趣/衬衫", source="menu")
        assert await names(s, who) == ["兴趣/衬衫"]
        assert await tags.take(s, customer_id=who.id, tag="兴趣/衬衫")
        assert not await tags.take(s, customer_id=who.id, tag="兴趣/衬衫")


async def test_orders_make_stage_and_favourite_category(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await bought(s, who, 40)
        await bought(s, who, 10)
        assert await purchase_tags(bot, s, who) == {"购买阶段/回头客", "兴趣/衬衫"}


async def test_a_price_band_is_told_beside_what_such_things_usually_cost(bot):
    async with bot.session() as s:
        people = [await a_customer(s) for _ in range(25)]
        for n, who in enumerate(people):
            await bought(s, who, n, "衬衫", 180 + n)
            await bought(s, who, n, "外套", 780 + n)
        shirts, coat, plain = [await a_customer(s) for _ in range(3)]
        await bought(s, shirts, category="衬衫", yuan=300)
        await bought(s, coat, category="外套", yuan=400)  # dearer than the shirt, and cheap
        await bought(s, plain, category="家居", yuan=4_000, days_ago=400)
    await tags.retag_all(bot.sessions, bot.content.tags, NOW)

    async def bands():
        async with bot.session() as s:
            return [
                [
                    (tag, why["orders"])
                    for tag, why in (await _purchased(s, who)).items()
                    if "价格带" in tag
                ]
                for who in (people[0], shirts, coat, plain)
            ]

    assert await bands() == [[("价格带/中档", 2)], [("价格带/高端", 1)], [("价格带/平价", 1)], []]
    async with bot.session() as s:
        await bought(s, shirts, 5, "外套", 500)
        await tags.retag(s, bot.content.tags, NOW, [shirts.id])
    assert (await bands())[1] == [("价格带/中档", 2)]
    assert await tags.retag_all(bot.sessions, bot.content.tags, NOW) == 0


async def test_a_tag_goes_when_its_orders_are_given_back(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        order = await bought(s, who)
        assert "购买阶段/新客" in await purchase_tags(bot, s, who)
        order.refunded_fen = order.amount_fen
        await s.flush()
        assert await purchase_tags(bot, s, who) == set()


async def test_retagging_twice_changes_nothing_the_second_time(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await bought(s, who)
        assert await tags.retag(s, bot.content.tags, NOW, [who.id]) == 1
        assert await tags.retag(s, bot.content.tags, NOW, [who.id]) == 0


async def test_retagging_some_leaves_the_others_alone(bot):
    async with bot.session() as s:
        one, two = await a_customer(s), await a_customer(s)
        await bought(s, one)
        await bought(s, two)
        await tags.retag(s, bot.content.tags, NOW, [one.id])
        assert await names(s, one)
        assert not await names(s, two)
        await tags.retag(s, bot.content.tags, NOW, [two.id])
        assert await names(s, two)


async def test_a_discount_seeker_used_a_coupon_for_half_of_three_orders(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        for days in (1, 20, 30):
            await bought(s, who, days)
        assert "购物习惯/爱用券" not in await purchase_tags(bot, s, who)
        for days in (1, 20):
            no = f"{who.id}-{days}-衬衫"
            await _redeem(s, no)
        assert "购物习惯/爱用券" in await purchase_tags(bot, s, who)


async def _redeem(session, order_no):
    offer = await an_offer(session)
    customer = await a_customer(session)
    coupon = Coupon(
        code=order_no,
        offer_id=offer.id,
        customer_id=customer.id,
        trigger="t",
        state="redeemed",
        issued_at=LONG_AGO,
        expires_at=NOW,
    )
    session.add(coupon)
    await session.flush()
    session.add(
        Redemption(
            coupon_id=coupon.id, order_no=order_no, actor="clerk:1", at=NOW, discount_fen=100
        )
    )
    await session.flush()


async def test_the_weekend_is_the_shops_own(bot):
    async with bot.session() as s:
        who, weekday = await a_customer(s), await a_customer(s)
        # 2026-03-07 00:30 in Shanghai is a Saturday, and still Friday in UTC.
        saturday = datetime(2026, 3, 7, 0, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
        for week in range(3):
            await bought(s, who, week, paid_at=saturday - timedelta(weeks=week))
            await bought(s, weekday, week, paid_at=saturday - timedelta(weeks=week, hours=1))
        assert "购物习惯/周末购物" in await purchase_tags(bot, s, who)
        assert "购物习惯/周末购物" not in await purchase_tags(bot, s, weekday)


async def test_evidence_tells_the_rule_and_the_number_of_orders(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        await bought(s, who)
        await tags.retag(s, bot.content.tags, NOW, [who.id])
        rows = await s.scalars(
            select(CustomerTag).join(Tag, Tag.id == CustomerTag.tag_id).where(Tag.name == "新客")
        )
        assert rows.one().evidence == {"rule": "orders={'least': 1, 'most': 1}", "orders": 1}


async def test_a_category_that_says_too_much_becomes_no_tag(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        for days in (1, 2):
            await bought(s, who, days, category="婴儿3个月奶粉")
        assert not any("婴儿" in tag for tag in await purchase_tags(bot, s, who))


async def test_everybody_at_once_gets_what_each_gets_alone(bot):
    weekend = datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    async with bot.session() as s:
        people = [await a_customer(s) for _ in range(6)]
        for n, who in enumerate(people):
            for k in range(n):
                kind, yuan = ("衬衫", "外套")[k % 2], (90, 200, 700)[n % 3]
                at = weekend - timedelta(weeks=k * n)
                order = await bought(s, who, k, kind, yuan, paid_at=at)
                if n > 3:
                    await _redeem(s, order.order_no)
                if n > 4:
                    extra = Product(sku=order.order_no, name="n", category="配饰", listed_at=at)
                    line = OrderLine(order_id=order.id, ordinal=1, sku=extra.sku, name="n")
                    s.add_all([extra, line])
        await s.flush()
        alone = {}
        for who in people:
            await tags.retag(s, bot.content.tags, NOW, [who.id])
            alone[who.id] = await _purchased(s, who)
            await s.execute(delete(CustomerTag))
    put_on = await tags.retag_all(bot.sessions, bot.content.tags, NOW)
    async with bot.session() as s:
        assert {who.id: await _purchased(s, who) for who in people} == alone
    assert put_on >= sum(map(len, alone.values())) > 10
    habits = {"购物习惯/爱用券", "购物习惯/周末购物", "购物习惯/爱新品", "兴趣/配饰"}
    assert habits <= {tag for worn in alone.values() for tag in worn}
    assert await tags.retag_all(bot.sessions, bot.content.tags, NOW) == 0
    async with bot.session() as s:
        for order in await s.scalars(select(Order)):
            order.refunded_fen = order.amount_fen
    await tags.retag_all(bot.sessions, bot.content.tags, NOW)
    async with bot.session() as s:
        assert [await _purchased(s, who) for who in people] == [{}] * 6


async def _purchased(session, customer):
    worn = await tags.worn(session, customer.id, NOW)
    return {each.tag: each.row.evidence for each in worn if each.row.source == "purchase"}


async def test_a_rule_gives_its_tag_at_night_and_takes_it_again(bot):
    async with bot.session() as s:
        who = await a_customer(s, last_active_at=NOW - timedelta(days=100))
        await a_customer(s, last_active_at=NOW)
        await bought(s, who, 100)
    await tags.retag_all(bot.sessions, bot.content.tags, NOW)
    async with bot.session() as s:
        (worn,) = [w for w in await tags.worn(s, who.id, NOW) if w.row.source == "rule"]
        assert worn.tag == "近况/好久没来"
        assert "距上次下单至少 60 天" in worn.row.evidence["fits"]
        (await s.get(Customer, who.id)).last_active_at = NOW
    await tags.retag_all(bot.sessions, bot.content.tags, NOW)
    async with bot.session() as s:
        assert "近况/好久没来" not in await names(s, who)


async def test_sources_that_disagree_are_told(bot):
    async with bot.session() as s:
        who = await a_customer(s)
        tie = await a_follow(s, who, await a_guide(s))
        await tags.publish(s, bot.content.tags)
        await put(s, who, "兴趣/衬衫")
        tag_id, _ = await tags.named(s, "兴趣/衬衫")
        s.add(FollowTag(follow_id=tie.id, tag_id=tag_id, state="declined", at=NOW))
        await s.flush()
        (said,) = await tags.conflicts(s, who.id, NOW)
        assert "摘掉了「兴趣/衬衫」" in said
