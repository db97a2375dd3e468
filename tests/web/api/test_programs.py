"""What programs may read and do: the same engine as the console, page by page, refused in one form."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.domain.customers import Secret
from bot.store import audit_trail
from bot.store.customers import keep_phone
from bot.web.api import openapi
from tests.builders import a_customer, a_follow, a_guide, a_store
from tests.web.faces import a_coupon, a_named_customer

RULE = {"field": "orders.count", "op": "gte", "value": 0}


async def several(bot, count: int) -> list[str]:
    async with bot.session() as session:
        return [(await a_customer(session)).ref for _ in range(count)]


async def test_a_list_is_read_page_by_page_to_its_end(bot, shop):
    refs = await several(bot, 5)
    program, seen, cursor = await shop.program("operator"), [], {}
    while cursor is not None:
        status, told = await program.reads("customers", limit=2, **cursor)
        assert status == 200
        seen += [one["ref"] for one in told["items"]]
        cursor = {"cursor": told["next"]} if told["next"] else None
    assert seen == refs[::-1]


async def test_a_cursor_fits_only_its_own_list(bot, shop):
    await several(bot, 3)
    program, other = await shop.program("operator"), await shop.program("admin")
    cursor = (await program.reads("customers", limit=1))[1]["next"]
    told = [
        await program.reads("customers", limit=1, tier="核心", cursor=cursor),
        await program.reads("orders", cursor=cursor),
        await other.reads("customers", cursor=cursor),
        await program.reads("customers", cursor=cursor[:-2] + "AA"),
        await program.reads("customers", cursor="é"),
    ]
    assert [(status, body["title"]) for status, body in told] == [(400, "bad_cursor")] * 5


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("nothing", {}, (404, "not_found")),
        ("customers/x/tags/y", {}, (404, "not_found")),
        ("campaigns", {"method": "PUT"}, (405, "method_not_allowed")),
        ("segments/count", {"method": "POST", "data": "a=1"}, (415, "unsupported_media_type")),
        ("segments/count", {"method": "POST", "json": {}}, (422, "invalid")),
        (
            "segments/count",
            {"method": "POST", "json": {"rule": {"field": "x"}}},
            (422, "bad_rule"),
        ),
        ("customers?limit=１２", {}, (422, "invalid")),
        ("customers?limit=1&limit=2", {}, (422, "invalid")),
        ("customers?everything=1", {}, (422, "invalid")),
        ("campaigns/99", {}, (404, "unknown_campaign")),
    ],
)
async def test_every_refusal_is_a_problem(shop, path, options, expected):
    program = await shop.program("owner")
    asked = {"method": "GET"} | options
    answer = await program.client.request(path=f"/api/v1/{path}", **asked)
    told = await answer.json(content_type="application/problem+json")
    assert (answer.status, told["title"]) == expected
    assert answer.status == told["status"]


async def test_what_was_sent_is_not_said_again(shop):
    program = await shop.program("owner")
    sent = {"13800138000": 1, "rule": "13800138000", "segment": ["13800138000"]}
    answer = await program.client.post("/api/v1/segments/count", json=sent)
    assert answer.status == 422
    assert "13800138000" not in await answer.text()


async def test_a_key_reaches_as_far_as_its_scope_and_its_role(bot, shop):
    (ref,) = await several(bot, 1)
    reader = await shop.program("admin", "customer:read")
    assert (await reader.reads("customers"))[0] == 200
    assert (await reader.reads("campaigns"))[1]["title"] == "scope"
    assert (await reader.asks(f"customers/{ref}/unmask", reason="核对"))[1]["title"] == "scope"
    assert (await (await shop.program("auditor")).asks("sending", on=False, reason="x"))[0] == 403
    assert (await (await shop.program("owner")).reads("keys"))[1]["title"] == "scope"
    keeper = await shop.program("owner", "key:write")
    ((mine, *_),) = [
        [one for one in (await keeper.reads("keys"))[1]["items"] if "key:write" in one["scope"]]
    ]
    answer = await keeper.client.delete(
        f"/api/v1/keys/{mine['id']}", headers={"Idempotency-Key": "k"}
    )
    assert answer.status == 200
    assert (await keeper.reads("keys"))[0] == 401


async def test_the_same_key_twice_at_once_is_told_to_wait(bot, shop):
    (ref,) = await several(bot, 1)
    program = await shop.program("owner")
    asked = [
        program.asks(f"customers/{ref}/points", key="k", delta=5, reason="补") for _ in range(8)
    ]
    told = await asyncio.gather(*asked)
    assert {status for status, _ in told} <= {200, 409}
    assert (await program.reads(f"customers/{ref}/level"))[1]["points"] == 5
    assert (await program.asks(f"customers/{ref}/points", key="k", delta=5, reason="补"))[0] == 200
    status, told = await program.asks(f"customers/{ref}/points", key="k", delta=6, reason="补")
    assert (status, told["title"]) == (422, "key_reused")


async def test_a_phone_is_unmasked_with_a_reason_on_record(bot, shop):
    customer = await a_named_customer(bot, "林小满")
    async with bot.session() as session:
        await keep_phone(session, bot.vault, customer.id, "13800006021")
    program = await shop.program("owner")
    _, told = await program.reads(f"customers/{customer.ref}")
    assert (told["name"], told["phone"]) == ("林**", "138****6021")
    _, told = await program.asks(f"customers/{customer.ref}/unmask", reason="快递退回")
    assert told == {"phone": "13800006021"}
    async with bot.session() as session:
        (row,) = await audit_trail.page(session)
        assert (row.actor, row.detail["reason"]) == ("owner:key:owner", "快递退回")
        assert await session.get(Secret, customer.id)


async def test_a_campaign_goes_from_draft_to_stop(bot, shop):
    program = await shop.program("owner")
    status, made = await program.asks("campaigns", name="上新", rule=RULE, text="新品到店")
    assert (status, made["state"]) == (200, "draft")
    at = f"campaigns/{made['campaign_id']}"
    assert (await program.reads(f"{at}/rehearsal"))[1]["audience"] == 0
    for act, state in (
        ("approve", "approved"),
        ("hand-over", "running"),
        ("pause", "paused"),
        ("stop", "stopped"),
    ):
        status, told = await program.asks(f"{at}/{act}")
        assert (status, told["state"]) == (200, state)
    assert (await program.reads(at))[1]["state"] == "stopped"
    assert (await program.asks(f"{at}/resume"))[0] == 409


async def test_a_rule_is_counted_tried_and_published(bot, shop):
    await several(bot, 3)
    program = await shop.program("operator")
    _, told = await program.asks("segments/count", key="", rule=RULE)
    assert (told["customers"], told["not_reachable"]) == (3, {"no_consent": 3})
    assert len((await program.asks("segments/sample", key="", rule=RULE))[1]["items"]) == 3
    assert (await program.asks("segments", name="大家", rule=RULE))[1]["customers"] == 3
    assert (await program.asks("segments/count", key="", segment="大家"))[1]["customers"] == 3


async def test_codes_are_listed_by_their_ends_alone(bot, shop):
    coupon = await a_coupon(bot)
    told = await (await shop.program("auditor")).reads("coupons", state="held")
    assert told[1]["items"][0]["ends"] == coupon.code[-4:]
    assert coupon.code not in json.dumps(told)


async def test_another_stores_customer_is_as_unknown_as_nobody(bot, shop):
    async with bot.session() as session:
        mine, other = await a_store(session, code="S01"), await a_store(session, code="S02")
        hers, theirs = await a_customer(session), await a_customer(session)
        await a_follow(session, hers, await a_guide(session, userid="A", store_id=mine.id))
        await a_follow(session, theirs, await a_guide(session, userid="B", store_id=other.id))
    manager = await shop.program("manager", store="S01")
    assert [one["ref"] for one in (await manager.reads("customers"))[1]["items"]] == [hers.ref]
    assert (await manager.reads(f"customers/{hers.ref}"))[0] == 200
    assert await manager.reads(f"customers/{theirs.ref}") == await manager.reads(
        "customers/nobody"
    )


def test_the_description_names_every_endpoint_with_its_right():
    told = openapi.document()
    assert told["openapi"].startswith("3.1")
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            assert "200" in one["responses"], (path, method)
            assert {p["name"] for p in one["parameters"] if p["in"] == "path"} == {
                part[1:-1] for part in path.split("/") if part.startswith("{")
            }


async def test_a_system_begins_to_listen_and_learns_its_secret(shop):
    program = await shop.program("owner", "webhook:write")
    kinds = ["coupon.redeemed"]
    status, told = await program.asks("webhooks", url="https://127.0.0.1/x", kinds=kinds)
    assert (status, told["title"]) == (422, "bad_url")
    made = await program.asks("webhooks", key="k", url="https://hooks.example.com/x", kinds=kinds)
    assert made[1]["secret"].startswith("whsec_")
    assert made == await program.asks(
        "webhooks", key="k", url="https://hooks.example.com/x", kinds=kinds
    )
    ((one,),) = [(await program.reads("webhooks"))[1]["items"]]
    assert one["kinds"] == kinds
    assert "secret" not in one


async def test_a_name_that_is_no_text_is_refused_and_breaks_nothing(shop):
    program = await shop.program("operator")
    for path in ("customers?tag=a/%00", "coupons?offer=%00", "orders?order_no=%00", "groups/%00"):
        assert (await program.reads(path))[0] in {404, 422}, path
