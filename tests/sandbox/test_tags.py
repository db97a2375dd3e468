from __future__ import annotations

import asyncio

from tests.sandbox.kit import EC


async def make(bench, group="品类", *names):
    tags = [{"name": name} for name in names or ("大衣",)]
    return await bench.post(f"{EC}/add_corp_tag", {"group_name": group, "tag": tags})


async def test_a_known_group_name_is_reused_and_a_known_tag_refused(bench):
    first = await make(bench, "品类", "大衣", "大衣", "衬衫")
    second = await make(bench, "品类", "裙子")
    assert [tag["name"] for tag in first["tag_group"]["tag"]] == ["大衣", "衬衫"]
    assert first["tag_group"]["group_id"] == second["tag_group"]["group_id"]
    assert (await make(bench, "品类", "裙子"))["errcode"] == 40071


async def test_marks_belong_to_one_pair(bench):
    tag = (await make(bench))["tag_group"]["tag"][0]["id"]
    await bench.act("add_friend", customer="c0002", guide="LiNa")
    pair = {"userid": "WangFang", "external_userid": bench.external("c0002")}
    await bench.post(f"{EC}/mark_tag", {**pair, "add_tag": [tag]})
    detail = await bench.get(f"{EC}/get", external_userid=pair["external_userid"])
    assert [[t["tag_name"] for t in tie["tags"]] for tie in detail["follow_user"]] == [
        ["大衣"],
        [],
    ]
    assert (await bench.post(f"{EC}/mark_tag", {**pair, "add_tag": ["et0"]}))["errcode"] == 40068


async def test_the_last_tag_takes_its_group_along(bench):
    made = (await make(bench))["tag_group"]
    await bench.post(f"{EC}/del_corp_tag", {"tag_id": [made["tag"][0]["id"]]})
    left = await bench.post(f"{EC}/get_corp_tag_list", {"group_id": [made["group_id"]]})
    assert left["tag_group"] == []


async def test_console_edits_call_back_but_not_for_the_tags_of_a_deleted_group(bench):
    made = await bench.act("create_tag", group="兴趣", name="手工")
    await bench.act("rename_tag", id=made["tag_id"], name="编织")
    await bench.act("delete_tag", id=made["group_id"])
    told = [(heard["ChangeType"], heard["TagType"]) for heard in bench.ear.heard]
    assert told == [
        ("create", "tag_group"),
        ("create", "tag"),
        ("update", "tag"),
        ("delete", "tag_group"),
    ]


async def test_tags_of_others_are_read_only(bench):
    made = await bench.act("create_tag", group="总部", name="黑名单", by_app=False)
    answer = await bench.post(f"{EC}/edit_corp_tag", {"id": made["tag_id"], "name": "x"})
    assert answer["errcode"] == 81011


async def test_two_writes_at_once_on_one_pair_conflict(bench):
    tag = (await make(bench))["tag_group"]["tag"][0]["id"]
    token = await bench.token()
    pair = {"userid": "WangFang", "external_userid": bench.external("c0002"), "add_tag": [tag]}
    calls = [bench.post(f"{EC}/mark_tag", pair, access_token=token) for _ in range(4)]
    codes = sorted(answer["errcode"] for answer in await asyncio.gather(*calls))
    assert codes[0] == 0
    assert codes[-1] == 45035
