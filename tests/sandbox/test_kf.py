from __future__ import annotations

import pytest

from tests.sandbox.kit import Bench, world_with

KF = "/cgi-bin/kf"


@pytest.fixture
async def desk():
    async with Bench(world_with(kf_empty_page=0)) as bench:
        bench.kf = next(iter(bench.world.kf))
        yield bench


async def pull(bench, cursor="", **more):
    return await bench.post(f"{KF}/sync_msg", {"open_kfid": bench.kf, "cursor": cursor, **more})


async def send(bench, words="您好", to="c0001", **more):
    body = {"touser": bench.external(to), "open_kfid": bench.kf, "msgtype": "text"}
    return await bench.post(f"{KF}/send_msg", {**body, "text": {"content": words}, **more})


async def move(bench, state, **more):
    pair = {"open_kfid": bench.kf, "external_userid": bench.external("c0001")}
    body = {**pair, "service_state": state, **more}
    return await bench.post(f"{KF}/service_state/trans", body)


async def test_the_callback_only_says_that_something_is_new(desk):
    await desk.act("say_kf", customer="c0001", text="有大衣吗")
    [heard] = desk.ear.heard
    assert (heard["Event"], heard["OpenKfId"], heard["FromUserName"]) == (
        "kf_msg_or_event",
        desk.kf,
        "",
    )
    assert "大衣" not in heard.plain
    page = await pull(desk, token=heard["Token"])
    [message] = page["msg_list"]
    assert (message["origin"], message["text"]["content"]) == (3, "有大衣吗")
    assert (page["has_more"], (await pull(desk, page["next_cursor"]))["msg_list"]) == (0, [])


async def test_own_messages_are_absent_and_pages_follow_the_cursor(desk):
    for n in range(3):
        await desk.act("say_kf", customer="c0001", text=f"问题{n}")
    await send(desk)
    first = await pull(desk, limit=2)
    rest = await pull(desk, first["next_cursor"], limit=2)
    texts = [m["text"]["content"] for m in first["msg_list"] + rest["msg_list"]]
    assert texts == ["问题0", "问题1", "问题2"]
    assert (first["has_more"], rest["has_more"]) == (1, 0)


async def test_a_page_may_be_empty_though_there_is_more():
    async with Bench(world_with(kf_empty_page=1)) as bench:
        bench.kf = next(iter(bench.world.kf))
        await bench.act("say_kf", customer="c0001", text="在吗")
        empty = await pull(bench)
        assert (empty["msg_list"], empty["has_more"]) == ([], 1)
        assert len((await pull(bench, empty["next_cursor"]))["msg_list"]) == 1


async def test_messages_are_kept_three_days(desk):
    await desk.act("say_kf", customer="c0001", text="旧")
    await desk.advance(3 * 86400 + 1)
    await desk.act("say_kf", customer="c0001", text="新")
    assert [m["text"]["content"] for m in (await pull(desk))["msg_list"]] == ["新"]


async def test_five_messages_until_she_writes_again(desk):
    await desk.act("say_kf", customer="c0001", text="在吗")
    codes = [(await send(desk, f"第{n}句"))["errcode"] for n in range(6)]
    assert codes == [0, 0, 0, 0, 0, 95001]
    await desk.act("say_kf", customer="c0001", text="还在")
    assert (await send(desk))["errcode"] == 0


async def test_the_window_closes_after_48_hours(desk):
    assert (await send(desk))["errcode"] == 95031
    await desk.act("say_kf", customer="c0001", text="在吗")
    await desk.advance(48 * 3600)
    assert (await send(desk))["errcode"] == 95002


async def test_a_message_id_works_once(desk):
    await desk.act("say_kf", customer="c0001", text="在吗")
    assert (await send(desk, msgid="once-1"))["msgid"] == "once-1"
    assert (await send(desk, msgid="once-1"))["errcode"] != 0
    assert (await desk.conversation("c0001")).count("您好") == 1


async def test_the_welcome_code_greets_once_within_twenty_seconds(desk):
    entered = await desk.act("enter_kf", customer="c0001", scene="bag")
    assert entered["welcome_code"]
    event = (await pull(desk))["msg_list"][0]["event"]
    assert (event["event_type"], event["scene"]) == ("enter_session", "bag")
    greet = {
        "code": event["welcome_code"],
        "msgtype": "msgmenu",
        "msgmenu": {
            "head_content": "想了解什么？",
            "list": [{"type": "click", "click": {"id": "1", "content": "查订单"}}],
        },
    }
    assert (await desk.post(f"{KF}/send_msg_on_event", greet))["errcode"] == 0
    assert (await desk.post(f"{KF}/send_msg_on_event", greet))["errcode"] != 0
    assert await desk.conversation("c0001") == ["想了解什么？\n· 查订单"]
    again = await desk.act("enter_kf", customer="c0001")
    assert not again["welcome_code"]


async def test_a_late_welcome_is_refused(desk):
    await desk.act("enter_kf", customer="c0001")
    code = (await pull(desk))["msg_list"][0]["event"]["welcome_code"]
    await desk.advance(21)
    late = {"code": code, "msgtype": "text", "text": {"content": "迟到"}}
    assert (await desk.post(f"{KF}/send_msg_on_event", late))["errcode"] != 0


async def test_while_a_person_serves_the_bot_is_silent(desk):
    await desk.act("say_kf", customer="c0001", text="找人工")
    moved = await move(desk, 3, servicer_userid="WangFang")
    assert moved["msg_code"]
    assert (await send(desk))["errcode"] == 95018
    await desk.act("kf_reply", guide="WangFang", customer="c0001", text="我是王芳")
    assert (await pull(desk))["msg_list"][-1]["servicer_userid"] == "WangFang"
    await desk.act("kf_end", guide="WangFang", customer="c0001")
    assert (await pull(desk))["msg_list"][-1]["event"]["change_type"] == 3
    assert (await send(desk))["errcode"] == 95013
    await desk.act("say_kf", customer="c0001", text="又来了")
    assert (await send(desk))["errcode"] == 0


async def test_only_allowed_moves_between_states(desk):
    await desk.act("say_kf", customer="c0001", text="在吗")
    assert (await move(desk, 2))["errcode"] == 0
    assert (await move(desk, 1))["errcode"] == 95016
    assert (await move(desk, 3, servicer_userid="LiNa"))["errcode"] == 95014
    await desk.act("kf_status", guide="WangFang", status=1)
    assert (await move(desk, 3, servicer_userid="WangFang"))["errcode"] == 95019


async def test_a_rejected_message_is_ok_first_and_fails_later(desk):
    await desk.act("say_kf", customer="c0001", text="在吗")
    await desk.act("reject_kf", customer="c0001")
    sent = await send(desk, msgid="m-1")
    assert sent["errcode"] == 0
    event = (await pull(desk))["msg_list"][-1]["event"]
    assert (event["event_type"], event["fail_msgid"]) == ("msg_send_fail", "m-1")
    assert "您好" not in await desk.conversation("c0001")


async def test_the_same_person_has_the_same_id_as_in_wecom(desk):
    asked = {"external_userid_list": [desk.external("c0001"), "wm-nobody"]}
    found = await desk.post(f"{KF}/customer/batchget", asked)
    assert found["customer_list"][0]["nickname"] == "林小满"
    assert found["invalid_external_userid"] == ["wm-nobody"]
