"""What programs write: journeys, offers, texts, tags, settings, colleagues, files; each as the console would."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.domain.campaigns import Campaign
from bot.domain.cases import CaseStep
from bot.domain.customers import Secret
from bot.domain.orders import Order
from bot.store import access, audit_trail, cases, journeys, playbooks
from bot.web.console import importing
from bot.web.console.importing import WORKSHOP
from tests.builders import a_customer, a_follow, a_guide
from tests.web.faces import a_named_customer

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
STEPS = [{"wait": {"days": 1}}, {"guide_task": {"why": "问问新鞋合不合脚"}}]
NUMBERS = count()
PLAY = {"key": "shoes", "name": "新鞋回访", "trigger": "order_paid", "steps": STEPS}


async def publishes(program, **changes) -> tuple[int, dict]:
    return await writes(program, "journeys", PLAY | changes)


async def writes(program, path: str, body: dict) -> tuple[int, dict]:
    """For bodies that have a `key` of their own."""
    answer = await program.client.post(
        f"/api/v1/{path}", json=body, headers={"Idempotency-Key": f"k{next(NUMBERS)}"}
    )
    return answer.status, await answer.json(content_type=None)


async def entered(bot, who) -> int:
    async with bot.session() as session:
        return await journeys.enter(
            session,
            bot.content,
            trigger="order_paid",
            customer_id=who.id,
            cause=f"order:{bot.key()}",
            now=bot.now,
        )


async def test_a_journey_is_written_paused_and_outlives_a_restart(bot, shop):
    program, who = await shop.program("owner"), await a_named_customer(bot)
    assert (await publishes(program))[1]["version"] == 1
    assert await entered(bot, who) == 1
    await program.asks("journeys/shoes/pause")
    assert await entered(bot, await a_named_customer(bot)) == 0
    await program.asks("journeys/shoes/resume")
    async with bot.session() as session:  # as a start does, with the edits laid over the files
        assert await playbooks.publish_playbooks(session, bot.content, bot.now) > 0
        assert (await playbooks.newest(session, "shoes")).by == "owner:key:owner"
    status, told = await program.reads("journeys/shoes")
    assert (status, told["version"], told["state"]) == (200, 1, "published")


async def test_a_journey_that_cannot_run_is_refused_with_every_reason(shop):
    program = await shop.program("owner")
    wrong = [{"message": {"template": "no/such"}}, {"tag": {"add": ["没有/这个"]}}]
    status, told = await publishes(program, steps=wrong)
    assert (status, told["title"]) == (422, "bad_content")
    assert "no/such" in told["detail"]
    assert "没有/这个" in told["detail"]
    bad = {"branch": {"if": {"field": "nothing", "op": "is", "value": 1}, "then": []}}
    assert (await publishes(program, steps=[bad]))[0] == 422
    assert (await program.reads("journeys/shoes"))[0] == 404


async def test_what_an_operator_writes_into_a_journey_waits_for_a_second_person(shop):
    program, owner = await shop.program("operator"), await shop.program("owner")
    _, told = await publishes(program)
    assert told["state"] == "waiting"
    await owner.asks(f"proposals/{told['proposal_id']}/decide", agreed=True)
    assert (await owner.reads("journeys/shoes"))[1]["name"] == "新鞋回访"


async def delete(program, path: str) -> int:
    answer = await program.client.delete(
        f"/api/v1/{path}", headers={"Idempotency-Key": f"k{next(NUMBERS)}"}
    )
    return int(answer.status)


async def test_a_journey_of_ones_own_ends_and_a_files_comes_back(bot, shop):
    await bot.publishes()
    program = await shop.program("owner")
    ours = next(iter(bot.content.playbooks))
    await publishes(program)
    await publishes(program, key=ours)
    assert (await program.reads(f"journeys/{ours}"))[1]["name"] == "新鞋回访"
    assert [await delete(program, f"journeys/{key}") for key in (ours, "shoes")] == [200, 200]
    assert (await program.reads(f"journeys/{ours}"))[1]["by"] == "system:files"
    assert (await program.reads("journeys/shoes"))[0] == 404
    assert await delete(program, "journeys/welcome") == 404


async def test_an_offer_is_made_and_paused(bot, shop):
    program = await shop.program("owner")
    spec = {"key": "spring", "name": "春季券", "kind": "amount", "value": 2000}
    spec |= {"budget_pieces": 5, "valid_days": 7, "ends": "2030-01-01"}
    assert (await writes(program, "offers", dict(spec)))[0] == 200
    assert (await writes(program, "offers", dict(spec)))[1]["title"] == "offer_exists"
    assert (await writes(program, "offers", spec | {"value": 2**63}))[0] == 422
    assert (await writes(program, "offers", spec | {"ends": "9999-12-31"}))[0] == 422
    assert (await program.asks("offers/spring/pause"))[1]["after"] == "paused"
    (one,) = [one for one in (await program.reads("offers"))[1]["items"] if one["key"] == "spring"]
    assert (one["state"], one["budget_pieces"]) == ("paused", 5)
    hers = (await a_named_customer(bot)).ref
    assert (await program.asks(f"customers/{hers}/coupons", offer="spring"))[0] == 409


async def test_a_family_of_groups_is_made_and_rests(shop):
    program, manager = await shop.program("operator"), await shop.program("manager", store="S01")
    spec = {"key": "hikers", "name": "登山群", "kind": "interest", "rule": {"all": []}}
    assert (await writes(manager, "groups", spec))[0] == 403
    assert (await writes(program, "groups", spec | {"capacity": 150}))[0] == 200
    assert (await program.asks("groups/hikers/rule", rule={"all": []}, grace_days=9))[0] == 200
    assert (await program.asks("groups/hikers/pause"))[1]["after"] == "暂停"
    _, told = await program.reads("groups/hikers")
    assert (told["capacity"], told["grace_days"]) == (150, 9)


async def test_a_tag_comes_with_its_group_and_is_given_to_many(bot, shop):
    program = await shop.program("operator")
    async with bot.session() as session:
        refs = [(await a_customer(session)).ref for _ in range(3)]
    assert (await program.asks("tags", tag="喜好/登山"))[0] == 200
    _, told = await program.asks("tags/assign", tag="喜好/登山", refs=refs[:2])
    assert told["changed"] == 2
    found = (await program.reads("customers", tag="喜好/登山"))[1]["items"]
    assert {one["ref"] for one in found} == set(refs[:2])
    rule = {"when": "rule", "rule": {"field": "orders.count", "op": "gte", "value": 1}}
    assert (await program.asks("tags", tag="喜好/常来", given=rule))[0] == 200
    assert (await program.asks("tags", tag="喜好/常来", given={"when": "rule"}))[0] == 422
    assert (await program.asks("tags/retire", tag="喜好/常来"))[0] == 200


async def test_a_price_band_is_read_tried_and_changed(bot, shop):
    program = await shop.program("operator")
    band = {"when": "purchase", "price": {"from": 140, "of": "category"}, "within_days": 200}
    asked: dict[str, Any] = {"tag": "价格带/高端", "given": band}
    _, told = await program.reads("tags/rules", tag="价格带/高端")
    assert told["items"][0]["rule"]["price"] == {"from": 130, "of": "category"}
    assert (await program.asks("tags/rules/preview", **asked))[1] == {"customers": 0, "faces": []}
    assert (await program.asks("tags", **asked))[0] == 200
    _, told = await program.reads("tags/rules", tag="价格带/高端")
    assert [(one["of_console"], one["rule"]["price"]["from"]) for one in told["items"]] == [
        (True, 140)
    ]
    for wrong in ({"from": 90, "below": 80}, {}, {"of": "line", "from": 1}):
        assert (await program.asks("tags", tag="价格带/高端", given=band | {"price": wrong}))[
            0
        ] == 422
    flutters = {
        "when": "counter",
        "counts": [{"of": "item", "any": ["*"]}],
        "enters": 1,
        "leaves": 2,
    }
    status, _ = await program.asks("tags/rules/preview", tag="价格带/高端", given=flutters)
    assert status == 422
    assert (await program.asks("tags/retire", tag="价格带/高端"))[0] == 200


async def test_a_tag_may_have_every_kind_of_rule_that_the_file_knows(bot, shop):
    program, made = await shop.program("operator"), set()
    habit = {"share": 0.5, "orders": 3}
    for given in (
        {"when": "answer", "form": "next-season", "field": "vote", "is": "针织"},
        {"when": "purchase", "category": "家居", "orders": {"least": 2, "most": 4}},
        {"when": "purchase", "with_coupon": habit, "within_days": 90},
        {"when": "purchase", "at_weekends": habit},
        {"when": "purchase", "new_items": habit | {"days": 20}},
        {"when": "menu", "any": ["home*"], "days": 30, "confidence": 0.8},
    ):
        assert (await program.asks("tags/rules/preview", tag="兴趣/家居", given=given))[0] == 200
        status, told = await program.asks("tags", tag="兴趣/家居", given=given)
        assert status == 200, told
        _, told = await program.reads("tags/rules", tag="兴趣/家居")
        made |= {one["when"] for one in told["items"] if one["of_console"]}
        assert [one["rule"] for one in told["items"]].count(given | {"tag": "兴趣/家居"}) == 1
    assert made == {"answer", "purchase", "menu"}  # of each kind the newest counts
    for wrong in (
        {"with_coupon": habit, "at_weekends": habit},
        {"within_days": 9},
        {"any": ["x"]},
    ):
        given = {"when": "purchase"} | wrong
        assert (await program.asks("tags", tag="兴趣/家居", given=given))[0] == 422


async def test_words_are_tried_saved_and_taken_back(bot, shop):
    program = await shop.program("operator")
    name = "content/newcomer/style"
    _, was = await program.reads(name)
    source = was["source"].rstrip() + "\n今天也有新到的。\n"
    _, tried = await program.asks(f"{name}/preview", key="", source=source)
    assert "今天也有新到的" in tried["words"] + tried["flaw"]
    answer = await program.client.put(
        f"/api/v1/{name}", json={"source": source}, headers={"Idempotency-Key": "k"}
    )
    assert answer.status == 200
    assert (await program.reads(name))[1]["changed"] is True
    assert await delete(program, name) == 200
    assert (await program.reads(name))[1]["source"] == was["source"]


async def test_the_house_is_set_and_every_change_is_on_record(bot, shop):
    owner, admin = await shop.program("owner"), await shop.program("admin")
    await admin.asks("settings/brand", name="山野集")
    waits = (await admin.asks("settings/limits", brand={"most_in_month": 3}))[1]
    assert waits["state"] == "waiting"
    by_hand = {"per_day": {"guide": 1}, "sorry_fen": {"care": 500}}
    await owner.asks(
        "settings/limits",
        brand={"most_in_month": 3},
        quiet_hours={"ends": "10:00"},
        by_hand=by_hand,
    )
    _, told = await owner.reads("settings")
    assert told["brand"]["name"] == "山野集"
    assert (told["limits"]["brand"]["most_in_month"], told["limits"]["quiet_hours"]["ends"]) == (
        3,
        "10:00:00",
    )
    assert told["limits"]["by_hand"]["per_day"] == {
        "guide": 1,
        "care": 10,
        "manager": 20,
        "operator": 50,
        "admin": 50,
    }
    async with bot.session() as session:
        rows = await audit_trail.page(session)
    assert rows[0].detail["before"]["brand"] == {"most_in_month": 4}


async def test_a_colleague_comes_with_a_password_that_is_said_once_more_for_the_same_act(
    bot, shop
):
    owner = await shop.program("owner")
    made = await owner.asks("staff", key="k", name="阿岚", role="care")
    assert made == await owner.asks("staff", key="k", name="阿岚", role="care")
    async with bot.session() as session:
        password = made[1]["password"]
        assert await access.sign_in(session, name="阿岚", password=password) is not None
        kept = [str(row.detail) for row in await audit_trail.page(session)]
    assert not [row for row in kept if "argon2" in row or password in row]
    await owner.asks("staff/阿岚", active=False)
    assert [one["active"] for one in (await owner.reads("staff"))[1]["items"]] == [False]


async def test_a_case_changes_hands_and_is_noted_for_colleagues_alone(bot, shop):
    program, customer = await shop.program("care"), await a_named_customer(bot)
    async with bot.session() as session:
        guide = await a_guide(session, userid="lan", name="阿岚")
        await a_follow(session, customer, guide)
    _, made = await program.asks(f"customers/{customer.ref}/cases", text="鞋底开胶了")
    at = f"cases/{made['case']}"
    other = await a_guide_of(bot, "mei")
    assert (await program.asks(f"{at}/assign", guide="nobody"))[0] == 404
    assert (await program.asks(f"{at}/assign", guide=other))[0] == 200
    await bot.sends()
    assert (await program.asks(f"{at}/notes", text="她很着急，先打电话"))[0] == 200
    assert [call for call in await bot.sends() if "着急" in str(call)] == []
    _, whole = await program.reads(at)
    assert whole["guide"] == "mei"
    assert whole["steps"][-1]["text"] == "她很着急，先打电话"
    async with bot.session() as session:
        sealed = await session.scalar(select(CaseStep.text).order_by(CaseStep.id.desc()).limit(1))
        assert await session.get(Secret, customer.id)
        assert "着急".encode() not in sealed
        assert (await cases.get(session, made["case"])).state == "open"


async def a_guide_of(bot, userid: str) -> str:
    async with bot.session() as session:
        return (await a_guide(session, userid=userid)).userid


async def test_a_guide_is_asked_and_reminded(bot, shop):
    program, customer = await shop.program("operator"), await a_named_customer(bot)
    path = f"customers/{customer.ref}/tasks"
    assert (await program.asks(path, why="周末到店试鞋"))[1]["title"] == "no_guide"
    async with bot.session() as session:
        await a_follow(session, customer, await a_guide(session, userid="lan"))
    assert (await program.asks(path, why="周末到店试鞋"))[1]["guide"] == "lan"
    assert [one["kind"] for one in (await program.reads("tasks"))[1]["items"]] == ["asked"]
    assert (await program.asks("guides/lan/remind"))[1]["title"] == "nothing_to_remind"
    assert (await program.asks("guides/nobody/remind"))[0] == 404
    until = (bot.now + timedelta(days=3)).isoformat()
    told = (await program.asks("guides/lan", duty="expert", away_until=until))[1]
    assert (told["duty"], told["called_back"]) == ("expert", 0)
    assert (await program.asks("guides/lan", back=True))[1]["away_until"] is None


ROWS = "订单号,手机号,下单时间,金额\nN1,13800000001,2024-03-01 10:00,9.90\nN2,138,2024-03-01,1\n"


async def sends(program, key: str, text: str = ROWS) -> tuple[int, dict]:
    answer = await program.client.post(
        "/api/v1/imports?kind=orders&name=orders.csv",
        data=text.encode(),
        headers={"Idempotency-Key": key, "Content-Type": "application/octet-stream"},
    )
    return answer.status, await answer.json(content_type=None)


async def settled(shop) -> None:
    await asyncio.gather(*shop.server.app[WORKSHOP].tasks)


async def test_a_file_is_looked_at_and_written_once_and_lies_sealed(bot, shop):
    program = await shop.program("operator")
    _, told = await sends(program, "k")
    await settled(shop)
    assert await sends(program, "k") == (200, told)
    assert (await sends(program, "k", ROWS + "N3,,,\n"))[1]["title"] == "key_reused"
    at = f"imports/{told['id']}"
    report = (await program.reads(at))[1]["report"]
    assert (report["imported"], report["rejected"]) == (1, 1)
    lying = [path for path in importing.home(bot.work).rglob("*") if path.is_file()]
    assert [path for path in lying if b"138" in path.read_bytes()] == []
    assert len(lying) == 2
    (bad,) = (await program.reads(f"{at}/problems"))[1]["items"]
    assert (bad["row"], bad["content"]) == ("3", "138")
    assert (await program.asks(f"{at}/run"))[1]["state"] == "running"
    await settled(shop)
    assert (await program.reads(at))[1]["state"] == "done"
    async with bot.session() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 1


@pytest.mark.parametrize("text", ['{"rule": {"field": "tag", "op": "has", "value": "\\u0000"}}'])
async def test_text_that_not_every_database_keeps_is_refused_however_deep(shop, text):
    program = await shop.program("operator")
    answer = await program.client.post(
        "/api/v1/segments/count", data=text, headers={"Content-Type": "application/json"}
    )
    assert answer.status == 422


async def test_a_rule_is_kept_as_a_draft_and_counts_nowhere(shop):
    program = await shop.program("operator")
    at, headers = "/api/v1/segments/drafts/常客", {"Idempotency-Key": "d"}
    rule = {"all": [{"field": "orders.count", "op": "gte", "value": ""}]}
    assert (await program.client.put(at, json={"rule": rule}, headers=headers)).status == 200
    assert (await program.reads("segments/drafts"))[1]["items"] == [{"name": "常客", "rule": rule}]
    assert (await program.reads("segments"))[1]["items"] == []
    for n, nonsense in enumerate(({"x": 1}, {"all": 7}, {"all": [3]}, {"not": []}, {"field": []})):
        answer = await program.client.put(
            at, json={"rule": nonsense}, headers={"Idempotency-Key": f"n{n}"}
        )
        assert answer.status == 422, nonsense
    assert await delete(program, "segments/drafts/常客") == 200
    assert (await program.reads("segments/drafts"))[1]["items"] == []


async def test_a_draft_is_written_anew_a_journey_rehearsed_and_an_offer_weighed(bot, shop):
    await bot.publishes()
    program = await shop.program("owner")
    body = {"name": "春季上新", "segment": "core", "text": "新款到了，来看看。"}
    _, told = await program.asks("campaigns", **body)
    path = f"/api/v1/campaigns/{told['campaign_id']}"
    answer = await program.client.put(
        path, json=body | {"name": "夏季上新"}, headers={"Idempotency-Key": "anew"}
    )
    assert (answer.status, (await answer.json())["campaign_id"]) == (200, told["campaign_id"])
    assert (await program.reads(path.removeprefix("/api/v1/")))[1]["name"] == "夏季上新"
    wanted = {"template": "sleeping/soft", "text": None, "rivals": ["sleeping/vote"]}
    wanted |= {"stop_when": {"least": 20, "opted_out_percent": 2}, "budget_fen": 30000}
    wanted["attachments"] = [{"kind": "link", "title": "图册", "url": "/h5"}]
    answer = await program.client.put(
        path, json=body | wanted, headers={"Idempotency-Key": "compared"}
    )
    assert answer.status == 200
    async with bot.session() as session:
        made = await session.get(Campaign, told["campaign_id"])
        assert (made.arms, made.budget_fen) == (["sleeping/soft", "sleeping/vote"], 30000)
        assert (made.stop_when["least"], made.stop_when["opted_out_percent"]) == (20, 2)
        assert made.attachments[0]["url"] == bot.content.address("/h5")
    voice = {"attachments": [{"kind": "voice", "media": "a.amr"}], "name": "按声音"}
    assert (await program.asks("campaigns", **body | voice))[0] == 422
    by_guide = body | {"holdout_by": "guide", "name": "按导购"}
    _, told = await program.asks("campaigns", **by_guide)
    async with bot.session() as session:
        assert (await session.get(Campaign, told["campaign_id"])).holdout_by == "guide"
    status, done = await program.reads("journeys/newcomer-week/rehearsal")
    assert (status, done["entered"], done["sent"]) == (200, 0, {})
    assert (await program.reads("journeys/weekly-core/rehearsal"))[0] == 422
    spec = bot.content.offers["weekly"].model_dump(mode="json") | {"key": "more"}
    answer = await program.client.post("/api/v1/offers/check", json=spec)
    assert (answer.status, (await answer.json())["unfair"]) == (200, [])
