from __future__ import annotations

from tests.sandbox.kit import EC


async def meet(bench, customer="c0001", **how):
    await bench.act("add_friend", customer=customer, **(how or {"contact_way": "store-s01"}))
    return bench.ear.heard[-1]["WelcomeCode"]


async def test_a_welcome_reaches_her_once(bench):
    body = {"welcome_code": await meet(bench), "text": {"content": "欢迎光临"}}
    assert (await bench.post(f"{EC}/send_welcome_msg", body))["errcode"] == 0
    assert (await bench.post(f"{EC}/send_welcome_msg", body))["errcode"] == 41051
    assert await bench.conversation("c0001") == ["欢迎光临"]
    assert bench.arrivals(channel="welcome", to="c0001", userid="WangFang")


async def test_a_welcome_after_twenty_seconds_is_too_late(bench):
    code = await meet(bench)
    await bench.advance(20)
    late = {"welcome_code": code, "text": {"content": "欢迎"}}
    await bench.advance(1)
    assert (await bench.post(f"{EC}/send_welcome_msg", late))["errcode"] == 41050
    assert await bench.conversation("c0001") == []


async def test_no_welcome_once_they_are_chatting(bench):
    code = await meet(bench)
    await bench.act("say_guide", customer="c0001", guide="WangFang", text="在吗")
    body = {"welcome_code": code, "text": {"content": "欢迎"}}
    assert (await bench.post(f"{EC}/send_welcome_msg", body))["errcode"] == 41051


async def test_an_api_made_contact_way_brings_its_state_until_deleted(bench):
    made = await bench.post(
        f"{EC}/add_contact_way",
        {"type": 1, "scene": 2, "user": ["LiNa"], "state": "poster-7"},
    )
    way = {"config_id": made["config_id"]}
    shown = await bench.post(f"{EC}/get_contact_way", way)
    assert (shown["contact_way"]["state"], shown["contact_way"]["user"]) == ("poster-7", ["LiNa"])
    await meet(bench, contact_way="poster-7")
    detail = await bench.get(f"{EC}/get", external_userid=bench.external("c0001"))
    assert detail["follow_user"][0]["state"] == "poster-7"
    await bench.post(f"{EC}/del_contact_way", way)
    gone = await bench.act("add_friend", customer="c0002", contact_way="poster-7")
    assert not gone["ok"]


async def test_a_way_with_verification_waits_for_the_guide(bench):
    made = await bench.post(
        f"{EC}/add_contact_way",
        {"type": 1, "scene": 2, "user": ["WangFang"], "state": "slow", "skip_verify": False},
    )
    await bench.act("add_friend", customer="c0001", contact_way=made["config_id"])
    assert bench.ear.heard == []
    await bench.act("accept_friend", guide="WangFang", customer="c0001")
    assert bench.ear.heard[0]["WelcomeCode"]


async def test_the_half_add_has_the_welcome_code_and_the_full_add_none(bench):
    await bench.act("add_friend", customer="c0001", guide="WangFang", half=True)
    early = await bench.get(f"{EC}/get", external_userid=bench.external("c0001"))
    assert early["errcode"] == 84061
    await bench.act("accept_friend", guide="WangFang", customer="c0001")
    half, full = bench.ear.heard
    assert (half["ChangeType"], bool(half["WelcomeCode"])) == ("add_half_external_contact", True)
    assert (full["ChangeType"], full["WelcomeCode"]) == ("add_external_contact", "")


async def test_who_deleted_whom_decides_about_84061(bench):
    external = bench.external("c0002")
    await bench.act("delete_guide", customer="c0002", guide="WangFang")
    assert bench.ear.heard[-1]["ChangeType"] == "del_follow_user"
    assert (await bench.get(f"{EC}/get", external_userid=external))["errcode"] == 0
    await bench.act("delete_customer", guide="WangFang", customer="c0002")
    assert bench.ear.heard[-1]["ChangeType"] == "del_external_contact"
    gone = await bench.get(f"{EC}/get", external_userid=external)
    assert (gone["errcode"], gone["follow_user"]) == (84061, [])


async def test_batches_page_until_the_cursor_is_empty():
    from tests.sandbox.kit import Bench, many_customers

    async with Bench(many_customers(120)) as bench:
        found, cursor = [], ""
        while True:
            body = {"userid_list": ["WangFang"], "cursor": cursor, "limit": 50}
            answer = await bench.post(f"{EC}/batch/get_by_user", body)
            found += [
                one["external_contact"]["external_userid"]
                for one in answer["external_contact_list"]
            ]
            cursor = answer["next_cursor"]
            if not cursor:
                break
        assert len(found) == len(set(found)) == 121


async def test_a_remark_overwrites_what_it_names(bench):
    tie = {"userid": "WangFang", "external_userid": bench.external("c0002")}
    await bench.post(
        f"{EC}/remark", {**tie, "remark": "周先生", "remark_mobiles": ["13900000000"]}
    )
    await bench.post(f"{EC}/remark", {**tie, "description": "爱穿大衣", "remark_mobiles": [""]})
    [follow] = (await bench.get(f"{EC}/get", external_userid=tie["external_userid"]))[
        "follow_user"
    ]
    assert (follow["remark"], follow["description"]) == ("周先生", "爱穿大衣")
    assert follow["remark_mobiles"] == []
    assert (await bench.post(f"{EC}/remark", {**tie, "remark": "长" * 21}))["errcode"] == 40058


async def test_customers_of_a_resigned_guide_move_a_day_later(bench):
    await bench.act("resign", guide="WangFang")
    listed = await bench.post(f"{EC}/get_unassigned_list", {})
    assert listed["info"][0]["external_userid"] == bench.external("c0002")
    pair = {"handover_userid": "WangFang", "takeover_userid": "LiNa"}
    moved = await bench.post(
        f"{EC}/resigned/transfer_customer", {**pair, "external_userid": [bench.external("c0002")]}
    )
    assert moved["customer"][0]["errcode"] == 0
    await bench.advance(86401)
    assert [heard["ChangeType"] for heard in bench.ear.heard] == [
        "del_external_contact",
        "add_external_contact",
    ]
    assert bench.ear.heard[0]["Source"] == "DELETE_BY_TRANSFER"
    result = await bench.post(f"{EC}/resigned/transfer_result", pair)
    assert result["customer"][0]["status"] == 1
