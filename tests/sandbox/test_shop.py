"""She pays, and the shop's system tells the bot: signed, once or twice or late, and all of it in the log."""

import base64
import hashlib
import hmac
import json

import pytest

from bot.platforms.signing import verify_webhook
from bot.web.api.orders import OrderIn


def bodies(bench) -> list[dict]:
    return [json.loads(body) for _, body in bench.ear.orders]


def vouched(bench, number: int = -1) -> bool:
    headers, body = bench.ear.orders[number]
    low = {name.lower(): value for name, value in headers.items()}
    return verify_webhook(bench.sandbox.stage.shop_secret, low, body, bench.sandbox.stage.now())


async def test_an_order_is_told_signed_and_as_the_bot_takes_it(bench):
    done = await bench.act("pay", customer="c0001", amount="268.50", coupon="AB23", store="s01")
    [said] = bodies(bench)
    assert (said["order_no"], said["amount_fen"]) == (done["order_no"], 26850)
    assert (said["coupon_codes"], said["store"]) == (["AB23"], "s01")
    assert said["buyer"] == {"phone": bench.customer("c0001").phone}
    assert OrderIn.model_validate_json(json.dumps(said)).kind == "paid"
    assert vouched(bench)
    [row] = [r for r in bench.sandbox.stage.log.rows("callback") if r["platform"] == "shop"]
    assert (row["event"], row["status"], row["order_no"]) == ("order.paid", 202, said["order_no"])


async def test_the_signature_is_that_of_standard_webhooks(bench):
    await bench.act("pay", customer="c0001")
    headers, body = bench.ear.orders[0]
    key = base64.b64decode(bench.sandbox.stage.shop_secret.removeprefix("whsec_"))
    spoken = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signed = base64.b64encode(hmac.digest(key, spoken, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{signed}"


async def test_what_is_brought_back_is_refunded_once_and_never_more_than_was_paid(bench):
    lines = [{"sku": "a", "name": "衬衫", "amount_fen": 30000}, {"sku": "b", "amount_fen": 5000}]
    paid = await bench.act("pay", customer="c0001", lines=lines)
    of = {"refund_of": paid["order_no"]}
    assert (await bench.act("pay", **of, amount=50))["amount_fen"] == 5000
    assert (await bench.act("pay", **of))["amount_fen"] == 30000
    assert not (await bench.act("pay", **of))["ok"]
    assert not (await bench.act("pay", refund_of="nothing"))["ok"]
    first, part, rest = bodies(bench)
    assert [part["kind"], rest["kind"]] == ["refunded"] * 2
    assert len({first["event_id"], part["event_id"], rest["event_id"]}) == 3
    assert part["refund_no"] != rest["refund_no"]
    for said in (first, part, rest):
        OrderIn.model_validate_json(json.dumps(said))


@pytest.mark.parametrize("amount", ["abc", "NaN", "Infinity", -5, "1e400"])
async def test_what_is_no_sum_is_refused_and_nobody_hears_of_it(bench, amount):
    told = await bench.act("pay", customer="c0001", amount=amount)
    assert (told["ok"], bench.ear.orders) == (False, [])


async def test_orders_come_twice_late_forged_or_never_as_the_script_says(bench):
    async def spoilt(do: str) -> int:
        rule = {"match": "callback shop order.*", "do": do}
        await bench.control("faults", {"faults": [rule]})
        before = len(bench.ear.orders)
        await bench.act("pay", customer="c0001")
        return len(bench.ear.orders) - before

    assert await spoilt("duplicate") == 2
    assert bench.ear.orders[0] == bench.ear.orders[1]
    assert await spoilt("lost") == 0
    assert await spoilt("forged") == 2
    assert [vouched(bench, -2), vouched(bench)] == [False, True]
    assert await spoilt("late:60") == 0
    await bench.advance(61)
    assert vouched(bench)


async def test_what_was_not_taken_is_sent_again_with_the_same_id(bench):
    bench.ear.status = 503
    await bench.act("pay", customer="c0001")
    await bench.advance(6)
    bench.ear.status = 200
    await bench.advance(6)
    await bench.advance(60)
    ids = [headers["webhook-id"] for headers, _ in bench.ear.orders]
    assert ids == ids[:1] * 3


async def test_paying_in_wechat_opens_two_days_in_which_the_account_may_write(bench):
    fan = bench.customer("c0001").fan
    await bench.act("pay", customer="c0001")
    assert "pay" not in fan.grants
    await bench.act("pay", customer="c0001", wechat=True)
    for _ in range(7):
        body = {"touser": fan.openid, "msgtype": "text", "text": {"content": "谢谢"}}
        assert (await bench.official("/cgi-bin/message/custom/send", body))["errcode"] == 0
    await bench.advance(48 * 3600)
    assert (await bench.official("/cgi-bin/message/custom/send", body))["errcode"] == 45015
