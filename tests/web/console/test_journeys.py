"""A journey written on its page: step by step, kept, compared, published, halted."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from multidict import MultiDict
from sqlalchemy import select

from bot.domain.group_chats import GroupChat, Invite
from bot.domain.journeys import Playbook, Run
from bot.outbound import journeys as ticks
from bot.store import journeys
from bot.web.console import journey_form
from tests.builders import a_customer
from tests.outbound.test_groups import a_regular
from tests.web.faces import Face

ALL = "/admin/campaigns/journeys"


class Fields(HTMLParser):
    """What a browser would send of the journey's form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside, self.select, self.told = False, "", MultiDict[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = facts.get("id") == "journey"
        if self.inside and tag == "input":
            self.told.add(facts["name"], facts.get("value", ""))
        if tag == "select":
            self.select, self.first = facts.get("name", ""), True
        if self.inside and tag == "option" and self.select:
            if self.first:
                self.told.add(self.select, facts.get("value", ""))
            elif "selected" in facts:
                self.told.popall(self.select) if not self._rules() else self._last()
                self.told.add(self.select, facts.get("value", ""))
            self.first = False

    def _rules(self) -> bool:
        return ":" in self.select

    def _last(self) -> None:
        """Rows of a rule share their names: only the newest is chosen anew."""
        kept = list(self.told.items())
        del kept[max(n for n, (name, _value) in enumerate(kept) if name == self.select)]
        self.told = MultiDict(kept)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "select":
            self.select = ""


async def press(page: Face, do: str, **typed: str) -> Face:
    told = Fields(page.html).told
    for name, value in typed.items():
        told[name.replace("__", ".")] = value
    told["do"] = do
    address = page.url.split("?")[0]
    return await page._shown(await page.client.post(address, data=list(told.items())))


async def begun(shop, *, kind: str = "owner", like: str = "") -> Face:
    page = await (await shop.signs_in(kind, kind)).opens(f"{ALL}/-/new")
    return await page.sends(ALL, name="新鞋回访", like=like)


async def publishes(page: Face) -> Face:
    return await page.sends(page.url.split("?")[0].replace("/draft", "/publish"))


async def test_a_journey_is_built_step_by_step_and_published(bot, shop):
    await bot.publishes()
    page = await begun(shop)
    page = await press(page, "keep", trigger="order_paid")
    assert "少了「话术」" in page.text
    page = await press(page, "look", s__1__template="newcomer/gift")
    page = await press(page, "keep")
    assert "说到一张券，这一步却没有附" in page.text
    page = await press(page, "keep", s__1__offer="newcomer")
    assert "写得通，可以发布" in page.text
    page = await press(page, "add:s", **{"kind.s": "branch"})
    page = await press(page, "cond:s.2.if")
    page = await press(page, "add:s.2.then", **{"kind.s.2.then": "guide_task"})
    page = await press(page, "add:s.2.else", **{"kind.s.2.else": "tag"})
    page = await press(page, "up:s.2")
    page = await press(
        page, "next", **{"s.1.then.0.why": "看看鞋合不合脚", "s.1.else.0.add": "旅程/新朋友"}
    )
    assert "请导购联系：看看鞋合不合脚" in page.text
    assert "现在有" not in page.text
    page = await publishes(page)
    assert "旅程已发布" in page.text
    (key,) = [name for name in bot.content.playbooks if name.startswith("j-")]
    async with bot.session() as session:
        row = await session.scalar(select(Playbook).where(Playbook.key == key))
    kinds = [next(iter(step)) for step in row.body["steps"]]
    assert (kinds, row.by) == (["wait", "branch", "message", "end"], "owner:owner")
    assert row.body["steps"][1]["branch"]["else"] == [{"tag": {"add": ["旅程/新朋友"]}}]


