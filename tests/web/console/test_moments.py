"""Moments from the console: written, seen ahead, approved; the guide's own page; the same for a program."""

from __future__ import annotations

from bot.calls import AddMoment
from bot.outbound.moments import moments_due
from tests.outbound.test_moments import WORDS, Feed, a_crew, looks

NEW = {
    "text": WORDS,
    "who": "guides",
    "guides": ["g1", "g2"],
    "link_title": "卡包",
    "link_url": "/h5",
}


async def test_it_is_written_seen_ahead_approved_and_told_guide_by_guide(bot, shop):
    feed = Feed(bot, invalid_external_contact_list={"tag_list": ["et-gone"]})
    await a_crew(bot, "g1", "g2", "g3")
    face = await shop.signs_in("owner", "boss")
    await face.opens("/admin/moments/new")
    assert "不认分群、分层和退订" in face.text
    page = await face.sends("/admin/moments", **NEW)
    address = page.url.split("?")[0]
    assert "选中的导购 2" in page.text
    assert "她们的朋友，能看到的 4" in page.text
    page = await page.sends(f"{address}/approve")
    assert "等到点交给导购" in page.text
    await bot.sends()
    guide = await (await shop.signs_in("guide", "g1")).opens("/guide")
    assert "正在交给企业微信，几分钟后出现" in guide.text
    await looks(bot)
    assert "你的 2 位好友能看到" in (await guide.opens("/guide")).text
    feed.published = {"g1"}
    await looks(bot)
    assert "待发表" not in (await guide.opens("/guide")).text
    page = await page.opens(address)
    for said in ("发表了 1", "等她发表 1", "不认这些标签：et-gone", "看到", "链接被点开"):
        assert said in page.text
    assert "发表了 看到 赞 评论" in (await page.opens("/admin/moments")).text
    assert (
        "取消了：还没发表的正在收回"
        in (await (await page.opens(address)).sends(f"{address}/stop")).text
    )


async def test_a_store_manager_and_a_program_reach_their_own_only(bot, shop):
    Feed(bot)
    await a_crew(bot, "g1")
    program = await shop.program("operator")
    status, told = await program.asks("moments", text=WORDS, stores=["S01"])
    assert (status, told["state"]) == (200, "draft")
    number = told["post_id"]
    status, told = await program.reads(f"moments/{number}")
    assert (told["asked"], told["people"], told["text"]) == (1, 2, WORDS)
    assert (await program.asks(f"moments/{number}/approve"))[0] == 403
    manager = await (await shop.signs_in("manager", "m", store="S02")).opens(
        f"/admin/moments/{number}"
    )
    assert manager.status == 404
    owner = await shop.program("owner")
    assert (await owner.asks(f"moments/{number}/approve", expected=2))[1]["title"] == (
        "audience_changed"
    )
    assert (await owner.asks(f"moments/{number}/approve", expected=1))[1]["guides"] == 1
    await bot.sends()
    await bot.works(moments_due)
    assert len(bot.platform.sent(AddMoment)) == 1
    assert (await owner.asks(f"moments/{number}/stop"))[1]["state"] == "making"
    status, page = await owner.reads("moments")
    assert [one["guides"] for one in page["items"]] == [{"planned": 1}]
