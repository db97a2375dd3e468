"""What people can do besides text: pictures, places, menus of every kind, own mass messages, refusals."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.kit import EC, Bench

SEND = "/cgi-bin/message/send"


async def synced(bench: Bench):
    [kf] = bench.world.kf
    got = await bench.post("/cgi-bin/kf/sync_msg", {"open_kfid": kf, "limit": 1000})
    return (
        got["msg_list"]
        or (
            await bench.post(
                "/cgi-bin/kf/sync_msg", {"open_kfid": kf, "cursor": got["next_cursor"]}
            )
        )["msg_list"]
    )


async def test_a_picture_of_a_customer_can_be_fetched_whole_or_in_parts(bench):
    await bench.act("say_kf", customer="c0001", msgtype="image", file="aGVsbG8gd29ybGQ=")
    [item] = [one for one in await synced(bench) if one["msgtype"] == "image"]
    query = {"access_token": await bench.token(), "media_id": item["image"]["media_id"]}
    url = bench.sandbox.base_url + "/cgi-bin/media/get"
    async with bench.http.get(url, params=query) as answer:
        assert await answer.read() == b"hello world"
    async with bench.http.get(url, params=query, headers={"Range": "bytes=6-"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"world")


@pytest.mark.parametrize(
    ("kind", "tag"),
    [("image", "PicUrl"), ("voice", "Format"), ("video", "ThumbMediaId"), ("location", "Label")],
)
async def test_a_fan_sends_more_than_text(bench, kind, tag):
    await bench.act("say_official", customer="c0001", msgtype=kind)
    [heard] = bench.ear.heard
    assert (heard["MsgType"], bool(heard[tag])) == (kind, True)


async def test_buttons_of_a_menu_tell_what_the_phone_did(bench):
    buttons = [
        {"type": "scancode_waitmsg", "name": "扫码", "key": "scan"},
        {"type": "location_select", "name": "位置", "key": "place"},
        {"type": "miniprogram", "name": "商城", "url": "u", "appid": "wx1", "pagepath": "p/i"},
    ]
    await bench.official("/cgi-bin/menu/create", {"button": buttons})
    for key in ("scan", "place", "p/i"):
        await bench.act("click_menu", customer="c0001", key=key)
    assert bench.ear.names == ["scancode_waitmsg", "location_select", "view_miniprogram"]
    assert bench.ear.heard[0]["ScanResult"]
    assert bench.ear.heard[1]["Label"]


async def test_a_guides_own_mass_message_uses_the_same_quota(bench):
    await bench.act("change_settings", mass_quota="day")
    own = await bench.act("send_mass", guide="WangFang", text="周末见")
    assert own["sent"] == 1
    made = await bench.post(
        f"{EC}/add_msg_template", {"sender": "WangFang", "text": {"content": "会员日"}}
    )
    told = await bench.act("confirm_task", guide="WangFang", msgid=made["msgid"])
    assert told == {"ok": True, "over_quota": 1}
    span = {"chat_type": "single", "start_time": 0, "end_time": 1}
    span = {**span, "start_time": bench.sandbox.stage.clock.timestamp() - 60}
    span["end_time"] = span["start_time"] + 120
    for kind, found in ((0, made["msgid"]), (1, own["msgid"])):
        listed = await bench.post(f"{EC}/get_groupmsg_list_v2", {**span, "filter_type": kind})
        assert [one["msgid"] for one in listed["group_msg_list"]] == [found]


async def test_a_customer_may_refuse_to_be_handed_on(bench):
    pair = {"handover_userid": "WangFang", "takeover_userid": "LiNa"}
    ask = {**pair, "external_userid": [bench.external("c0002")]}
    await bench.post(f"{EC}/transfer_customer", ask)
    await bench.act("refuse_transfer", customer="c0002")
    assert bench.ear.heard[-1]["FailReason"] == "customer_refused"
    [result] = (await bench.post(f"{EC}/transfer_result", pair))["customer"]
    assert result["status"] == 3
    await bench.advance(90000)
    assert list(bench.customer("c0002").follows) == ["WangFang"]


async def test_a_like_under_a_moment_is_seen(bench):
    task = {"text": {"content": "上新"}, "visible_range": {"sender_list": {"user_list": ["LiNa"]}}}
    job = await bench.post(f"{EC}/add_moment_task", task)
    done = await bench.post(f"{EC}/get_moment_task_result", job)
    one = {"moment_id": done["result"]["moment_id"]}
    await bench.act("confirm_moment", guide="LiNa", **one)
    await bench.act("answer_moment", customer="c0003", guide="LiNa", **one)
    seen = await bench.post(f"{EC}/get_moment_comments", {**one, "userid": "LiNa"})
    assert [like["external_userid"] for like in seen["like_list"]] == [bench.external("c0003")]


async def test_a_way_may_lead_to_a_whole_store_but_one_person_to_one_guide(bench):
    way = {"type": 2, "scene": 2, "party": [2], "state": "s01", "is_exclusive": True}
    await bench.post(f"{EC}/add_contact_way", way)
    met = {(await bench.act("add_friend", customer="c0001", contact_way="s01"))["userid"]}
    again = await bench.act("add_friend", customer="c0001", contact_way="s01")
    assert met <= {"WangFang", "LiNa"}
    assert again["already"]


async def test_strangers_in_groups_are_listed_without_an_id(bench):
    [chat_id] = bench.world.groups
    await bench.act("join_group", customer="c0001", chat_id=chat_id)
    infos = (await bench.post(f"{EC}/contact_list", {}))["info_list"]
    [stranger] = [info for info in infos if not info["is_customer"]]
    assert (stranger["chat_id"], "external_userid" in stranger) == (chat_id, False)


async def test_a_long_text_arrives_without_its_end(bench):
    text = {"touser": "LiNa", "msgtype": "text", "agentid": 1000002}
    await bench.post(SEND, {**text, "text": {"content": "长" * 1000}})
    [arrived] = bench.arrivals(channel="app")
    assert len(arrived["text"]) == 682


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "news", "news": {"articles": [{"title": "t"}] * 9}}, 40058),
        ({"msgtype": "image", "image": {}}, 40063),
        (
            {
                "msgtype": "textcard",
                "textcard": {"title": "t" * 129, "description": "d", "url": "u"},
            },
            40058,
        ),
    ],
)
async def test_messages_beyond_their_limits_are_refused(bench, body, code):
    message = {"touser": "LiNa", "agentid": 1000002, **body}
    assert (await bench.post(SEND, message))["errcode"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "ca_link", "ca_link": {"link_url": "https://x/ca/none"}}, 40058),
        ({"msgtype": "business_card", "business_card": {"userid": "nobody"}}, 40003),
        ({"msgtype": "location", "location": {"latitude": 1}}, 40058),
        ({"msgtype": "msgmenu", "msgmenu": {"list": [{"type": "click", "click": {}}]}}, 40058),
    ],
)
async def test_messages_of_kf_need_all_their_parts(bench, body, code):
    await bench.act("say_kf", customer="c0001", text="在吗")
    [kf] = bench.world.kf
    sent = {"touser": bench.external("c0001"), "open_kfid": kf, **body}
    assert (await bench.post("/cgi-bin/kf/send_msg", sent))["errcode"] == code


async def test_an_account_taken_from_the_api_says_so(bench):
    [kf] = bench.world.kf
    await bench.act("authorise_kf", remove=[kf])
    assert bench.ear.heard[-1]["AuthDelOpenKfId"] == kf
    [account] = (await bench.post("/cgi-bin/kf/account/list", {}))["account_list"]
    assert account["manage_privilege"] is False


async def test_a_file_is_fetched_by_its_address(bench):
    way = next(iter(bench.world.contact_ways))
    url = f"{bench.sandbox.base_url}/qr/{way}"
    ask = {"scene": 1, "type": "image", "filename": "a.png", "url": url}
    job = await bench.post("/cgi-bin/media/upload_by_url", ask)
    for _ in range(50):
        done = await bench.post("/cgi-bin/media/get_upload_by_url_result", {"jobid": job["jobid"]})
        if done["status"] != 1:
            break
    assert (done["status"], bool(done["detail"]["media_id"])) == (2, True)
    await bench.sandbox.stage.courier.settled()
    assert bench.ear.heard[-1]["JobId"] == job["jobid"]


async def test_questions_and_answers_are_kept(bench):
    base = "/cgi-bin/kf/knowledge"
    group = await bench.post(f"{base}/add_group", {"name": "售后"})
    said = {"text": {"content": "能退吗"}}
    intent = {**group, "question": said, "answers": [{"text": {"content": "七天内"}}]}
    made = await bench.post(
        f"{base}/add_intent", {k: v for k, v in intent.items() if k[:3] != "err"}
    )
    listed = await bench.post(f"{base}/list_intent", {"group_id": group["group_id"]})
    assert [one["intent_id"] for one in listed["intent_list"]] == [made["intent_id"]]
    await bench.post(f"{base}/del_group", {"group_id": group["group_id"]})
    assert (await bench.post(f"{base}/list_intent", {}))["intent_list"] == []
    assert json.dumps(await bench.post(f"{base}/list_group", {})).count("group_id") == 1
