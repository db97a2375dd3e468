"""获客助手, 敏感词, 商品图册."""

from __future__ import annotations

import aiohttp

from tests.sandbox.kit import EC, START, Bench, world_with

CA = f"{EC}/customer_acquisition"


async def made_link(bench: Bench, **more):
    body = {"link_name": "门店海报", "range": {"user_list": ["WangFang"]}, **more}
    return (await bench.post(f"{CA}/create_link", body))["link"]


async def test_a_link_wins_a_customer_and_uses_up_quota(bench):
    link = await made_link(bench)
    url = link["url"] + "?customer_channel=poster"
    assert (await bench.act("open_link", customer="c0001", link=url))["userid"] == "WangFang"
    assert bench.ear.names == [
        "customer_acquisition.friend_request",
        "change_external_contact.add_external_contact",
    ]
    assert (bench.ear.heard[1]["State"], bench.ear.heard[1]["LinkId"]) == (
        "poster",
        link["link_id"],
    )
    detail = await bench.get(f"{EC}/get", external_userid=bench.external("c0001"))
    assert {"add_way": 16, "state": "poster"}.items() <= detail["follow_user"][0].items()
    assert (await bench.get(f"{CA}_quota"))["balance"] == 999
    span = {"start_time": int(START.timestamp()) - 1, "end_time": int(START.timestamp()) + 1}
    counted = await bench.post(f"{CA}/statistic", {"link_id": link["link_id"], **span})
    assert (counted["click_link_customer_cnt"], counted["new_customer_cnt"]) == (1, 1)


async def test_the_talk_of_a_won_customer_can_be_counted(bench):
    link = await made_link(bench)
    await bench.act("open_link", customer="c0001", link=link["link_id"])
    for _ in range(3):
        said = await bench.act("say_guide", customer="c0001", guide="WangFang", text="在吗")
    assert bench.ear.names.count("customer_acquisition.customer_start_chat") == 1
    info = await bench.post(f"{CA}/get_chat_info", {"chat_key": said["chat_key"]})
    assert info["chat_info"]["recv_msg_cnt"] == 3
    [entry] = (await bench.post(f"{CA}/customer", {"link_id": link["link_id"]}))["customer_list"]
    assert (entry["external_userid"], entry["chat_status"]) == (bench.external("c0001"), 1)


async def test_used_up_quota_wins_nobody_until_more_is_bought():
    async with Bench(world_with(acquisition_quota=1)) as bench:
        link = await made_link(bench)
        await bench.act("open_link", customer="c0001", link=link["link_id"])
        assert bench.ear.names[-1] == "customer_acquisition.balance_exhausted"
        assert not (await bench.act("open_link", customer="c0003", link=link["link_id"]))["ok"]
        await bench.act("buy_acquisition", count=10)
        assert bench.ear.names[-1] == "customer_acquisition.balance_increased"
        assert (await bench.act("open_link", customer="c0003", link=link["link_id"]))["ok"]


async def test_links_are_kept_by_the_rules(bench):
    link = await made_link(bench, priority_option={"priority_type": 1})
    assert (await bench.act("open_link", customer="c0003", link=link["link_id"]))["already"]
    change = {"link_id": link["link_id"], "link_name": "x" * 31}
    assert (await bench.post(f"{CA}/update_link", change))["errcode"] == 40058
    got = await bench.post(f"{CA}/get", {"link_id": link["link_id"]})
    assert got["priority_option"] == {"priority_type": 1}
    assert (await bench.post(f"{CA}/list_link", {}))["link_id_list"] == [link["link_id"]]
    await bench.act("drop_link", link="门店海报")
    assert bench.ear.names == ["customer_acquisition.delete_link"]
    gone = await bench.post(f"{CA}/get", {"link_id": link["link_id"]})
    assert (gone["errcode"], gone["link"]) == (40058, {})


async def test_an_intercept_rule_keeps_a_guides_words_back(bench):
    rule = {
        "rule_name": "联系方式",
        "word_list": ["加我微信"],
        "semantics_list": [1],
        "intercept_type": 1,
        "applicable_range": {"user_list": ["WangFang"]},
    }
    made = await bench.post(f"{EC}/add_intercept_rule", rule)
    assert (await bench.post(f"{EC}/add_intercept_rule", rule))["errcode"] == 41077
    say = {"act": "say_customer", "guide": "WangFang", "customer": "c0002"}
    assert not (await bench.act(**say, text="打 13800000000"))["ok"]
    change = {"rule_id": made["rule_id"], "intercept_type": 2}
    await bench.post(f"{EC}/update_intercept_rule", change)
    assert (await bench.act(**say, text="加我微信"))["warned"] == "联系方式"
    other = {**say, "guide": "LiNa", "customer": "c0003"}
    assert "warned" not in await bench.act(**other, text="加我微信")
    await bench.post(f"{EC}/del_intercept_rule", {"rule_id": made["rule_id"]})
    gone = await bench.post(f"{EC}/get_intercept_rule", {"rule_id": made["rule_id"]})
    assert gone["errcode"] == 41071
    assert (await bench.get(f"{EC}/get_intercept_rule_list"))["rule_list"] == []


async def test_an_album_needs_a_picture_of_its_own_upload(bench):
    product = {"description": "羊毛大衣", "price": 129900}
    assert (await bench.post(f"{EC}/add_product_album", product))["errcode"] == 41088
    form = aiohttp.FormData()
    form.add_field("media", b"\x89PNG picture", filename="a.png")
    query = {"access_token": await bench.token(), "media_type": "image", "attachment_type": "2"}
    url = bench.sandbox.base_url + "/cgi-bin/media/upload_attachment"
    media_id = (await bench.raw("POST", url, data=form, params=query))[1]["media_id"]
    picture = {"type": "image", "image": {"media_id": media_id}}
    made = await bench.post(f"{EC}/add_product_album", {**product, "attachments": [picture]})
    one = {"product_id": made["product_id"]}
    refused = await bench.post(f"{EC}/update_product_album", {**one, "price": 5_000_001})
    assert refused["errcode"] == 41086
    await bench.post(f"{EC}/update_product_album", {**one, "price": 99900})
    assert (await bench.post(f"{EC}/get_product_album", one))["product"]["price"] == 99900
    await bench.post(f"{EC}/delete_product_album", one)
    assert (await bench.post(f"{EC}/get_product_album", one))["errcode"] == 41074
