from __future__ import annotations

from tests.sandbox.kit import sealed, sha1


def card(task_id="t-1", to="WangFang", agent=1000002):
    return {
        "touser": to,
        "msgtype": "template_card",
        "agentid": agent,
        "template_card": {
            "card_type": "button_interaction",
            "main_title": {"title": "给林小满的话", "desc": "请确认"},
            "task_id": task_id,
            "button_list": [{"text": "发送", "key": "send"}, {"text": "跳过", "key": "skip"}],
        },
    }


def text(words="你好", **more):
    body = {"touser": "WangFang", "msgtype": "text", "agentid": 1000002}
    return {**body, "text": {"content": words}, **more}


SEND = "/cgi-bin/message/send"


async def test_a_click_is_told_and_its_code_updates_the_card_once(bench):
    sent = await bench.post(SEND, card())
    assert sent["response_code"]
    await bench.act("click_card", guide="WangFang", task_id="t-1", key="send")
    [heard] = bench.ear.heard
    assert (heard["Event"], heard["EventKey"]) == ("template_card_event", "send")
    assert (heard["FromUserName"], heard["TaskId"]) == ("WangFang", "t-1")
    update = {
        "userids": ["WangFang"],
        "agentid": 1000002,
        "response_code": heard["ResponseCode"],
        "button": {"replace_name": "已发送"},
    }
    path = "/cgi-bin/message/update_template_card"
    assert await bench.post(path, update) == {"errcode": 0, "errmsg": "ok", "invaliduser": []}
    assert (await bench.post(path, update))["errcode"] == 60140
    inbox = (await bench.control("state", guide="WangFang"))["inbox"]
    assert inbox[0]["body"]["replaced"] == "已发送"


async def test_a_passive_reply_changes_the_button_at_once(bench):
    await bench.post(SEND, card())
    corp, app = bench.world.corp, bench.world.corp.apps[0]
    plain = (
        "<xml><MsgType>update_button</MsgType>"
        "<Button><ReplaceName>已收到</ReplaceName></Button></xml>"
    )
    encrypted = sealed(plain, app.aes_key, corp.corp_id)
    signature = sha1(app.token, "1", "n", encrypted)
    bench.ear.reply = (
        f"<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>"
        "<TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
    )
    await bench.act("click_card", guide="WangFang", task_id="t-1", key="send")
    inbox = (await bench.control("state", guide="WangFang"))["inbox"]
    assert inbox[0]["body"]["replaced"] == "已收到"


async def test_the_surplus_above_thirty_a_minute_vanishes_silently(bench):
    codes = {(await bench.post(SEND, text(f"第{n}条")))["errcode"] for n in range(32)}
    assert codes == {0}
    assert len(bench.arrivals(channel="app", to="WangFang")) == 30
    assert bench.sandbox.stage.log.rows("api")[-1]["dropped"] == ["WangFang"]
    await bench.advance(61)
    await bench.post(SEND, text("又能收到"))
    assert len(bench.arrivals(channel="app", to="WangFang")) == 31


async def test_the_duplicate_check_accepts_and_does_not_deliver(bench):
    body = text(enable_duplicate_check=1)
    first, second = await bench.post(SEND, body), await bench.post(SEND, body)
    assert first["msgid"] == second["msgid"]
    assert len(bench.arrivals(channel="app")) == 1
    await bench.advance(1801)
    await bench.post(SEND, body)
    assert len(bench.arrivals(channel="app")) == 2


async def test_unknown_members_come_back_in_small_letters(bench):
    body = text() | {"touser": "WangFang|NoBody"}
    assert (await bench.post(SEND, body))["invaliduser"] == "nobody"
    assert (await bench.post(SEND, text() | {"touser": "NoBody"}))["errcode"] == 81013
    assert (await bench.post(SEND, card(agent=1)))["errcode"] == 301002


async def test_a_card_needs_a_fresh_task_id_and_a_callback_url(bench):
    assert (await bench.post(SEND, card(task_id="")))["errcode"] == 42014
    await bench.post(SEND, card())
    assert (await bench.post(SEND, card()))["errcode"] == 42014
    bench.sandbox.point_at("")
    assert (await bench.post(SEND, card("t-2")))["errcode"] == 43012


async def test_a_message_can_be_recalled_for_a_day(bench):
    first, second = await bench.post(SEND, text("一")), await bench.post(SEND, text("二"))
    await bench.post("/cgi-bin/message/recall", {"msgid": first["msgid"]})
    inbox = (await bench.control("state", guide="WangFang"))["inbox"]
    assert [line["recalled"] for line in inbox] == [True, False]
    await bench.advance(86401)
    late = await bench.post("/cgi-bin/message/recall", {"msgid": second["msgid"]})
    assert late["errcode"] == 42052
