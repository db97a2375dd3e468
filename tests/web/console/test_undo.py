"""撤销 in the audit log: the inverse act, once, from where the first one left things, by whoever may."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.domain.audit import AuditRow
from bot.domain.campaigns import Campaign
from bot.domain.refusals import Refusal
from bot.events import commands as acts
from bot.store import access, advisors, audit, group_chats, playbooks, tags
from tests.builders import a_follow, a_guide, a_store, an_offer
from tests.web.faces import a_coupon, a_named_customer

OWNER = acts.Actor(kind="owner", id="boss")
MANAGER = acts.Actor(kind="manager", id="chen", store="S01")
TAG = "导购/怕冷"


async def does(bot, kind, *, actor=OWNER, **facts):
    await bot.does(kind(actor=actor, key=bot.key(), at=bot.now, **facts))


async def rows(bot) -> list[AuditRow]:
    async with bot.session() as session:
        return list(await session.scalars(select(AuditRow).order_by(AuditRow.id)))


@pytest.fixture
async def things(bot):
    """By name what the acts below are done to."""
    her, twin = await a_named_customer(bot, "林小满"), await a_named_customer(bot, "小满")
    async with bot.session() as session:
        store = await a_store(session, code="S01")
        one, other = await a_guide(session), await a_guide(session)
        for guide in (one, other):
            await a_follow(session, her, guide, external_userid=f"wm-{guide.id}")
        await advisors.assign(session, customer_id=her.id, guide_id=one.id, now=bot.now)
        await tags.publish(session, bot.content.tags)
        await group_chats.publish_rules(session, bot.content.groups, bot.now)
        await playbooks.publish_playbooks(session, bot.content, bot.now)
        await access.add_user(
            session, name="yun", role="operator", store=None, password=None, now=bot.now
        )
        journey = next(row.key for row in await playbooks.live(session))
        offer = await an_offer(session, key="spring")
        campaigns = [await _campaign(session, bot, state) for state in ("running", "paused")]
    coupon = await a_coupon(bot, her, stores=["S01"])
    return {
        "her": her.id,
        "twin": twin.id,
        "other": other.userid,
        "store": store.code,
        "journey": journey,
        "offer": offer.key,
        "running": campaigns[0],
        "paused": campaigns[1],
        "code": coupon.code,
    }


async def _campaign(session, bot, state: str) -> int:
    facts = {"name": state, "purpose": "marketing", "rule": {}, "template": "", "channels": []}
    moments = {"starts_at": bot.now, "ends_at": bot.now, "created_at": bot.now}
    made = Campaign(**facts, **moments, seed="s", created_by="owner:boss", state=state)
    session.add(made)
    await session.flush()
    return made.id


ACTS = (
    (acts.PauseCampaign, {"campaign_id": "running"}, "resume_campaign"),
    (acts.ResumeCampaign, {"campaign_id": "paused"}, "pause_campaign"),
    (acts.PutFirst, {"campaign_id": "paused", "first": True}, "put_first"),
    (acts.SwitchSending, {"on": False, "reason": "演练"}, "switch_sending"),
    (acts.SwitchOffer, {"offer": "offer", "on": False}, "switch_offer"),
    (acts.SwitchGroup, {"group": "benefit", "on": False}, "switch_group"),
    (acts.SwitchPlaybook, {"playbook": "journey", "on": False}, "switch_playbook"),
    (acts.RedeemCoupon, {"code": "code", "store": "S01", "actor": MANAGER}, "void_redemption"),
    (acts.TagCustomer, {"customer_id": "her", "add": (TAG,)}, "tag_customer"),
    (acts.ChangeAdvisor, {"customer_id": "her", "userid": "other"}, "change_advisor"),
    (acts.AdjustPoints, {"customer_id": "her", "delta": 30, "reason": "补"}, "adjust_points"),
    (acts.ChangeStaff, {"name": "yun", "active": False}, "change_staff"),
    (
        acts.MergeCustomers,
        {"keep_id": "her", "merge_id": "twin", "reason": "同一位"},
        "unmerge_customer",
    ),
    (acts.EraseCustomer, {"customer_id": "her", "reason": "她要求"}, "keep_customer"),
)


async def test_every_act_that_has_a_way_back_is_taken_back_once(bot, shop, things):
    boss = await shop.signs_in("owner", "boss")
    went = []
    for kind, facts, back in ACTS:
        given = {name: _named(things, value) for name, value in facts.items()}
        await does(bot, kind, **given)
        act = (await rows(bot))[-1]
        page = await (await boss.opens("/admin/audit")).sends(f"/admin/audit/{act.id}/undo")
        done = (await rows(bot))[-1]
        went.append((act.action, done.action, done.undoes, "撤销了，这一行" in page.text))
        assert went[-1] == (act.action, back, act.id, True), done.detail
        assert f'action="/admin/audit/{act.id}/undo"' not in page.html
    async with bot.session() as session:
        assert await audit.verify(session) is None


def _named(things, value):
    return things.get(value, value) if isinstance(value, str) else value


async def test_a_second_press_and_a_stranger_change_nothing(bot, shop, things):
    await does(bot, acts.PauseCampaign, campaign_id=things["running"])
    (act,) = await rows(bot)
    where = f"/admin/audit/{act.id}/undo"
    early, boss = [await shop.signs_in("owner", "boss") for _ in range(2)]
    auditor, foreign = (
        await shop.signs_in("auditor", "shen"),
        await shop.signs_in("manager", "he", "S02"),
    )
    for face in (early, boss):
        await face.opens("/admin/audit")
    assert where not in (await auditor.opens("/admin/audit")).html
    await boss.sends(where)
    page = await early.sends(where)
    assert (page.status, "已经有人撤销了" in page.text) == (409, True)
    assert where not in (await foreign.opens("/admin/audit")).html
    assert [row.undoes for row in await rows(bot)] == [None, act.id, None]


async def test_what_changed_since_has_no_way_back(bot, shop, things):
    await does(bot, acts.PauseCampaign, campaign_id=things["running"])
    (act,) = await rows(bot)
    boss = await (await shop.signs_in("owner", "boss")).opens("/admin/audit")
    await does(bot, acts.StopCampaign, campaign_id=things["running"])
    page = await boss.sends(f"/admin/audit/{act.id}/undo")
    assert (page.status, "后来又变过了" in page.text) == (409, True)
    with pytest.raises(Refusal) as no:
        await does(bot, acts.ResumeCampaign, campaign_id=things["running"], undoes=act.id)
    assert no.value.reason == "wrong_state"
