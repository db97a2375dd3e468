"""What group chats are written: by turns on a page, kept, seen ahead, published; never three promotions in a row."""

from __future__ import annotations

import re

import pytest
from multidict import MultiDict

from bot.content import plans
from bot.domain.group_posts import always_held
from bot.store import group_chats
from bot.web.console.group_plan import changed, read
from tests.web.faces import Face

PLAN = "/admin/groups/vip/plan"
TYPED = {
    "weekdays": ["2", "5"],
    "at": "16:00",
    "mix": ["knowledge", "benefit"],
    "texts.knowledge": ["rooms/washing"],
    "texts.benefit": ["rooms/benefit"],
}


async def keeps(page: Face, **changes: str | list[str]) -> Face:
    hidden = {name: page.form(PLAN)[name] for name in ("csrf", "key", "seen")}
    return await page.posts(PLAN, **(hidden | TYPED | {"do": "keep"} | changes))


async def test_a_calendar_is_drafted_seen_ahead_and_published(bot, shop):
    await bot.publishes()
    page = await (await shop.signs_in("operator", "op")).opens(PLAN)
    page = await keeps(page, mix=["benefit", "benefit", "benefit"])
    assert "连着 3 条都是福利，发到第三条就会被压下" in page.text
    assert 'id="publish"' not in page.html
    page = await keeps(page)
    assert "周二、周五 16:00" in page.text
    ahead = re.findall(r'id="ahead".*?</ol>', page.html, re.S)[0]
    assert ahead.count("群里的本周福利") == 3
    page = await page.sends(f"{PLAN}/publish")
    assert "内容日历已发布" in page.text
    async with bot.session() as session:
        rule = await group_chats.rule_of(session, "vip")
    assert (rule.settings["plan"]["weekdays"], rule.version) == ([2, 5], 2)
    page = await page.sends(f"{PLAN}/publish", end="1")
    async with bot.session() as session:
        assert (await group_chats.rule_of(session, "vip")).settings["plan"] is None


async def test_a_program_is_refused_three_promotions_in_a_row(bot, shop):
    await bot.publishes()
    program = await shop.program("operator")
    plan = read(
        MultiDict([("weekdays", "1"), ("mix", "benefit"), ("texts.benefit", "rooms/benefit")])
    )
    status, told = await program.asks("groups/vip/plan", plan=plan)
    assert (status, told["title"]) == (422, "third_promotion")


@pytest.mark.parametrize(
    ("mix", "held"),
    [("bb", True), ("bbk", False), ("bkbb", True), ("kbbp", False), ("k", False), ("bbb", True)],
)
def test_from_the_end_on_to_the_beginning_counts_as_in_a_row(mix, held):
    names = {"b": "benefit", "k": "knowledge", "p": "play"}
    assert always_held([names[one] for one in mix]) is held


def test_every_mistake_is_named_where_it_stands(content):
    body = {"weekdays": [], "at": "9", "mix": ["play"], "texts": {"knowledge": ["vip/gift", "no"]}}
    places = [one.place for one in plans.flaws(content, body)]
    assert places == ["weekdays", "texts.play", "texts.knowledge", "texts.knowledge"]


@pytest.mark.parametrize(
    ("press", "after"),
    [
        ("up:1", "pk"),
        ("down:1", "kp"),
        ("drop:0", "p"),
        ("add", "kpk"),
        ("x", "kp"),
        ("up:9", "kp"),
    ],
)
def test_a_press_changes_one_thing(press, after):
    body = {"mix": ["knowledge", "play"]}
    mix = changed(body, press, "knowledge")[0]["mix"]
    assert "".join(sort[0] for sort in mix) == after
