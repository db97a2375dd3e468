from __future__ import annotations

from tests.sandbox.kit import EC, Bench, world_with

GC = f"{EC}/groupchat"


async def test_a_scan_of_a_join_way_is_told_and_its_state_is_kept(bench):
    joined = await bench.act("join_group", customer="c0001", join_way="benefit-1")
    [heard] = bench.ear.heard
    assert (heard["UpdateDetail"], heard["JoinScene"]) == ("add_member", "3")
    assert (heard["MemChangeCnt"], heard["Item"]) == ("1", bench.external("c0001"))
    group = (await bench.post(f"{GC}/get", {"chat_id": joined["chat_id"], "need_name": 1}))[
        "group_chat"
    ]
    assert heard["CurMemVer"] == group["member_version"]
    me = group["member_list"][-1]
    assert (me["userid"], me["state"], me["join_scene"]) == (
        bench.external("c0001"),
        "benefit-1",
        3,
    )
    assert (me["name"], me["type"]) == ("林小满", 2)


async def test_full_groups_make_a_new_one():
    async with Bench(world_with(group_capacity=2)) as bench:
        joined = await bench.act("join_group", customer="c0001", join_way="benefit-1")
        assert joined["created"]
        assert bench.ear.names[0] == "change_external_chat.create"
        listed = await bench.post(f"{GC}/list", {"limit": 10})
        assert len(listed["group_chat_list"]) == 2
        made = await bench.post(f"{GC}/get", {"chat_id": joined["chat_id"]})
        assert made["group_chat"]["name"] == "青禾福利群1"


async def test_without_auto_create_a_full_group_turns_her_away(bench):
    chat_id = next(iter(bench.world.groups))
    await bench.act("set_quota", chat_id=chat_id, capacity=2)
    way = {"scene": 2, "chat_id_list": [chat_id], "state": "vip", "auto_create_room": 0}
    made = await bench.post(f"{GC}/add_join_way", way)
    refused = await bench.act("join_group", customer="c0001", join_way=made["config_id"])
    assert "full" in refused["error"]
    assert bench.ear.heard == []


async def test_leaving_and_being_removed_are_told_apart(bench):
    chat_id = next(iter(bench.world.groups))
    await bench.act("leave_group", customer="c0002", chat_id=chat_id)
    await bench.act("join_group", customer="c0002", chat_id=chat_id)
    await bench.act("remove_member", guide="WangFang", chat_id=chat_id, customer="c0002")
    left, invited, removed = bench.ear.heard
    assert (left["QuitScene"], invited["JoinScene"], removed["QuitScene"]) == ("0", "0", "1")
    assert left["CurMemVer"] == invited["LastMemVer"]


async def test_details_may_trail_the_event():
    async with Bench(world_with(details_lag=5)) as bench:
        joined = await bench.act("join_group", customer="c0001", join_way="benefit-1")
        asked = {"chat_id": joined["chat_id"]}
        early = (await bench.post(f"{GC}/get", asked))["group_chat"]
        assert early["member_version"] != bench.ear.heard[0]["CurMemVer"]
        await bench.advance(5)
        late = (await bench.post(f"{GC}/get", asked))["group_chat"]
        assert late["member_version"] == bench.ear.heard[0]["CurMemVer"]
        assert len(late["member_list"]) == len(early["member_list"]) + 1


async def test_names_notices_owners_and_ends(bench):
    chat_id = next(iter(bench.world.groups))
    await bench.act("rename_group", chat_id=chat_id, guide="WangFang", name="新群名")
    await bench.act("set_notice", chat_id=chat_id, text="文明聊天")
    await bench.act("change_owner", chat_id=chat_id, guide="LiNa")
    await bench.act("dismiss_group", chat_id=chat_id)
    details = [heard["UpdateDetail"] or heard["ChangeType"] for heard in bench.ear.heard]
    assert details == ["change_name", "change_notice", "change_owner", "dismiss"]


async def test_a_join_way_takes_five_groups_at_most(bench):
    way = {"scene": 2, "chat_id_list": ["wr"] * 6}
    assert (await bench.post(f"{GC}/add_join_way", way))["errcode"] == 41091


async def test_group_welcome_material_is_kept(bench):
    base = f"{EC}/group_welcome_template"
    made = await bench.post(f"{base}/add", {"text": {"content": "欢迎 %NICKNAME%"}})
    template = {"template_id": made["template_id"]}
    assert (await bench.post(f"{base}/get", template))["text"]["content"] == "欢迎 %NICKNAME%"
    await bench.post(f"{base}/del", template)
    assert (await bench.post(f"{base}/get", template))["errcode"] == 40058


async def test_the_address_in_a_code_is_as_good_as_its_id(bench):
    [way] = (await bench.control("state"))["join_ways"]
    joined = await bench.act("join_group", customer="c0001", join_way=way["qr_code"])
    shown = await bench.post(f"{GC}/get_join_way", {"config_id": way["config_id"]})
    assert joined["ok"]
    assert shown["join_way"]["qr_code"] == way["qr_code"]
