"""The sandbox's page as a client of the sandbox."""

from __future__ import annotations

from bot.web.sandbox.world import open_world


async def test_it_shows_the_people_of_the_world(playground):
    page = await playground.passer_by().opens("/sandbox")
    assert page.status == 200
    assert "你现在扮演" in page.text
    assert "周予安" in page.text


async def test_a_visitor_is_somebody_new(playground, sandbox):
    face = await playground.passer_by().opens("/sandbox?who=visitor-1")
    await face.sends("/sandbox/arrive?who=visitor-1&amp;ch=kf")
    assert sandbox.stage.world.customers["visitor-1"].follows


async def test_what_she_says_reaches_the_world(playground, sandbox):
    face = await playground.passer_by().opens("/sandbox?who=c0004")
    page = await face.posts("/sandbox/say?who=c0004&ch=kf", text="有什么优惠")
    assert "有什么优惠" in page.text
    assert sandbox.stage.log.rows("act")[-1]["args"]["text"] == "有什么优惠"


async def test_time_moves(playground, sandbox):
    face = await playground.passer_by().opens("/sandbox")
    before = sandbox.stage.now()
    await face.posts("/sandbox/clock?who=visitor-1", by="1d")
    assert (sandbox.stage.now() - before).days == 1


async def test_an_act_that_the_world_refuses_is_told_in_words(playground):
    face = await playground.passer_by().opens("/sandbox?who=c0001")
    page = await face.posts("/sandbox/act?who=c0001", act="delete_guide", guide="WangFang")
    assert page.status == 409
    assert "沙盒里做不到" in page.text


async def test_what_she_buys_reaches_the_bot_as_an_order(playground, sandbox, bot, settings):
    bot.clock.move_to(sandbox.stage.now())
    sandbox.stage.shop_secret = settings.shop_webhook_secret
    sandbox.point_at(str(playground.server.make_url("")))
    face = await playground.passer_by().opens("/sandbox?who=c0001")
    page = await face.posts("/sandbox/act?who=c0001", act="pay")
    assert "order.paid" in page.text
    [told] = sandbox.stage.log.rows("callback")
    assert (told["event"], told["status"]) == ("order.paid", 202)


async def test_other_sites_may_not_play(playground):
    face = playground.passer_by()
    answer = await face.client.post(
        "/sandbox/clock", data={"by": "1d"}, headers={"Origin": "http://evil.example"}
    )
    assert answer.status == 403


async def test_nobody_of_that_name(playground):
    assert (await playground.passer_by().opens("/sandbox?who=nobody")).status == 404


async def test_without_a_sandbox_there_is_no_page(shop):
    assert (await shop.passer_by().opens("/sandbox")).status == 404


async def test_in_production_there_is_no_page(in_production):
    assert (await in_production.passer_by().opens("/sandbox")).status == 404


async def test_a_sandbox_that_went_away_is_said(playground, sandbox):
    await sandbox.stop()
    page = await playground.passer_by().opens("/sandbox")
    assert page.status == 502
    assert "连不上沙盒" in page.text
    await sandbox.start()


async def test_the_newest_rows_of_the_log_are_read_first(desk, sandbox):
    for number in range(5):
        sandbox.stage.log.write("act", number=number)
    async with open_world(desk) as world:
        assert [row["number"] for row in await world.newest(2)] == [3, 4]
