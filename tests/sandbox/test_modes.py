"""明文, 兼容, 安全; XML and JSON: the same words in every form."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from tests.sandbox.kit import sealed, sha1

MODES = [(mode, form) for mode in ("plain", "compat", "secure") for form in ("xml", "json")]


@pytest.mark.parametrize(("mode", "form"), MODES)
async def test_the_official_account_speaks_as_its_console_says(bench, mode, form):
    await bench.act("change_settings", official_mode=mode, official_format=form)
    await bench.act("say_official", customer="c0001", text="你好")
    [heard] = bench.ear.heard
    account, query, body = bench.world.official, heard.query, heard.body
    assert heard["Content"] == "你好"
    assert query["signature"] == sha1(account.token, query["timestamp"], query["nonce"])
    assert body.startswith("{") == (form == "json")
    assert ("encrypt_type" in query, bool(heard.encrypted)) == (mode != "plain",) * 2
    assert ("你好" in body) == (mode != "secure")
    if mode != "plain":
        signed = (account.token, query["timestamp"], query["nonce"], heard.encrypted)
        assert (query["msg_signature"], heard.receiver) == (sha1(*signed), account.app_id)


REPLY = "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[在的]]></Content></xml>"


@pytest.mark.parametrize(
    ("mode", "wrapped", "seen"),
    [
        ("plain", False, "在的"),
        ("plain", True, "故障"),
        ("compat", False, "在的"),
        ("compat", True, "在的"),
        ("secure", False, "故障"),
        ("secure", True, "在的"),
    ],
)
async def test_a_passive_reply_must_fit_the_mode(bench, mode, wrapped, seen):
    await bench.act("change_settings", official_mode=mode)
    account = bench.world.official
    bench.ear.reply = REPLY
    if wrapped:
        encrypted = sealed(REPLY, account.aes_key, account.app_id)
        said = {"Encrypt": encrypted, "TimeStamp": 1, "Nonce": "n"}
        signature = sha1(account.token, "1", "n", encrypted)
        bench.ear.reply = json.dumps(said | {"MsgSignature": signature})
    await bench.act("say_official", customer="c0001", text="在吗")
    assert seen in (await bench.conversation("c0001"))[-1]


async def test_wecom_can_speak_json(bench):
    await bench.act("change_settings", wecom_format="json")
    await bench.act("add_friend", customer="c0001", contact_way="store-s01")
    [heard] = bench.ear.heard
    outer, corp = json.loads(heard.body), bench.world.corp
    assert outer["tousername"] == heard.receiver == corp.corp_id
    assert heard.name == "change_external_contact.add_external_contact"
    assert heard["State"] == "store-s01"


async def test_a_consent_has_its_list_at_the_top_in_json_alone(bench):
    await bench.act("consent_subscribe", customer="c0001", template="T1")
    await bench.act("change_settings", official_format="json")
    await bench.act("consent_subscribe", customer="c0001", template="T1")
    in_xml, in_json = bench.ear.heard
    assert ET.fromstring(in_xml.plain).findtext("SubscribeMsgPopupEvent/List/TemplateId") == "T1"
    assert json.loads(in_json.plain)["List"]["TemplateId"] == "T1"


@pytest.mark.parametrize("platform", ["wecom", "official"])
async def test_saving_an_address_asks_it_to_echo(bench, platform):
    assert (await bench.act("check_callback", platform=platform))["ok"]
    bench.ear.reply = '"4711"'
    refused = await bench.act("check_callback", platform=platform)
    assert (refused["ok"], "wrong Token" in refused["error"]) == (False, True)
    bench.ear.status = 502
    assert "502" in (await bench.act("check_callback", platform=platform))["error"]
