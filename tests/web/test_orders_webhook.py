"""Order events of a shop system: signed, strict, kept once, and never echoed."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.domain.delivery import Kept
from bot.domain.orders import Order, OrderLine
from bot.platforms.signing import sign_webhook
from bot.store import inbox


class ShopSystem:
    """Signs what it sends as the standard says."""

    def __init__(self, shop) -> None:
        self.bot, self.client = shop.bot, shop.passer_by().client
        self.secret = shop.bot.settings.shop_webhook_secret

    async def sends(self, body: Any, **changes: str) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = int(self.bot.now.timestamp())
        headers = {
            "webhook-id": "e1",
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign_webhook(self.secret, "e1", stamp, raw),
        }
        given = {name: value for name, value in (headers | changes).items() if value}
        answer = await self.client.post("/api/v1/orders", data=raw, headers=given)
        return answer.status, await answer.json(content_type=None)

    async def kept(self) -> int:
        async with self.bot.session() as session:
            return sum((await inbox.counts(session)).values())

    async def orders(self) -> int:
        """How many there are once everything that was kept is handled."""
        while await self.bot.dispatcher.drain(self.bot.sessions, self.bot.now):
            assert self.bot.bugs == []
        async with self.bot.session() as session:
            return await session.scalar(select(func.count(Order.id)))


@pytest.fixture
async def system(shop) -> ShopSystem:
    return ShopSystem(shop)


def an_order(**changes: Any) -> dict[str, Any]:
    facts = {
        "event_id": "e1",
        "kind": "paid",
        "order_no": "A1001",
        "at": "2026-03-12T10:20:00+08:00",
        "buyer": {"phone": "13800006021"},
        "amount_fen": 25900,
        "lines": [{"sku": "SKU1", "name": "衬衫", "quantity": 1, "amount_fen": 25900}],
    }
    return {name: value for name, value in (facts | changes).items() if value is not None}


async def test_a_good_event_is_taken_and_a_repeated_one_is_known(system):
    assert await system.sends(an_order()) == (202, {"event_id": "e1", "new": True})
    assert await system.sends(an_order()) == (200, {"event_id": "e1", "new": False})
    assert await system.orders() == 1


async def test_twenty_at_once_are_taken_once(system):
    answers = await asyncio.gather(*(system.sends(an_order()) for _ in range(20)))
    assert sorted(status for status, _ in answers) == [200] * 19 + [202]
    assert await system.kept() == 1


async def test_one_order_is_counted_once_under_other_event_ids(system):
    for number in range(3):
        assert (await system.sends(an_order(event_id=f"e{number}")))[0] == 202
    assert await system.orders() == 1
    async with system.bot.session() as session:
        assert await session.scalar(select(Order.amount_fen)) == 25900


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,é"},
        {"webhook-id": "e2"},
        {"webhook-id": ""},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1"},
    ],
)
async def test_what_is_not_signed_by_the_shop_is_refused(system, change):
    status, told = await system.sends(an_order(), **change)
    assert (status, told["title"]) == (401, "unsigned")
    assert await system.kept() == 0


@pytest.mark.parametrize("seconds", [301, -301])
async def test_an_old_or_early_signature_is_refused(system, seconds):
    stamp = int((system.bot.now + timedelta(seconds=seconds)).timestamp())
    raw = json.dumps(an_order()).encode()
    signed = sign_webhook(system.secret, "e1", stamp, raw)
    changes = {"webhook-timestamp": str(stamp), "webhook-signature": signed}
    assert (await system.sends(raw, **changes))[0] == 401


async def test_the_signature_is_asked_for_before_anything_is_read(system):
    assert (await system.sends(b"not json", **{"webhook-signature": "v1,AAAA"}))[0] == 401


async def test_every_mistake_is_told_at_once_and_nothing_is_echoed(system):
    status, told = await system.sends(
        an_order(
            kind="refunded",
            at="2026-03-12T10:20:00",
            buyer={"phone": None},
            amount_fen=-1,
            lines=[{"sku": "", "price": "林小满"}],
            note="请打给 13911112222",
        )
    )
    assert (status, told["title"]) == (422, "invalid")
    named = {mistake["field"] for mistake in told["mistakes"]}
    assert named == {
        "refund_no",
        "at",
        "buyer",
        "amount_fen",
        "lines.0.sku",
        "lines.0.price",
        "note",
    }
    written = json.dumps(told, ensure_ascii=False)
    assert not [secret for secret in ("林小满", "13911112222", "A1001") if secret in written]
    assert await system.kept() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "refunded"}, "refund_no"),
        ({"kind": "stolen"}, "kind"),
        ({"at": "2026-03-12T10:20:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"buyer": {}}, "buyer"),
        ({"buyer": {"name": "x"}}, "buyer.name"),
        ({"buyer": {"phone": "not a phone"}}, "buyer.phone"),
        ({"amount_fen": 259.0}, "amount_fen"),
        ({"amount_fen": "25900"}, "amount_fen"),
        ({"amount_fen": True}, "amount_fen"),
        ({"amount_fen": 10**13}, "amount_fen"),
        ({"order_no": ""}, "order_no"),
        ({"order_no": "x" * 201}, "order_no"),
        ({"order_no": "A\0"}, "order_no"),
        ({"order_no": "A\ud800"}, "order_no"),
        ({"lines": [{"sku": "a", "quantity": 0}]}, "lines.0.quantity"),
        ({"coupon_codes": ["\udfff"]}, "coupon_codes.0"),
    ],
)
async def test_a_field_that_is_wrong_is_named(system, changes, field):
    status, told = await system.sends(an_order(**changes))
    assert (status, [mistake["field"] for mistake in told["mistakes"]]) == (422, [field])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"plain words",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"amount_fen": NaN}',
        b'{"amount_fen": -Infinity}',
        b'{"amount_fen": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_is_not_json_is_said_to_be_none(system, raw):
    status, told = await system.sends(raw)
    assert (status, told["title"]) == (400, "not_json")


async def test_json_that_is_no_order_is_refused(system):
    for raw in (b"null", b"[]", b'"x"', b"1e999"):
        assert (await system.sends(raw))[0] == 422


async def test_a_body_of_any_size_is_not_read(system):
    assert (await system.sends(b" " * (256 * 1024 + 1)))[0] == 413


async def test_a_refund_with_its_number_is_taken(system):
    await system.sends(an_order())
    back = an_order(event_id="e9", kind="refunded", refund_no="R1", at="2026-03-12T10:23:00+08:00")
    assert (await system.sends(back))[0] == 202
    assert await system.orders() == 1


async def test_nothing_of_the_buyer_can_be_read_in_the_inbox(system):
    await system.sends(an_order())
    async with system.bot.session() as session:
        (row,) = await session.scalars(select(Kept))
    assert b"13800006021" not in row.body
    assert "13800006021" not in f"{row.digest}{row.source}{row.reason}"


@pytest.mark.parametrize("at", ["2099-01-01T00:00:00+08:00", "1970-01-01T00:00:00+08:00"])
async def test_an_order_of_another_age_is_refused(system, at):
    status, told = await system.sends(an_order(at=at))
    assert (status, [mistake["field"] for mistake in told["mistakes"]]) == (422, ["at"])
    assert await system.orders() == 0


async def test_names_of_goods_are_kept_as_they_were_written(system):
    names = [
        "👨‍👩‍👧‍👦 亲子装",
        "مرحبا\u202eabc",
        "𠮷野家 T 恤",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
    ]
    names.append("长" * 300)
    lines = [{"sku": f"S{n}", "name": name, "amount_fen": 1} for n, name in enumerate(names)]
    assert (await system.sends(an_order(lines=lines)))[0] == 202
    assert await system.orders() == 1
    async with system.bot.session() as session:
        kept = await session.scalars(select(OrderLine.name).order_by(OrderLine.sku))
        assert list(kept) == names
