"""Campaigns from the console: a receipt first, then a person's word, then the guides."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from sqlalchemy import select

from bot.domain.campaigns import Campaign
from bot.outbound.campaigns import plan_due
from bot.store import consent
from bot.store import segments as store
from bot.web.console import rehearsal
from tests.builders import a_customer, a_follow, a_guide

PART = {"HX-Request": "true"}
FRIENDS = {"all": [{"field": "follows.any", "op": "eq", "value": True}]}


async def a_crowd(bot, people: int = 3) -> None:
    """So many friends of one guide who agreed to marketing, one who did not, and a published segment of them."""
    async with bot.session() as session:
        guide = await a_guide(session, name="苏晴")
        for number in range(people + 1):
            customer = await a_customer(session)
            await a_follow(session, customer, guide)
            if number < people:
                await consent.record(
                    session,
                    customer_id=customer.id,
                    purpose="marketing_wecom",
                    action="grant",
                    channel="form",
                    actor=f"customer:{customer.ref}",
                    at=bot.now,
                    evidence={},
                )
        await store.publish(session, key="friends", name="好友", rule=FRIENDS, by="t", now=bot.now)


async def drafted(bot, shop, role: str = "owner"):
    face = await shop.signs_in(role, "boss")
    await face.opens("/admin/campaigns/new?segment=friends")
    page = await face.sends(
        "/admin/campaigns", name="早春", segment="friends", text="早春上新，来坐坐。", holdout="0"
    )
    return page, page.url.split("?")[0]


async def test_the_receipt_says_who_is_left_out_and_why(bot, shop):
    await a_crowd(bot)
    page, _ = await drafted(bot, shop)
    assert "分群里现在有 4" in page.text
    assert "− 没有取得营销同意 1" in page.text
    assert "会交给导购发送 3" in page.text
    assert "苏晴 3 人" in page.text


async def test_it_is_handed_over_after_somebody_approved(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    page = await page.sends(f"{address}/approve")
    assert "交给导购（3 人）" in page.text
    page = await page.sends(f"{address}/hand-over")
    assert "已交给导购" in page.text
    assert "进行中" in page.text


async def test_a_dry_run_of_yesterday_is_made_again_before_anything_is_handed_over(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    page = await page.sends(f"{address}/approve")
    bot.clock.advance(hours=25)
    page = await (await shop.signs_in("owner", "boss")).opens(address)
    assert "预演是 24 小时以前的" in page.text
    assert (await page.sends(f"{address}/hand-over")).status == 409
    page = await (await page.opens(address)).sends(f"{address}/rehearse")
    assert "进行中" in (await page.sends(f"{address}/hand-over")).text


async def test_the_next_face_is_one_click_away_and_the_last_is_the_end(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    assert "1 / 3" in page.text
    assert "3 / 3" in (await page.opens(f"{address}/preview?n=3", headers=PART)).text
    assert "已经合并或删除" in (await page.opens(f"{address}/preview?n=4", headers=PART)).text
    assert "1 / 3" in (await page.opens(f"{address}/preview?n=3")).text


async def test_the_month_shows_what_begins_when_and_who_is_meant_twice(bot, shop):
    await a_crowd(bot)
    await drafted(bot, shop)
    page, _ = await drafted(bot, shop)
    page = await page.opens("/admin/campaigns")
    assert page.html.count("早春</a>") == 2
    assert "4 人撞上两条" in page.text
    assert "2026 年 4 月" in (await page.opens("/admin/campaigns?month=2026-04")).text


async def test_a_journey_is_read_from_top_to_bottom(bot, shop):
    await bot.publishes()
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/campaigns/journeys")
    page = await page.opens("/admin/campaigns/journeys/newcomer-week")
    assert "加好友后" in page.text
    assert re.search(r"7 如果 .*? 符合 7a 发消息：见面礼快到期 .*?不符合 7b 请导购联系", page.text)


async def test_another_number_than_the_one_shown_is_not_handed_over(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    page = await page.sends(f"{address}/approve")
    page = await page.sends(f"{address}/hand-over", expected="2")
    assert page.status == 409
    assert "预演时是 2 人，现在是 3 人" in page.text


async def test_the_same_form_twice_makes_one_draft(bot, shop):
    await a_crowd(bot)
    face = await shop.signs_in("owner", "boss")
    await face.opens("/admin/campaigns/new")
    typed = face.form("/admin/campaigns") | {"name": "x", "segment": "friends", "text": "来坐坐"}
    first = (await face.posts("/admin/campaigns", **typed)).url
    assert (await face.posts("/admin/campaigns", **typed)).url == first


async def test_without_a_segment_there_is_no_draft(shop):
    face = await shop.signs_in("owner", "boss")
    await face.opens("/admin/campaigns/new")
    page = await face.sends("/admin/campaigns", name="给所有人", text="大家好")
    assert page.status == 422
    assert "先选发给哪个分群" in page.text


async def test_an_operator_has_to_ask_for_approval(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop, role="operator")
    assert "等店主、管理员或店长批准" in page.text
    form = page.form(f"{address}/stop")
    assert (await page.posts(f"{address}/approve", **form)).status == 403


async def test_words_that_cannot_be_made_stop_it_before_it_starts(bot, shop):
    await a_crowd(bot)
    async with bot.session() as session:
        campaign = Campaign(
            name="进群",
            purpose="marketing",
            rule=FRIENDS,
            template="group/interest",
            channels=["wecom"],
            holdout_percent=0,
            seed="s",
            state="approved",
            starts_at=bot.now,
            ends_at=bot.now,
            created_at=bot.now,
            created_by="owner:boss",
        )
        session.add(campaign)
        await session.flush()
    page = await (await shop.signs_in("owner", "boss")).opens(f"/admin/campaigns/{campaign.id}")
    assert re.search(r'id="act-hand-over" disabled', page.html)  # nobody has seen a dry run
    page = await page.sends(f"/admin/campaigns/{campaign.id}/rehearse")
    assert "拼不出来" in page.text
    assert re.search(r'id="act-hand-over" disabled', page.html)


async def test_the_kill_switch_needs_a_reason(shop):
    face = await shop.signs_in("owner", "boss")
    await face.opens("/admin/campaigns?view=list")
    assert (await face.sends("/admin/switch", reason=" ")).status == 422
    await face.opens("/admin/campaigns?view=list")
    page = await face.sends("/admin/switch", reason="写错了")
    assert "全部发送已紧急停止" in page.text


def test_a_guide_with_much_more_than_the_others_is_named():
    assert rehearsal._heavy([("店小二", 402), ("苏晴", 60), ("唐宁", 40)])
    assert not rehearsal._heavy([("店小二", 12), ("苏晴", 1)])


async def test_texts_are_offered_except_those_that_lead_into_a_group(shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/campaigns/new")
    assert 'value="sleeping/soft"' in page.html
    assert "本周福利（要附券）" in page.text
    assert 'value="group/vip"' not in page.html


async def test_a_draft_is_kept_unfinished_written_on_and_rehearsed(bot, shop):
    await a_crowd(bot)
    face = await shop.signs_in("operator", "yun")
    await face.opens("/admin/campaigns/new")
    page = await face.sends(
        "/admin/campaigns", text="早春上新，来坐坐。", holdout="5", then="later"
    )
    address = page.url.split("?")[0]
    assert "草稿存好了" in page.text
    assert "还差发给谁" in page.text
    assert "act-rehearse" not in page.html
    assert "没起名字的活动" in (await page.opens("/admin/campaigns?state=unfinished")).text
    page = await page.opens(f"{address}/edit")
    assert "早春上新，来坐坐。" in page.text
    page = await page.sends(f"{address}/edit", name="早春", segment="friends", text="来坐坐。")
    assert "会交给导购发送 3" in page.text


async def test_who_changes_a_draft_takes_back_what_was_rehearsed(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    page = await page.opens(f"{address}/edit")
    assert "selected>好友" in page.html
    page = await page.sends(
        f"{address}/edit", name="早春", segment="friends", text="改过了。", then="later"
    )
    assert "还没写完" in page.text
    assert (await page.posts(f"{address}/approve", **page.form(f"{address}/stop"))).status == 409


async def test_what_is_approved_cannot_be_rewritten(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    await page.sends(f"{address}/approve")
    assert (await page.opens(f"{address}/edit")).status == 409


async def test_an_unfinished_draft_stands_in_no_calendar(bot, shop):
    face = await shop.signs_in("owner", "boss")
    await face.opens("/admin/campaigns/new")
    await face.sends("/admin/campaigns", name="以后再说", then="later")
    assert "以后再说" not in (await face.opens("/admin/campaigns")).text


async def test_a_journey_is_tried_on_the_past_year(bot, shop):
    await bot.publishes()
    async with bot.session() as session:
        guide, customer = await a_guide(session), await a_customer(session)
        await a_follow(session, customer, guide, since=bot.now - timedelta(days=30))
    page = await shop.signs_in("operator", "ops")
    page = await page.opens("/admin/campaigns/journeys/newcomer-week")
    assert "拿过去一年试一遍" in page.text
    page = await page.opens("/admin/campaigns/journeys/newcomer-week/rehearsal")
    assert "触发 1 次，1 人" in page.text
    assert "没有动任何顾客" in page.text


async def test_a_link_hangs_on_it_and_it_goes_first_in_a_clash(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    link = {"link_title": "春装图册", "link_url": "https://shop.example/spring"}
    facts = {"name": "早春", "segment": "friends", "text": "来坐坐。"}
    page = await (await page.opens(f"{address}/edit")).sends(f"{address}/edit", **facts, **link)
    assert "附「春装图册」" in page.text
    page = await page.sends(f"{address}/first")
    assert "撞上同一天的活动时先发" in page.text
    assert re.search("早春.{0,40}先发", (await page.opens("/admin/campaigns")).text, re.S)
    page = await (await page.opens(address)).sends(f"{address}/in-turn")
    assert "谁先排好谁发" in page.text
    edit = await page.opens(f"{address}/edit")
    assert 'value="https://shop.example/spring"' in edit.html


async def test_pictures_files_and_a_mini_program_hang_on_it_and_show_where_it_is_tried(
    bot, shop, shelf
):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    facts = {"name": "早春", "segment": "friends", "text": "来坐坐。"}
    mini = {"miniprogram_title": "试衣间", "miniprogram_appid": "wx1", "miniprogram_page": "p"}
    hung = mini | {"miniprogram_media": "day.jpg", "image": ["day.jpg"], "file": ["rules.pdf"]}
    page = await (await page.opens(f"{address}/edit")).sends(f"{address}/edit", **facts, **hung)
    for told in ("小程序 试衣间", "图片 day.jpg", "文档 rules.pdf"):
        assert told in page.text
    edit = await page.opens(f"{address}/edit")
    assert 'value="rules.pdf" checked' in edit.html
    assert "<option selected>day.jpg</option>" in edit.html
    page = await edit.sends(f"{address}/edit", **facts)
    assert "试衣间" not in page.text


async def test_two_texts_are_compared_and_it_halts_by_its_own_rule(bot, shop):
    await a_crowd(bot, 8)
    face = await shop.signs_in("owner", "boss")
    page = await face.opens("/admin/campaigns/new")
    wanted = {"segment": "friends", "template": "sleeping/soft", "rivals": "sleeping/vote"}
    wanted |= {"holdout": "0", "budget": "300", "least": "20", "opted_out_percent": "2"}
    page = await page.sends("/admin/campaigns", name="比一比", **wanted)
    address = page.url.split("?")[0]
    page = await page.opens(f"{address}/edit")
    assert 'value="sleeping/vote" checked' in page.html
    assert 'name="least" inputmode="numeric" value="20"' in page.html
    async with bot.session() as session:
        (made,) = (await session.scalars(select(Campaign))).all()
        assert made.arms == ["sleeping/soft", "sleeping/vote"]
        assert (made.budget_fen, made.stop_when) == (
            30000,
            {"least": 20, "opted_out_percent": 2},
        )
    page = await page.opens(address)
    await page.sends(f"{address}/approve")
    page = await page.opens(address)
    await page.sends(f"{address}/hand-over", **page.form(f"{address}/hand-over"))
    await bot.works(plan_due)
    page = await page.opens(address)
    assert "带来了什么" in page.text
    assert "这次没有留对照组" in page.text


async def test_how_far_the_planning_is_is_told_until_it_is_over(bot, shop):
    await a_crowd(bot)
    page, address = await drafted(bot, shop)
    await page.sends(f"{address}/approve")
    page = await page.opens(address)
    page = await page.sends(f"{address}/hand-over")
    assert f'data-events="{address}/events"' in page.html
    answer = await page.client.get(f"{address}/events")
    first = json.loads((await answer.content.readline()).removeprefix(b"data: "))
    await bot.works(plan_due)
    *_, last = (await answer.text()).strip().split("\n\n")
    assert (first["done"], first["total"], first["over"]) == (0, 4, False)
    told = json.loads(last.removeprefix("data: "))
    assert (told["done"], told["total"], told["over"]) == (4, 4, True)
