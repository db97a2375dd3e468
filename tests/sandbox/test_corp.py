"""Members, the app's menu, internal groups, figures, and what a self-built app may not ask."""

from __future__ import annotations

import pytest

from tests.sandbox.kit import EC, START

DAY = 86400


async def test_a_menu_of_the_app_is_pressed_and_told_in_small_letters(bench):
    menu = {"button": [{"name": "今日任务", "type": "click", "key": "today"}]}
    assert (await bench.post("/cgi-bin/menu/create", menu, agentid="7"))["errcode"] == 301002
    await bench.post("/cgi-bin/menu/create", menu, agentid="1000002")
    await bench.act("click_app_menu", guide="LiNa", key="today")
    [heard] = bench.ear.heard
    assert (heard["Event"], heard["EventKey"], heard["FromUserName"]) == ("click", "today", "LiNa")
    await bench.get("/cgi-bin/menu/delete", agentid="1000002")
    gone = await bench.get("/cgi-bin/menu/get", agentid="1000002")
    assert (gone["errcode"], gone["button"]) == (46003, [])


async def test_an_internal_group_belongs_to_the_app_and_has_no_customers(bench):
    people = {"name": "店长群", "userlist": ["WangFang", "LiNa"]}
    chatid = (await bench.post("/cgi-bin/appchat/create", people))["chatid"]
    stranger = {**people, "userlist": ["WangFang", bench.external("c0002")]}
    assert (await bench.post("/cgi-bin/appchat/create", stranger))["errcode"] == 40003
    text = {"chatid": chatid, "msgtype": "text", "text": {"content": "收工"}}
    assert (await bench.post("/cgi-bin/appchat/send", text))["errcode"] == 0
    assert len(bench.arrivals(text="收工", chatid=chatid)) == 2
    await bench.post("/cgi-bin/appchat/update", {"chatid": chatid, "add_user_list": ["ZhaoMin"]})
    info = await bench.get("/cgi-bin/appchat/get", chatid=chatid)
    assert info["chat_info"]["userlist"] == ["WangFang", "LiNa", "ZhaoMin"]
    assert (await bench.get("/cgi-bin/appchat/get", chatid="nil"))["errcode"] == 86003


async def test_yesterday_is_counted(bench):
    tie = {"guide": "LiNa", "customer": "c0003"}
    await bench.act("say_guide", **tie, text="在吗")
    await bench.act("say_customer", **tie, text="在的")
    await bench.act("say_kf", customer="c0001", text="问一下")
    await bench.advance(DAY)
    span = {"start_time": int(START.timestamp()), "end_time": int(START.timestamp()) + DAY}
    days = await bench.post(f"{EC}/get_user_behavior_data", {"userid": ["LiNa"], **span})
    [day] = days["behavior_data"]
    assert (day["chat_cnt"], day["message_cnt"], day["reply_percentage"]) == (1, 1, 100)
    [kf] = (await bench.post("/cgi-bin/kf/get_corp_statistic", span))["statistic_list"]
    assert (kf["statistic"]["session_cnt"], kf["statistic"]["customer_msg_cnt"]) == (1, 1)
    wide = {"userid": ["LiNa"], "start_time": 0, "end_time": 40 * DAY}
    assert (await bench.post(f"{EC}/get_user_behavior_data", wide))["errcode"] == 40058


async def test_a_group_is_known_by_what_a_mini_program_sees(bench):
    [group] = (await bench.control("state"))["groups"]
    found = await bench.post(f"{EC}/opengid_to_chatid", {"opengid": group["opengid"]})
    assert found["chat_id"] == group["chat_id"]


@pytest.mark.parametrize("path", [f"{EC}/unionid_to_external_userid"])
async def test_what_only_providers_may_ask_is_refused(bench, path):
    refused = await bench.post(path, {"unionid": "o"})
    assert (refused["errcode"], refused["external_userid"]) == (48002, "")
