"""A repeating campaign on its pages: written, rehearsed, published, seen in the month, halted, changed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.campaigns import Campaign
from bot.outbound import journeys as ticks
from tests.outbound.test_journeys import a_tier
from tests.web.faces import Face, Till, a_named_customer

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ALL = "/admin/campaigns/repeating"
TYPED: dict[str, Any] = {
    "name": "每月会员日",
    "why": "每个月有个理由再来一次",
    "every": "month",
    "days": "20、28",
    "at": "11:30",
    "lasts_days": "2",
    "segment": "core",
    "template": "weekly/benefit",
    "offer": "weekly-core",
    "channels": ["wecom", "kf"],
    "holdout_percent": "10",
}


async def keeps(page: Face, action: str, **changes: Any) -> Face:
    return await page.sends(action, **(TYPED | changes))


async def begun(bot, shop, kind: str = "owner") -> Face:
    await bot.publishes()
    return await (await shop.signs_in(kind, kind)).opens(f"{ALL}/-/new")


async def made(bot, shop) -> tuple[Face, str]:
    page = await keeps(await begun(bot, shop), ALL)
    key = re.findall(r"/repeating/(r-[0-9a-f]{8})/draft", page.url)[0]
    return await page.sends(f"{ALL}/{key}/publish"), f"{ALL}/{key}"


async def opened(bot) -> list[Campaign]:
    await bot.works(ticks.open_campaigns)
    async with bot.session() as session:
        ours = select(Campaign).where(Campaign.playbook.like("r-%"))
        return list(await session.scalars(ours.order_by(Campaign.id)))


async def test_it_is_written_rehearsed_published_and_stands_in_the_month(bot, shop):
    customer = await a_named_customer(bot)
    async with bot.session() as session:
        session.add(a_tier(customer.id, "核心", bot.now))
    page = await keeps(await begun(bot, shop), ALL, days="二十", offer="", template="")
    assert "「每月几号」要写整数" in page.text
    assert "少了「话术」" in page.text
    edit = page.url.split("?")[0]
    page = await keeps(page, edit, offer="")
    assert "「群里的" not in page.text
    assert "说到一张券，却没有附" in page.text
    page = await keeps(page, edit)
    assert "每月 20、28 号 11:30" in page.text
    assert "下一次是" in page.text
    page = await page.sends(edit.replace("/edit", "/publish"))
    assert "定期活动已发布，从下一次起照这一版" in page.text
    assert len(re.findall(r"<li>.*?11:30</li>", page.html)) == 6
    page = await page.opens("/admin/campaigns?month=2026-03")
    assert page.text.count("每月会员日 · 自动") == 2


async def test_halting_and_changing_it_count_for_the_day_that_is_opened_already(bot, shop):
    page, one = await made(bot, shop)
    bot.clock.advance(days=8)  # the 20th, an hour before it begins
    assert [c.occasion[-10:] for c in await opened(bot)] == ["2026-03-20"]
    page = await (await shop.signs_in("owner", "owner")).opens(one)
    page = await page.sends(f"{one}/pause")
    assert "停住了：不再开始新的一次" in page.text
    assert await opened(bot) == []
    bot.clock.advance(hours=6)
    page = await (await page.opens(one)).sends(f"{one}/resume")
    assert await opened(bot) == []
    bot.clock.advance(days=8)
    (before,) = await opened(bot)
    assert before.occasion.endswith("2026-03-28")
    page = await (await shop.signs_in("owner", "owner")).opens(f"{one}/edit")
    page = await keeps(page, f"{one}/edit", at="20:30")
    assert "− 原来的： 什么时候：每月 20、28 号 11:30" in page.text
    page = await page.sends(f"{one}/publish")
    (after,) = await opened(bot)
    assert after.starts_at - before.starts_at == timedelta(hours=9)
    page = await (await page.opens(one)).sends(f"{one}/withdraw")
    assert await opened(bot) == []
    assert (await page.opens(one)).status == 404


async def test_what_has_no_day_left_cannot_be_published_and_others_may_not_write(bot, shop):
    page = await keeps(await begun(bot, shop), ALL, every="days", dates="2026-01-05")
    assert "一年里没有下一次" in page.text
    assert 'id="publish"' not in page.html
    auditor = await shop.signs_in("auditor", "au")
    assert "新建定期活动" in (await auditor.opens(ALL)).text
    assert (await auditor.opens(f"{ALL}/-/new")).status == 403
    page = await page.opens("/admin/campaigns/journeys/weekly-core/edit")
    assert page.url == f"{ALL}/weekly-core/edit"


AIMED: dict[str, Any] = {
    "rivals": ["weekly/benefit-short"],
    "metric": "orders",
    "budget": "300",
    "canary": "20",
    "least": "80",
}


async def test_what_is_wanted_of_it_counts_for_each_of_its_days(bot, shop):
    rival = next(
        name
        for name, text in sorted(bot.content.templates.items())
        if text.offer and name != TYPED["template"] and "wecom" in text.channels
    )
    aimed = AIMED | {"rivals": [rival]}
    page = await keeps(await begun(bot, shop), ALL, **aimed | {"lasts_days": "1", "rivals": []})
    assert "先试一天，其他人就没有时间了" in page.text
    edit = page.url.split("?")[0]
    page = await keeps(page, edit, **aimed)
    assert "每次券最多让利 300 元" in page.text
    assert "先发给 20% 的人试一天" in page.text
    page = await page.sends(edit.replace("/edit", "/publish"))
    page = await page.opens(edit)
    assert 'name="budget" inputmode="numeric" value="300"' in page.html
    assert f'value="{rival}" checked' in page.html
    bot.clock.advance(days=8)
    (day,) = await opened(bot)
    assert day.arms == [TYPED["template"], rival]
    assert (day.budget_fen, day.canary_percent, day.goal["metric"]) == (30_000, 20, "orders")
    assert day.stop_when["least"] == 80


async def test_a_program_publishes_rehearses_and_halts_it(bot, shop):
    await bot.publishes()
    program = await shop.program("owner")
    calendar = {"every": "lunar", "lunar": ["05-05"], "ahead": 3}
    body: dict[str, Any] = {"key": "duanwu", "name": "端午问候", "calendar": calendar}
    body |= {"template": "sleeping/soft", "segment": "sleeping"}
    assert await posted(program, body) == 200
    _, told = await program.reads("repeating-campaigns/duanwu")
    assert (told["when"], told["next"][0][:10]) == ("端午的前 3 天 10:00", "2026-06-16")
    status, receipt = await program.reads("repeating-campaigns/duanwu/rehearsal")
    assert (status, receipt["audience"]) == (200, 0)
    assert (await program.asks("repeating-campaigns/duanwu/pause"))[0] == 200
    assert (await program.reads("repeating-campaigns/duanwu"))[1]["next"] == []
    assert await posted(program, body | {"calendar": {"every": "month", "days": [32]}}) == 422
    aims = {"rivals": ["weekly/benefit"], "budget_fen": 500, "stop_when": {"least": 9}}
    assert await posted(program, body | aims | {"holdout_by": "guide"}) == 422
    assert await posted(program, body | aims | {"offer": "weekly-core"}) == 200
    _, told = await program.reads("repeating-campaigns/duanwu")
    assert (told["campaign"]["budget_fen"], told["campaign"]["stop_when"]["least"]) == (500, 9)


async def posted(program: Till, body: dict[str, Any]) -> int:
    headers = {"Idempotency-Key": f"ask-{len(str(body))}"}
    answer = await program.client.post("/api/v1/repeating-campaigns", json=body, headers=headers)
    return int(answer.status)


async def test_what_hangs_on_it_is_shown_kept_and_goes_with_each_of_its_days(bot, shop, shelf):
    hung = {"link_title": "会员册", "link_url": "/h5", "image": ["day.jpg"], "file": ["rules.pdf"]}
    page = await keeps(await begun(bot, shop), ALL, **hung | {"link_url": ""})
    assert "给链接写上地址" in page.text
    edit = page.url.split("?")[0]
    page = await keeps(page, edit, **hung)
    for line in ("附链接「会员册」", "附图片「day.jpg」", "附文档「rules.pdf」"):
        assert line in page.text
    page = await page.sends(edit.replace("/edit", "/publish"))
    assert "会员册" in page.text
    page = await page.opens(edit)
    assert 'value="day.jpg" checked' in page.html
    bot.clock.advance(days=8)
    (day,) = await opened(bot)
    assert [one["kind"] for one in day.attachments] == ["link", "image", "file"]
    assert day.attachments[0]["url"] == bot.content.address("/h5")


async def test_a_program_hangs_on_it_only_what_there_is_and_what_its_ways_carry(bot, shop, shelf):
    await bot.publishes()
    program = await shop.program("owner")
    calendar = {"every": "month", "days": [5]}
    body: dict[str, Any] = {"key": "fifth", "name": "每月五号", "calendar": calendar}
    body |= {"template": "sleeping/soft", "segment": "sleeping"}
    paper = [{"kind": "file", "media": "rules.pdf"}]
    assert await posted(program, body | {"attachments": paper}) == 200
    assert (await program.reads("repeating-campaigns/fifth"))[1]["campaign"][
        "attachments"
    ] == paper
    assert await posted(program, body | {"attachments": paper, "channels": ["official"]}) == 422
    nowhere = [{"kind": "image", "media": "none.jpg"}]
    assert await posted(program, body | {"attachments": nowhere}) == 422
