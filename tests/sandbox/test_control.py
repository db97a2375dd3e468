from __future__ import annotations

import json
from datetime import datetime, timedelta

import aiohttp
import pytest

from tests.sandbox.kit import EC, START, Bench


async def test_acts_wait_for_their_moment_and_time_moves_in_steps(bench):
    for hours in (2, 1):
        at = (START + timedelta(hours=hours)).isoformat()
        planned = await bench.act("say_kf", customer="c0001", text=f"{hours} 点后", at=at)
        assert planned["planned"]
    report = await bench.control("clock", {"step": {}})
    assert datetime.fromisoformat(report["now"]) == START + timedelta(hours=1)
    assert report["applied"] == ["say_kf"]
    assert datetime.fromisoformat(report["next_due"]) == START + timedelta(hours=2)
    await bench.control("clock", {"step": {"until": (START + timedelta(minutes=90)).isoformat()}})
    assert await bench.conversation("c0001") == ["1 点后"]
    await bench.advance(3600)
    assert await bench.conversation("c0001") == ["1 点后", "2 点后"]


async def test_an_act_with_a_key_happens_once(bench):
    first = await bench.act("say_official", customer="c0001", text="在吗", key="k1")
    assert await bench.act("say_official", customer="c0001", text="在吗", key="k1") == first
    assert await bench.conversation("c0001") == ["在吗"]


async def test_a_new_person_needs_a_name(bench):
    assert not (await bench.act("add_friend", customer="c9", guide="LiNa"))["ok"]
    made = await bench.act("add_friend", customer="c9", name="新客", guide="LiNa")
    assert made["external_userid"] == bench.external("c9")
    assert not (await bench.act("no_such_act"))["ok"]


async def test_the_clock_file_is_what_the_bot_reads(bench):
    await bench.advance(90)
    seen = json.loads(bench.sandbox.clock_file.read_text())
    assert datetime.fromisoformat(seen["now"]) == START + timedelta(seconds=90)
    assert seen["running"] is False


async def test_reset_begins_the_world_again_with_the_same_ids(bench):
    before = bench.external("c0001")
    await bench.act("add_friend", customer="c0001", guide="LiNa")
    await bench.advance(100)
    report = await bench.control("reset", {})
    assert datetime.fromisoformat(report["now"]) == START
    assert (bench.external("c0001"), bench.customer("c0001").follows) == (before, {})


async def test_the_log_can_be_read_on_from_any_row(bench):
    await bench.get(f"{EC}/get_follow_user_list")
    url = f"{bench.sandbox.base_url}/__sandbox__/log"
    async with bench.http.get(url, params={"after": "1", "limit": "1"}) as answer:
        [row] = map(json.loads, (await answer.text()).splitlines())
    assert (row["seq"], row["side"], row["errcode"]) == (2, "api", 0)
    assert "access_token" not in row["query"]


async def test_secrets_are_not_logged(bench):
    await bench.token()
    rows = json.dumps(bench.sandbox.stage.log.rows("api"))
    assert bench.world.corp.apps[0].secret not in json.dumps(
        [row["query"] for row in bench.sandbox.stage.log.rows("api")]
    )
    assert "gettoken" in rows


async def test_scripted_answers(bench):
    path = f"{EC}/get_follow_user_list"
    script = [
        {"match": f"GET {path}", "count": n, "do": do} for n, do in enumerate(FAULTS, start=1)
    ]
    await bench.control("faults", {"faults": script})
    token = await bench.token()
    url, seen = bench.sandbox.base_url + path, []
    for _ in FAULTS:
        async with bench.http.get(url, params={"access_token": token}) as answer:
            seen.append((answer.status, (await answer.read())[:14]))
    assert seen == list(FAULTS.values())
    assert (await bench.get(path))["errcode"] == 0


FAULTS = {
    "errcode:45009": (200, b'{"errcode": 45'),
    "http:502": (502, b""),
    "html_502": (502, b"<html><body><h"),
    "truncate:5": (200, b'{"err'),
    "empty_200": (200, b""),
}


@pytest.mark.parametrize(("do", "applied"), [("reset", False), ("apply_then_reset", True)])
async def test_a_cut_connection_may_or_may_not_have_done_it(bench, do, applied):
    path = f"{EC}/add_corp_tag"
    token = await bench.token()
    await bench.control("faults", {"faults": [{"match": f"POST {path}", "count": 1, "do": do}]})
    body = {"group_name": "品类", "tag": [{"name": "大衣"}]}
    with pytest.raises(aiohttp.ClientError):
        await bench.post(path, body, access_token=token)
    assert (("品类", "大衣") in bench.world.tag_names) == applied
    row = bench.sandbox.stage.log.rows("api")[-1]
    assert (row["fault"], row["applied"]) == (do, applied)


async def test_faults_by_chance_do_not_depend_on_the_order_of_calls():
    outcomes = []
    for turn in (list(range(20)), list(reversed(range(20)))):
        async with Bench() as bench:
            rule = {"match": "*/add_corp_tag", "p": 0.5, "do": "errcode:-1"}
            await bench.control("faults", {"seed": 7, "faults": [rule]})
            codes = {}
            for n in turn:
                body = {"group_name": f"组{n}", "tag": [{"name": "t"}]}
                codes[n] = (await bench.post(f"{EC}/add_corp_tag", body))["errcode"]
            outcomes.append(codes)
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0].values()) == {0, -1}


async def test_the_token_can_be_pulled_away_in_mid_call(bench):
    rule = {"match": f"GET {EC}/*", "count": 1, "do": "revoke_token"}
    await bench.control("faults", {"faults": [rule]})
    assert (await bench.get(f"{EC}/get_follow_user_list"))["errcode"] == 40014
    assert (await bench.get(f"{EC}/get_follow_user_list"))["errcode"] == 0


async def test_a_mistaken_wish_is_told_how_to_be_mended(bench):
    meant = await bench.act("ad_friend")
    assert "did you mean add_friend" in meant["error"]
    assert "needs 'guide'" in (await bench.act("delete_guide", customer="c0002"))["error"]
    wrong = await bench.control("faults", {"faults": [{"match": "*", "do": "burn"}]})
    assert "没有 burn 这种故障" in wrong["error"]
    assert (await bench.control("faults"))["faults"] == []


async def test_the_control_api_describes_itself(bench):
    described = await bench.control("openapi.json")
    assert "/__sandbox__/act" in described["paths"]
    assert described["x-acts"].keys() >= {"add_friend", "open_link", "check_callback"}
    mass = described["paths"][f"{EC}/add_msg_template"]["post"]
    schema = mass["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == []
    assert schema["properties"].keys() >= {
        "chat_type",
        "sender",
        "external_userid",
        "text",
        "attachments",
    }
    assert mass["x-errcodes"].keys() >= {"41048", "40007", "45002", "40003"}
    fan = described["paths"]["/cgi-bin/user/info"]["get"]["parameters"]
    assert [(one["name"], one["required"]) for one in fan][1] == ("openid", True)
    whole = await bench.control("state")
    assert {guide["userid"] for guide in whole["guides"]} == {"WangFang", "LiNa", "ZhaoMin"}
    assert whole["clock"]["running"] is False
