"""`/h5`: WeChat says who she is, and every link that our texts carry opens a page."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import FormData
from sqlalchemy import select

from bot.calls import AddContactWay, GetOAuthFan, GetOfficialJsTicket, Refused, Sent
from bot.domain.audit import AuditRow
from bot.domain.cases import Case
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Guide
from bot.domain.games import drawn, hash_of
from bot.events import SubscriptionAnswered
from bot.events.commands import Actor, CloseCase, FileCase
from bot.outbound.contact_ways import open_contact_ways
from bot.outbound.games import end_due
from bot.platforms.signing import js_signature
from bot.store import consent, points
from bot.store.customers import attach
from bot.store.offers import Till as AtTill
from bot.store.offers import look_up
from tests.builders import a_customer, a_follow, a_guide, an_offer
from tests.stories.test_contest import a_png
from tests.web.faces import a_coupon, a_named_customer

WECHAT = {"User-Agent": "Mozilla/5.0 MicroMessenger/8.0.50"}


async def a_fan(bot, openid="o-lin"):
    customer = await a_named_customer(bot)
    async with bot.session() as session:
        await attach(
            session, bot.vault, customer, kind="openid", value=openid, at=bot.now, evidence="t"
        )
    bot.platform.answers(GetOAuthFan, Sent({"openid": openid}))
    return customer


async def looks(shop, path="/h5"):
    """She opens a page in WeChat, and WeChat brings her back."""
    face = shop.passer_by()
    await face.opens(path, headers=WECHAT, allow_redirects=False)
    asked = parse_qs(urlsplit(face.headers["Location"]).query)
    return await face.opens(f"/h5/enter?code=c1&state={asked['state'][0]}")


async def test_the_wallet_shows_a_code_that_the_till_takes(bot, shop):
    coupon = await a_coupon(bot, await a_fan(bot), name="见面礼")
    face = await looks(shop)
    spoken = re.search(r'class="code num">([A-Z0-9 ]+)<', face.html)[1]
    assert "<svg" in face.html
    till = AtTill(actor=Actor(kind="clerk", id="mei"), store="S01")
    async with bot.session() as session:
        verdict = await look_up(session, bot.vault, spoken, till, now=bot.now)
    assert (verdict.state, verdict.code) == ("ok", coupon.code)


async def test_an_empty_wallet_says_how_to_get_something(bot, shop):
    await a_fan(bot)
    assert "还没有券" in (await looks(shop)).text


async def test_a_code_of_somebody_else_is_not_shown(bot, shop):
    await a_fan(bot)
    other = await a_coupon(bot, await a_named_customer(bot, "陈立"))
    face = await looks(shop)
    assert (await face.opens(f"/h5/code/{other.id}")).status == 404


async def test_a_state_that_this_browser_never_had_opens_nothing(bot, shop):
    await a_fan(bot)
    face = await shop.passer_by().opens("/h5/enter?code=c1&state=guess")
    assert face.status == 403
    assert bot.platform.sent(GetOAuthFan) == []


async def test_going_back_is_no_error_and_asks_wechat_once(bot, shop):
    await a_fan(bot)
    face = await looks(shop)
    await face.opens("/h5/enter?code=c1&state=old")
    assert (face.status, face.url) == (200, "/h5")
    assert len(bot.platform.sent(GetOAuthFan)) == 1


async def test_whoever_wechat_does_not_know_is_told_another_way(bot, shop):
    bot.platform.answers(GetOAuthFan, Refused(40029, "bad_code", ""))
    assert "还没认出你是谁" in (await looks(shop)).text


async def test_outside_wechat_she_is_told_where_to_open_it(shop):
    face = await shop.passer_by().opens("/h5")
    assert "请在微信里" in face.text
    assert "退订" in face.text


async def test_she_turns_everything_off_and_on_again(bot, shop):
    customer = await a_fan(bot)
    async with bot.session() as session:
        await consent.record(
            session,
            customer_id=customer.id,
            purpose="marketing_wecom",
            action="grant",
            channel="wecom",
            actor="customer",
            at=bot.now,
            evidence={},
        )
    bot.clock.advance(hours=1)
    face = await looks(shop, "/h5/preferences")
    await face.sends("/h5/preferences", which="all", on="no")
    assert "关掉了，现在就生效" in face.text
    async with bot.session() as session:
        states = (await session.scalars(select(ConsentState.granted))).all()
    assert set(states) == {False}
    bot.clock.advance(minutes=1)
    await face.sends("/h5/preferences", which="all", on="yes")
    assert "打开了，现在就生效" in face.text


async def test_what_she_says_of_her_life_stands_until_she_takes_it_back(bot, shop):
    await bot.publishes()
    await a_fan(bot)
    face = await looks(shop, "/h5/preferences")
    await face.sends("/h5/preferences/stage", tag="人生阶段/孕期")
    assert 'value="人生阶段/孕期" aria-pressed="true"' in face.html
    bot.clock.advance(minutes=1)
    await face.sends("/h5/preferences/stage", tag="")
    assert 'value="人生阶段/孕期" aria-pressed="true"' not in face.html


@pytest.mark.parametrize("path", ["/h5", "/h5/preferences", "/h5/contact"])
async def test_every_page_that_texts_name_opens(shop, content, path):
    named = {*content.brand.links.values(), *menu_pages(content)}
    assert path in named
    assert (await shop.passer_by().opens(path)).status == 200


async def test_texts_name_no_page_that_is_not_there(shop, content):
    ours = {link for link in content.brand.links.values() if link.startswith("/")}
    for path in ours | menu_pages(content):
        assert (await shop.passer_by().opens(path)).status == 200


def menu_pages(content) -> set[str]:
    written = content.menu.model_dump_json()
    return set(re.findall(r'"url":"(/[^"]*)"', written))


async def test_a_right_is_claimed_from_the_wallet(bot, shop):
    customer = await a_fan(bot)
    await bot.publishes()
    async with bot.session() as session:
        await points.lift_to(session, customer.id, "钻石", bot.now)
    face = await looks(shop, "/h5/points")
    assert "再下 3 单解锁" in face.text
    assert "还能领 2 次" in face.text
    face = await face.sends("/h5/rights/tailoring")
    assert "免费改衣一次" in face.text
    assert "还能领 1 次" in (await face.opens("/h5/points")).text


async def test_everything_kept_of_her_is_read_and_taken_along_after_wechat_has_said_who_she_is(
    bot, shop
):
    await a_fan(bot)
    face = await looks(shop, "/h5/data")
    face = await face.opens("/h5/data/all")
    assert ("姓名和联系方式" in face.text, "林小满" in face.text) == (True, True)
    taken = await face.sends("/h5/data/file")
    assert "attachment" in taken.headers["Content-Disposition"]
    assert '"name": "林小满"' in taken.html
    face = await face.opens("/h5/data")
    bot.clock.advance(hours=1)
    form = face.form("/h5/data/delete")
    answer = await face.client.post("/h5/data/delete", data=form, allow_redirects=False)
    assert "connect/oauth2/authorize" in answer.headers["Location"]


async def test_a_topic_is_turned_off_and_a_morning_chosen(bot, shop):
    customer = await a_fan(bot)
    face = await looks(shop, "/h5/preferences")
    await face.posts(
        "/h5/preferences", **(face.form("/h5/preferences") | {"which": "topic_offers", "on": "no"})
    )
    assert 'id="sw-topic_offers" role="switch" aria-checked="false"' in face.html
    assert 'id="sw-topic_news" role="switch" aria-checked="true"' in face.html
    await face.sends("/h5/preferences/morning", hour="11")
    assert "到次日 11:00 不发活动消息" in face.text
    async with bot.session() as session:
        assert (await session.get(Customer, customer.id)).quiet_until == 11


async def test_one_switch_is_turned_and_turned_back(bot, shop):
    customer = await a_fan(bot)
    face = await looks(shop, "/h5/preferences")
    await face.sends("/h5/preferences", which="profiling", on="no")
    async with bot.session() as session:
        assert not (await session.get(Customer, customer.id)).personalised
    assert 'id="sw-profiling" role="switch" aria-checked="false"' in face.html
    await face.sends("/h5/preferences")  # 撤销 stands first
    async with bot.session() as session:
        assert (await session.get(Customer, customer.id)).personalised


async def test_a_doubtful_entry_of_points_becomes_a_case_she_can_follow(bot, shop):
    customer = await a_fan(bot)
    async with bot.session() as session:
        await points.earn(
            session, customer_id=customer.id, points=20, effect="o1", at=bot.now, note="订单 A1"
        )
        entry = (await points.entries(session, customer.id))[0]
    face = await looks(shop, "/h5/points")
    assert "+20 买东西得的" in face.text
    await face.sends(f"/h5/points/{entry.id}/ask", why="应该是 40")
    assert "会有人核对" in face.text
    assert "C0001" in face.text


async def test_nobody_elses_points_can_be_questioned(bot, shop):
    await a_fan(bot)
    other = await a_named_customer(bot, "陈立")
    async with bot.session() as session:
        await points.earn(session, customer_id=other.id, points=9, effect="o2", at=bot.now)
        entry = (await points.entries(session, other.id))[0]
    face = await looks(shop, "/h5/preferences")
    form = face.form("/h5/preferences")
    assert (await face.posts(f"/h5/points/{entry.id}/ask", **form)).status == 404


async def test_how_a_case_ended_is_one_tap_and_an_unhappy_one_opens_it_again(bot, shop):
    customer = await a_fan(bot)
    boss = Actor(kind="owner", id="o")
    file = FileCase(
        at=bot.now, actor=boss, key=bot.key(), customer_id=customer.id, text="衣服起球"
    )
    case = (await bot.does(file))["case"]
    face = await looks(shop, "/h5/cases")
    assert "前回应你" in face.text
    shut = CloseCase(at=bot.now, actor=boss, key=bot.key(), case_id=case, resolution="换了新的")
    await bot.does(shut)
    await (await face.opens("/h5/cases")).sends(f"/h5/cases/{case}/rate", stars="1")
    assert "重新交给同事" in face.text
    assert "你的评价：不满意" in face.text
    assert "C0002" in face.text


async def test_what_she_has_to_say_is_a_case_and_one_more_word_is_the_same_case(bot, shop):
    await a_fan(bot)
    face = await looks(shop, "/h5/cases")
    await face.sends("/h5/cases", text="快递五天没动了", about="delivery")
    assert "会有同事来看" in face.text
    await face.sends("/h5/cases", text="还是没动")
    async with bot.session() as session:
        filed = (await session.scalars(select(Case))).all()
    assert [(case.category, case.channel) for case in filed] == [("delivery", "h5")]
    assert (await face.posts("/h5/cases", **face.form("/h5/cases"), text=" ")).status == 422


async def test_what_is_open_to_everybody_is_taken_once(bot, shop):
    await a_fan(bot)
    async with bot.session() as session:
        offer = await an_offer(session, name="早春闪领", claimable=True, budget_pieces=5)
    face = await looks(shop, "/h5/activities")
    assert "还剩 5 份" in face.text
    await face.sends(f"/h5/offers/{offer.key}")
    assert "<svg" in face.html
    assert "领过了" in (await face.opens("/h5/activities")).text


async def test_a_seat_she_cannot_use_is_the_next_ones_in_line(bot, shop):
    async with bot.session() as session:
        facts = {"budget_pieces": 1, "claimable": True, "queue": True}
        offer = await an_offer(session, name="沙龙座位", **facts)
    await a_fan(bot)
    hers = await looks(shop, "/h5/activities")
    await hers.sends(f"/h5/offers/{offer.key}")
    await a_fan(bot, "o-chen")
    friend = await looks(shop, "/h5/activities")
    assert "你在排队" in (await friend.sends(f"/h5/offers/{offer.key}")).text
    declines = re.search(r'action="(/h5/coupons/\d+/decline)"', hers.html)[1]
    assert "让出来了" in (await hers.sends(declines)).text
    assert "还没有券" in hers.text
    assert "沙龙座位" in (await friend.opens("/h5")).text


async def test_asking_to_be_forgotten_stops_everything_at_once(bot, shop):
    customer = await a_fan(bot)
    face = await looks(shop, "/h5/data")
    assert "公众号" in face.text
    await face.sends("/h5/data/delete")
    assert "已经什么都不发了" in face.text
    async with bot.session() as session:
        states = (await session.scalars(select(ConsentState.granted))).all()
        her = await session.get(Customer, customer.id)
        assert await consent.suppressed(session, bot.vault, [customer.id]) == {customer.id}
    assert (set(states), her.personalised) == ({False}, False)
    await face.sends("/h5/data/keep")
    assert "请删掉我的资料" in face.text
    async with bot.session() as session:
        assert await consent.suppressed(session, bot.vault, [customer.id]) == set()


async def test_a_team_is_begun_passed_on_by_its_link_and_joined(bot, shop):
    async with bot.session() as session:
        offer = await an_offer(session, name="三人拼", team_size=2, budget_pieces=9)
    await a_fan(bot)
    hers = await looks(shop, "/h5/activities")
    team = await hers.sends(f"/h5/offers/{offer.key}/team")
    assert "还差 1 人" in team.text
    await a_fan(bot, "o-chen")
    friend = await looks(shop, team.url)
    assert "拼成了" in (await friend.sends(f"{team.url}/join")).text
    assert "三人拼" in (await friend.opens("/h5")).text
    assert (await friend.opens("/h5/teams/999999")).status == 404


async def test_what_comes_again_is_begun_skipped_and_stopped_on_the_page(bot, shop):
    async with bot.session() as session:
        offer = await an_offer(session, name="棉袜", cycle_days=30, per_customer=9)
    await a_fan(bot)
    face = await looks(shop, "/h5/activities")
    page = f"/h5/cycles/{offer.key}"
    assert "4 月 11 日" in (await face.sends(f"{page}/begin")).text
    assert "5 月 11 日" in (await face.sends(f"{page}/skip")).text
    assert "开通" in (await face.sends(f"{page}/stop")).text


async def test_a_pet_is_kept_and_forgotten_with_the_consent(bot, shop):
    await a_fan(bot)
    face = await looks(shop, "/h5/preferences")
    assert "先同意" in face.text
    await face.posts(
        "/h5/preferences", **(face.form("/h5/preferences") | {"which": "profiling", "on": "yes"})
    )
    kept = await face.sends("/h5/pets", kind="猫", day="2-29")
    assert "猫 · 02-29" in kept.text
    await kept.posts(
        "/h5/preferences", **(kept.form("/h5/preferences") | {"which": "profiling", "on": "no"})
    )
    assert "02-29" not in (await face.opens("/h5/preferences")).text


async def test_a_picture_needs_the_tick_and_a_look_before_anybody_sees_it(bot, shop):
    await a_fan(bot)
    face = await looks(shop, "/h5/contests/outfit")

    async def enters(**ticked):
        form = FormData(face.form("/h5/contests/outfit") | {"caption": "樱花", **ticked})
        form.add_field("picture", a_png(1), filename="p.png", content_type="image/png")
        return await face.client.post("/h5/contests/outfit", data=form)

    assert (await enters()).status == 422
    await face.opens("/h5/contests/outfit")
    assert "同事看过就会出现" in await (await enters(agreed="1")).text()
    picture = re.search(
        r'src="(/h5/contests/outfit/pictures/\d+)"', (await face.opens("/h5/contests/outfit")).html
    )[1]
    assert (await face.client.get(picture)).content_type == "image/png"
    await a_fan(bot, "o-chen")
    friend = await looks(shop, "/h5/contests/outfit")
    assert "还没有照片" in friend.text
    console = await shop.signs_in("operator", "ops")
    await console.opens("/admin/contests")
    number = picture.rpartition("/")[2]
    await console.sends(f"/admin/contests/entries/{number}", fine="1")
    await friend.opens("/h5/contests/outfit")
    assert "你投的" in (await friend.sends("/h5/contests/outfit/vote")).text


async def test_games_are_played_on_a_page_once_as_in_chat(bot, shop):
    her = await a_fan(bot)
    face = await looks(shop, "/h5/games/next-season")
    assert "/h5/games/daily" in (await face.opens("/h5/activities")).html
    await face.opens("/h5/games/next-season")
    assert "你选的是“亚麻”" in (await face.sends("/h5/games/next-season", said="亚麻")).text
    await face.opens("/h5/games/daily")
    page = await face.sends("/h5/games/daily")
    assert "连续 1 天" in page.text
    assert "action=" not in page.html.partition("<main")[2]
    assert "先点头，再问" in (await face.opens("/h5/games/style")).text
    async with bot.session() as session:
        told = {"purpose": "profiling", "action": "grant", "channel": "page", "actor": "t"}
        await consent.record(
            session, customer_id=her.id, at=bot.now, evidence={"form": "t"}, **told
        )
    await face.opens("/h5/games/style")
    page = await face.sends("/h5/games/style", said="style:通勤")
    assert "平时穿得多" not in page.text
    assert "衣柜里想先添哪一样" in page.text


async def test_a_line_of_a_chain_stands_without_a_name_and_a_contact_waits_for_a_look(bot, shop):
    seen = []
    for openid, said in (("o-lin", "羊绒平铺着晾"), ("o-chen", "加我微信号 abc123")):
        await a_fan(bot, openid)
        face = await looks(shop, "/h5/games/wardrobe")
        seen.append((await face.sends("/h5/games/wardrobe", said=said)).text)
    assert "“羊绒平铺着晾”" in seen[0]
    assert "同事看过才会放到下面" in seen[1]
    await a_fan(bot, "o-wang")
    third = (await looks(shop, "/h5/games/wardrobe")).text
    assert "羊绒平铺着晾" in third
    assert "abc123" not in third
    async with bot.session() as session:
        audit = await session.scalars(select(AuditRow.detail))
        assert "羊绒" not in str(audit.all())


async def test_a_draw_can_be_recomputed_by_anybody(bot, shop):
    await a_fan(bot)
    face = await looks(shop, "/h5/games/weekly-draw")
    before = re.search(r'id="commit">(\w{64})<', face.html)[1]
    page = await face.sends("/h5/games/weekly-draw")
    number = re.search(r"你的抽奖号：([A-Z0-9]{10})", page.text.replace(" ", ""))[1]
    assert (await shop.passer_by().opens("/h5/games/weekly-draw/draws/2026-W11")).status == 404
    bot.clock.advance(days=7)
    await end_due(bot.work)
    stranger = shop.passer_by()
    page = await stranger.opens("/h5/games/weekly-draw/draws/2026-W11")
    assert before in page.text
    assert number in page.text
    answer = await stranger.client.get("/h5/games/weekly-draw/draws/2026-W11/tickets.txt")
    lines = (await answer.text()).split("\n")
    seed = next(line[7:] for line in lines if line.startswith("# seed "))
    tickets = [line for line in lines if line and line[0] != "#"]
    assert hash_of(seed) == before
    assert [f"# won {one}" for one in drawn(seed, tickets, 3)] == lines[4:5]
    assert tickets == [number]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_points_are_swapped_for_things_and_for_a_level(bot, shop):
    customer = await a_fan(bot)
    await bot.publishes()
    facts = {"customer_id": customer.id, "at": bot.now, "kind": "gift"}
    async with bot.session() as session:
        await points.earn(session, points=400, effect="g", **facts)
    face = await looks(shop, "/h5/points")
    assert "100 分抵 ¥10" in face.text
    assert "帆布袋" in (await face.sends("/h5/rights/swap-tote")).text
    await (await face.opens("/h5/points")).sends("/h5/points/level")
    assert "换到了" in face.text
    assert "100 积分" in face.text
    assert "每月免运费卡 还能领 1 次" in face.text
    fields = face.form("/h5/rights/silver-shipping")
    assert (await face.posts("/h5/rights/swap-tote", **fields)).status == 409


async def test_she_gets_one_code_of_her_own_and_nothing_for_passing_it_on(bot, shop):
    customer = await a_fan(bot)
    face = await looks(shop, "/h5/share")
    assert "还没有加导购" in face.text
    async with bot.session() as session:
        await a_follow(session, customer, await a_guide(session, userid="wang", name="王芳"))
    await face.opens("/h5/share")
    assert "推荐没有奖励" in face.text
    assert "正在准备" in (await face.sends("/h5/share")).text
    bot.platform.answers(
        AddContactWay, Sent({"config_id": "c1", "qr_code": "https://qr.example/1"})
    )
    await bot.works(open_contact_ways)
    await bot.sends()
    (call,) = bot.platform.sent(AddContactWay)
    assert (call.userids, call.state) == (("wang",), f"share-{customer.ref}")
    assert "https://qr.example/1" in (await face.opens("/h5/share")).html
    async with bot.session() as session:
        friend = await a_customer(session)
        guide = (await session.scalars(select(Guide))).one()
        await a_follow(session, friend, guide, state=call.state)
    assert "1 位朋友是你介绍来的" in (await face.opens("/h5/share")).text


class TestNotices:
    @staticmethod
    async def in_wechat(bot, shop):
        await a_fan(bot)
        bot.platform.answers(
            GetOfficialJsTicket, Sent({"ticket": "tk-secret", "expires_in": 7200})
        )
        face = await looks(shop, "/h5/notices")
        return await face.opens("/h5/notices?from=menu", headers=WECHAT)

    async def test_wechats_own_popup_asks_on_a_page_that_is_signed(self, bot, shop):
        face = await self.in_wechat(bot, shop)
        told = dict(re.findall(r'data-(app|stamp|nonce|signature)="([^"]*)"', face.html))
        here = (
            bot.settings.public_url.rstrip("/") or f"http://{face.client.host}:{face.client.port}"
        )
        url = f"{here}/h5/notices?from=menu"
        signed = js_signature("tk-secret", told["nonce"], int(told["stamp"]), url)
        assert (told["app"], told["signature"]) == (bot.settings.official_app_id, signed)
        assert 'template="qinghe-series-back,qinghe-coupon-due"' in face.html
        assert "tk-secret" not in face.html

    async def test_only_there_wechats_script_may_run(self, bot, shop):
        face = await self.in_wechat(bot, shop)
        policy = "script-src 'self' https://res.wx.qq.com;"
        assert policy in face.headers["Content-Security-Policy"]
        await face.opens("/h5/preferences", headers=WECHAT)
        assert "res.wx.qq.com" not in face.headers["Content-Security-Policy"]

    async def test_elsewhere_it_says_where_she_is_asked(self, bot, shop):
        await a_fan(bot)
        face = await looks(shop, "/h5/notices")
        assert "在微信里打开这一页" in face.text
        assert "wx-open-subscribe" not in face.html
        assert bot.platform.sent(GetOfficialJsTicket) == []

    async def test_without_a_ticket_the_page_still_opens(self, bot, shop):
        await a_fan(bot)
        bot.platform.answers(GetOfficialJsTicket, Refused(48001, "no_permission"))
        face = await looks(shop, "/h5/notices")
        await face.opens("/h5/notices", headers=WECHAT)
        assert (face.status, "wx-open-subscribe" in face.html) == (200, False)

    async def test_it_tells_how_many_she_has_asked_for(self, bot, shop):
        await a_fan(bot)
        said = {"template_id": "qinghe-series-back", "accepted": True, "scene": 1}
        fan = {"openid": "o-lin", "account": "gh1"}
        await bot.receives(SubscriptionAnswered(at=bot.now, **fan, **said))
        face = await looks(shop, "/h5/notices")
        assert "到货提醒 还会收到 1 条" in " ".join(face.text.split())
