from __future__ import annotations

from tests.sandbox.kit import EC, Bench, sha1


async def test_a_scan_is_told_encrypted_and_signed(bench):
    await bench.act("add_friend", customer="c0001", contact_way="store-s01")
    [heard] = bench.ear.heard
    corp, query = bench.world.corp, heard.query
    assert heard.receiver == corp.corp_id
    signature = sha1(corp.apps[0].token, query["timestamp"], query["nonce"], heard.encrypted)
    assert query["msg_signature"] == signature
    assert heard.name == "change_external_contact.add_external_contact"
    assert (heard["UserID"], heard["State"]) == ("WangFang", "store-s01")
    assert heard["WelcomeCode"]


async def test_what_the_app_does_itself_is_never_told(bench):
    tie = {"userid": "WangFang", "external_userid": bench.external("c0002")}
    made = await bench.post(
        f"{EC}/add_corp_tag", {"group_name": "品类", "tag": [{"name": "大衣"}]}
    )
    tag = made["tag_group"]["tag"][0]["id"]
    await bench.post(f"{EC}/mark_tag", {**tie, "add_tag": [tag]})
    await bench.post(f"{EC}/remark", {**tie, "remark": "周先生"})
    assert bench.ear.heard == []
    await bench.act("edit_customer", guide="WangFang", customer="c0002", remark="小周")
    assert bench.ear.names == ["change_external_contact.edit_external_contact"]


async def test_an_unanswered_callback_comes_three_times_and_is_then_lost(bench):
    bench.ear.status = 500
    await bench.act("open_app", guide="LiNa")
    report = await bench.control("clock", {"advance": 60})
    assert len(bench.ear.heard) == 3
    assert len({heard.plain for heard in bench.ear.heard}) == 1
    assert report["next_due"] is None


async def test_a_slow_bot_is_cut_off_and_told_again():
    async with Bench(callback_timeout=0.1) as bench:
        bench.ear.hesitate = [0.3]
        await bench.act("open_app", guide="LiNa")
        await bench.advance(10)
        statuses = [row["status"] for row in bench.sandbox.stage.log.rows("callback")]
        assert statuses == ["timeout", 200]


async def test_a_forged_copy_comes_first_and_only_once(bench):
    bench.ear.status = 403
    fault = {"match": "callback", "count": 1, "do": "forged"}
    await bench.control("faults", {"faults": [fault]})
    await bench.act("open_app", guide="LiNa")
    forged, true = bench.ear.heard
    assert forged.query["msg_signature"] == "0" * 40 != true.query["msg_signature"]
    await bench.advance(60)
    assert [one.query["msg_signature"] for one in bench.ear.heard].count("0" * 40) == 1


async def test_scripted_callback_faults(bench):
    fault = {"match": "callback", "count": 1}
    await bench.control("faults", {"faults": [{**fault, "do": "duplicate"}]})
    await bench.act("open_app", guide="LiNa")
    assert bench.ear.names == ["enter_agent"] * 2
    await bench.control("faults", {"faults": [{**fault, "do": "lost"}]})
    await bench.act("open_app", guide="LiNa")
    assert len(bench.ear.heard) == 2
    await bench.control("faults", {"faults": [{**fault, "do": "late:60"}]})
    await bench.act("open_app", guide="LiNa")
    assert len(bench.ear.heard) == 2
    await bench.advance(61)
    assert len(bench.ear.heard) == 3


async def test_reordered_callbacks_arrive_behind_later_ones(bench):
    rule = {"match": "callback", "count": 1, "do": "reorder"}
    await bench.control("faults", {"faults": [rule]})
    await bench.act("add_friend", customer="c0001", guide="LiNa")
    await bench.act("delete_guide", customer="c0001", guide="LiNa")
    assert [heard["ChangeType"] for heard in bench.ear.heard] == [
        "del_follow_user",
        "add_external_contact",
    ]


async def test_the_official_account_speaks_in_secure_mode(bench):
    await bench.act("say_official", customer="c0001", text="你好")
    [heard] = bench.ear.heard
    account, query = bench.world.official, heard.query
    assert heard.path == "/callback/official"
    assert (query["encrypt_type"], heard.receiver) == ("aes", account.app_id)
    assert query["signature"] == sha1(account.token, query["timestamp"], query["nonce"])
    assert (heard["Content"], heard["ToUserName"]) == ("你好", account.original_id)
