"""People as the console lists them: masked, counted, bounded by what a role may see."""

from __future__ import annotations

import json

from bot.domain.customers import Identity, Secret
from bot.domain.orders import Order
from bot.store import segments
from bot.store.customers.people import PHONE
from tests.builders import a_customer, a_follow, a_guide, a_store
from tests.web.faces import a_named_customer


async def test_names_are_masked(bot, shop):
    await a_named_customer(bot, "林小满")
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/customers")
    assert "林**" in page.text
    assert "小满" not in page.html


async def test_a_name_that_is_a_tag_stays_words(bot, shop):
    customer = await a_named_customer(bot, "<img src=x onerror=alert(1)>")
    page = await (await shop.signs_in("owner", "boss")).opens(f"/admin/customers/{customer.ref}")
    assert "<img" not in page.html


async def test_a_rule_in_the_address_is_counted(bot, shop):
    async with bot.session() as session:
        friend, _stranger = await a_customer(session), await a_customer(session)
        await a_follow(session, friend, await a_guide(session))
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/customers?field=follows.any&op=eq&value=yes")
    assert 'data-total="1"' in page.html
    assert "已加导购好友 的顾客" in page.text


async def test_a_touched_form_gets_only_what_changed(shop):
    boss = await shop.signs_in("owner", "boss")
    asked = {"HX-Request": "true"}
    page = await boss.opens("/admin/customers?field=orders.count&op=gte&value=1", headers=asked)
    assert "<html" not in page.html
    assert json.loads(page.headers["HX-Trigger"]) == {"hits": {"n": [0], "wrong": [""]}}
    assert "field=orders.count" in page.headers["HX-Replace-Url"]


async def test_the_count_comes_first_and_asks_for_the_rest(bot, shop):
    await a_named_customer(bot)
    boss = await shop.signs_in("owner", "boss")
    for asked, number in (("orders.count&op=lte&value=0", 1), ("follows.any&op=eq&value=yes", 0)):
        address = f"/admin/customers/count?field={asked}"
        page = await boss.opens(address, headers={"HX-Request": "true"})
        assert f'data-total="{number}"' in page.html
        assert page.headers["HX-Trigger-After-Settle"] == "counted"


async def test_a_value_that_is_no_number_is_told(shop):
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/customers?field=orders.count&op=gte&value=many")
    assert "应是整数" in page.text


async def test_who_cannot_be_reached_is_told_why(bot, shop):
    await a_named_customer(bot)
    page = await (await shop.signs_in("operator", "yun")).opens("/admin/customers")
    assert "没有取得营销同意 −1" in page.text


async def test_a_manager_sees_her_own_store(bot, shop):
    async with bot.session() as session:
        mine, other = await a_store(session, code="S01"), await a_store(session, code="S02")
        for store in (mine, other):
            follower = await a_customer(session, ref=f"of-{store.code}")
            await a_follow(session, follower, await a_guide(session, store_id=store.id))
    manager = await shop.signs_in("manager", "dian", "S01")
    page = await manager.opens("/admin/customers")
    assert 'data-total="1"' in page.html
    assert (await manager.opens("/admin/customers/of-S01")).status == 200
    assert (await manager.opens("/admin/customers/of-S02")).status == 404


async def test_guides_and_tills_have_no_console(shop):
    for kind in ("guide", "clerk"):
        face = await shop.signs_in(kind, "x", "S01")
        assert (await face.opens("/admin")).status == 403


async def test_whoever_has_not_signed_in_is_sent_to_the_door(shop):
    page = await shop.passer_by().opens("/admin/customers")
    assert page.url.startswith("/login")


async def test_she_is_found_by_her_whole_phone_number(bot, shop):
    customer = await a_named_customer(bot, "周予安")
    async with bot.session() as session:
        session.add(
            Identity(
                customer_id=customer.id,
                kind="phone",
                value=bot.vault.blind("13800006021"),
                since=bot.now,
            )
        )
        secret = await session.get_one(Secret, customer.id)
        secret.phone = await bot.vault.seal_for(session, customer.id, "13800006021", about=PHONE)
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/customers?q=138 0000 6021")
    assert "周**" in page.text
    page = await boss.opens(f"/admin/customers/{customer.ref}")
    assert "138****6021" in page.text
    assert "13800006021" not in page.html


async def test_publishing_makes_a_version(bot, shop):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers?field=orders.count&op=gte&value=3")
    rule = {"all": [{"field": "orders.count", "op": "gte", "value": 3}]}
    page = await boss.sends("/admin/segments", name="买过三次", rule=json.dumps(rule))
    assert "分群已发布" in page.text
    assert "第 1 版" in page.text


async def test_whoever_may_only_look_cannot_publish(shop):
    auditor = await shop.signs_in("auditor", "shen")
    page = await auditor.opens("/admin/customers")
    assert "你的角色不能发布分群" in page.html
    page = await auditor.posts("/admin/segments", **page.form("/logout"), name="x", rule="{}")
    assert page.status == 403


async def test_money_back_shows_beside_the_order(bot, shop):
    customer = await a_named_customer(bot)
    async with bot.session() as session:
        session.add(
            Order(
                source="shop",
                order_no="A1",
                customer_id=customer.id,
                paid_at=bot.now,
                amount_fen=29900,
                refunded_fen=9900,
                state="paid",
            )
        )
    page = await (await shop.signs_in("owner", "boss")).opens(f"/admin/customers/{customer.ref}")
    assert "¥299" in page.text
    assert "退 ¥99" in page.text


async def test_a_rule_is_kept_as_a_draft_that_counts_nowhere_until_it_is_published(bot, shop):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers?field=points&op=gte&value=5")
    half = json.dumps({"all": [{"field": "points", "op": "gte", "value": "五"}]})
    page = await boss.posts(
        "/admin/segments/draft", **boss.form("/admin/segments"), rule=half, name="攒分的人"
    )
    assert "草稿存好了" in page.text
    assert 'value="五"' in page.html
    async with bot.session() as session:
        assert [one.name for one in await segments.drafts(session)] == ["攒分的人"]
        assert await segments.published(session, "攒分的人") is None
    whole = json.dumps({"all": [{"field": "points", "op": "gte", "value": 5}]})
    page = await page.sends("/admin/segments", rule=whole, name="攒分的人")
    assert "第 1 版" in page.text
    async with bot.session() as session:
        assert await segments.drafts(session) == []


async def test_a_draft_beside_what_is_published_is_dropped_alone(bot, shop):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers?field=points&op=gte&value=5")
    whole = json.dumps({"all": [{"field": "points", "op": "gte", "value": 5}]})
    await boss.sends("/admin/segments", name="攒分的人", rule=whole)
    rule = json.dumps({"any": [{"not": {"field": "points", "op": "gte", "value": 9}}]})
    page = await boss.posts(
        "/admin/segments/draft",
        **boss.form("/admin/segments") | {"rule": rule, "name": "攒分的人"},
    )
    assert "不是（积分至少 9 分）" in page.text
    page = await page.sends("/admin/segments/draft/drop")
    assert "积分至少 5 分" in page.text
    assert "草稿丢掉了" in page.text


async def test_what_is_no_rule_is_kept_by_nobody(shop):
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/customers?field=points&op=gte&value=5")
    for rule in ('{"foo": 1}', '{"all": 3}', '{"all": [{"field": "password", "value": 1}]}'):
        form = boss.form("/admin/segments") | {"rule": rule, "name": "坏的"}
        assert (await boss.posts("/admin/segments/draft", **form)).status == 422
        await boss.opens("/admin/customers?field=points&op=gte&value=5")