async def test_who_is_inside_keeps_her_version_and_the_change_is_told_line_by_line(bot, shop):
    await bot.publishes()
    async with bot.session() as session:
        customer = await a_customer(session)
        facts = {"trigger": "friend_added", "customer_id": customer.id, "cause": "friend:su"}
        assert await journeys.enter(session, bot.content, now=bot.now, **facts)
    page = await (await shop.signs_in("owner", "boss")).opens(f"{ALL}/newcomer-week/edit")
    page = await press(page, "cond:goal")
    page = await press(page, "next", s__1__days="2")
    assert "现在有 1 人走在上面：她们走完开始时的那一版" in page.text
    assert "等 1 天" in page.text
    assert "等 2 天" in page.text
    page = await page.opens(f"{ALL}/newcomer-week/rehearsal?draft=1")
    assert "草稿" in page.text
    page = await publishes(await page.opens(f"{ALL}/newcomer-week/draft"))
    assert "第 2 版" in page.text
    assert "走过的 1 人里 0 人到了" in page.text
    async with bot.session() as session:
        assert set(await session.scalars(select(Run.version))) == {1}
    page = await page.sends(f"{ALL}/newcomer-week/pause")
    assert "停着" in page.text
    page = await page.opens(f"{ALL}/newcomer-week")
    page = await page.sends(f"{ALL}/newcomer-week/withdraw")
    assert "回到文件里的那一版" in page.text


async def test_two_who_write_at_once_are_told_and_a_draft_is_dropped(bot, shop):
    await bot.publishes()
    first = await (await shop.signs_in("owner", "boss")).opens(f"{ALL}/newcomer-week/edit")
    second = await (await shop.signs_in("admin", "ad")).opens(f"{ALL}/newcomer-week/edit")
    await press(first, "keep", name="第一个人的")
    second = await press(second, "keep", name="第二个人的")
    assert (second.status, "刚被别人改过" in second.text) == (409, True)
    page = await first.opens(f"{ALL}/newcomer-week/draft")
    page = await page.sends(f"{ALL}/newcomer-week/drop")
    assert "草稿丢掉了" in page.text
    assert (await page.opens(f"{ALL}/newcomer-week/draft")).status == 404


async def test_what_an_operator_publishes_waits_for_a_second_person(bot, shop):
    await bot.publishes()
    page = await begun(shop, kind="operator", like="newcomer-week")
    page = await press(page, "next")
    assert "要另一个人同意后才生效" in page.text
    page = await publishes(page)
    assert page.status == 202
    page = await (await shop.signs_in("admin", "ad")).opens("/admin/proposals")
    where = re.search(r'href="([^"]+/draft)">看改动', page.html)
    assert "还没有发布过" in (await page.opens(where[1])).text


async def test_a_family_made_in_the_console_is_offered_and_invited_into(bot, shop):
    await bot.publishes()
    page = await (await shop.signs_in("owner", "owner")).opens("/admin/groups/-/new")
    everybody = '{"all": [{"field": "points", "op": "gte", "value": 0}]}'
    page = await page.sends("/admin/groups", rule=everybody, name="茶友会")
    key = re.search(r"data-family=\"(c-\w+)\"", page.html)[1]
    page = await press(await begun(shop), "add:s", **{"kind.s": "invite"})
    assert f'<option value="{key}">茶友会</option>' in page.html
    page = await press(page, "drop:s.1")
    page = await press(page, "next", **{"s.1.group": key})
    assert "邀请进群：茶友会" in page.text
    await publishes(page)
    who = await a_regular(bot)
    async with bot.session() as session:
        rests = {"kind": "benefit", "owner": "su", "state": "open", "created_at": bot.now}
        code = {"config_id": "way1", "qr_code": "https://wework.qpic.cn/way1"}
        session.add(GroupChat(chat_id="wr1", rule_key=key, name="茶友会 1", **rests, **code))
        facts = {"trigger": "friend_added", "customer_id": who.id, "cause": "friend:su"}
        assert await journeys.enter(session, bot.content, now=bot.now, **facts)
    for _ in range(3):
        bot.clock.advance(days=1)
        await bot.works(ticks.advance_due)
    async with bot.session() as session:
        assert await session.scalar(select(Invite.rule_key)) == key


def test_a_stored_journey_comes_back_from_its_form_as_it_was(content):
    for key, spec in content.playbooks.items():
        if spec.steps:
            body = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
            for slot in journey_form.SLOTS:
                journey_form.put_rule(body, slot, journey_form.rule_at(body, slot))
            assert journey_form.changed(body, "look", MultiDict(), {})[0] == body, key


@pytest.mark.parametrize(
    "do", ["up:s.9", "drop:s", "add:s.0.then", "cond:s.7.if", "x", "drop:s.-1"]
)
def test_a_press_that_means_nothing_changes_nothing(do):
    body = {"steps": [{"wait": {"days": 1}}, {"end": True}]}
    assert journey_form.changed(body, do, MultiDict({"kind.s.0.then": "tag"}), {})[0] == body
