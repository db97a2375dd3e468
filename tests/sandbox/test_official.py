from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from tests.sandbox.kit import sealed, sha1

SEND = "/cgi-bin/message/custom/send"


async def tell(bench, words="您好", to="c0001"):
    openid = bench.customer(to).fan.openid
    return await bench.official(
        SEND, {"touser": openid, "msgtype": "text", "text": {"content": words}}
    )


async def test_a_message_opens_48_hours_and_five_answers(bench):
    assert (await tell(bench))["errcode"] == 45015
    await bench.act("say_official", customer="c0001", text="在吗")
    codes = [(await tell(bench, f"第{n}句"))["errcode"] for n in range(6)]
    assert codes == [0, 0, 0, 0, 0, 45047]
    await bench.advance(48 * 3600)
    assert (await tell(bench))["errcode"] == 45015


async def test_a_menu_click_opens_one_minute_and_three_answers(bench):
    await bench.act("click_menu", customer="c0001", key="coupons")
    assert bench.ear.heard[-1]["EventKey"] == "coupons"
    assert [(await tell(bench))["errcode"] for _ in range(4)] == [0, 0, 0, 45047]
    await bench.advance(60)
    assert (await tell(bench))["errcode"] == 45015


async def test_the_short_window_is_used_before_the_long_one(bench):
    await bench.act("say_official", customer="c0001", text="在吗")
    await bench.act("click_menu", customer="c0001", key="k")
    codes = [(await tell(bench))["errcode"] for _ in range(9)]
    assert codes == [0] * 8 + [45047]


async def test_the_same_button_can_be_clicked_again_and_by_others(bench):
    for _ in range(2):
        await bench.act("click_menu", customer="c0001", key="coupons")
        await bench.advance(1)
    assert [said["EventKey"] for said in bench.ear.heard] == ["coupons", "coupons"]


async def test_opening_a_link_in_the_menu_opens_no_window(bench):
    menu = [{"type": "view", "name": "商城", "url": "http://127.0.0.1/shop"}]
    await bench.official("/cgi-bin/menu/create", {"button": menu})
    await bench.act("click_menu", customer="c0001", key="http://127.0.0.1/shop")
    assert bench.ear.heard[-1]["Event"] == "VIEW"
    assert (await tell(bench))["errcode"] == 45015


async def test_the_scene_has_its_prefix_only_when_she_begins_to_follow(bench):
    made = await bench.official(
        "/cgi-bin/qrcode/create",
        {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "store-1"}}},
    )
    await bench.act("scan_official", customer="c0003", scene="store-1")
    await bench.act("scan_official", customer="c0003", scene="store-1")
    first, second = bench.ear.heard
    assert (first["Event"], first["EventKey"]) == ("subscribe", "qrscene_store-1")
    assert (second["Event"], second["EventKey"]) == ("SCAN", "store-1")
    assert first["Ticket"] == second["Ticket"] == made["ticket"]
    info = await bench.official("/cgi-bin/user/info", openid=bench.customer("c0003").fan.openid)
    assert (info["qr_scene_str"], info["subscribe_scene"]) == ("store-1", "ADD_SCENE_QR_CODE")
    assert "nickname" not in info


async def test_who_left_can_not_be_written_to(bench):
    await bench.act("say_official", customer="c0001", text="在吗")
    await bench.act("unfollow_official", customer="c0001")
    assert (await tell(bench))["errcode"] == 45015
    info = await bench.official("/cgi-bin/user/info", openid=bench.customer("c0001").fan.openid)
    assert info.keys() == {"subscribe", "openid", "unionid"}


def encrypted_reply(bench, plain):
    account = bench.world.official
    body = sealed(plain, account.aes_key, account.app_id)
    signature = sha1(account.token, "1", "n", body)
    return (
        f"<xml><Encrypt>{body}</Encrypt><MsgSignature>{signature}</MsgSignature>"
        "<TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
    )


async def test_an_encrypted_passive_reply_is_shown_to_her(bench):
    plain = "<xml><MsgType>text</MsgType><Content>马上来</Content></xml>"
    bench.ear.reply = encrypted_reply(bench, plain)
    await bench.act("say_official", customer="c0001", text="在吗")
    assert await bench.conversation("c0001") == ["在吗", "马上来"]


async def test_a_plain_reply_in_secure_mode_is_a_faulty_service(bench):
    bench.ear.reply = "<xml><MsgType>text</MsgType><Content>明文</Content></xml>"
    await bench.act("say_official", customer="c0001", text="在吗")
    assert "故障" in (await bench.conversation("c0001"))[-1]


async def test_what_became_of_a_template_message_is_told_later(bench):
    template = next(iter(bench.world.official.templates))
    openid = bench.customer("c0001").fan.openid
    body = {"touser": openid, "template_id": template, "data": {"thing1": {"value": "已发货"}}}
    sent = await bench.official("/cgi-bin/message/template/send", body)
    assert bench.ear.heard == []
    await bench.advance(5)
    [heard] = bench.ear.heard
    assert (heard["Event"], heard["MsgID"]) == ("TEMPLATESENDJOBFINISH", str(sent["msgid"]))
    assert heard["Status"] == "success"
    await bench.act("block_templates", customer="c0001")
    await bench.official("/cgi-bin/message/template/send", body)
    await bench.advance(5)
    assert bench.ear.heard[-1]["Status"] == "failed:user block"
    wrong = await bench.official("/cgi-bin/message/template/send", body | {"template_id": "x"})
    assert wrong["errcode"] == 40037


async def test_one_consent_is_one_subscription_message(bench):
    template = next(iter(bench.world.official.templates))
    body = {
        "touser": bench.customer("c0001").fan.openid,
        "template_id": template,
        "data": {"thing1": {"value": "到货了"}},
    }
    path = "/cgi-bin/message/subscribe/bizsend"
    assert (await bench.official(path, body))["errcode"] == 43101
    await bench.act("consent_subscribe", customer="c0001", template=template)
    assert bench.ear.heard[-1]["SubscribeStatusString"] == "accept"
    assert (await bench.official(path, body))["errcode"] == 0
    assert (await bench.official(path, body))["errcode"] == 43101
    await bench.advance(5)
    assert bench.ear.heard[-1]["Event"] == "subscribe_msg_sent_event"


async def test_typing_is_for_someone_who_is_there(bench):
    openid = bench.customer("c0001").fan.openid
    body = {"touser": openid, "command": "Typing"}
    path = "/cgi-bin/message/custom/typing"
    assert (await bench.official(path, body))["errcode"] == 45080
    await bench.act("say_official", customer="c0001", text="在吗")
    assert (await bench.official(path, body))["errcode"] == 0
    assert (await bench.official(path, body))["errcode"] == 45081


async def test_fans_and_their_tags(bench):
    listed = await bench.official("/cgi-bin/user/get")
    assert listed["total"] == 2
    made = await bench.official("/cgi-bin/tags/create", {"tag": {"name": "会员"}})
    again = await bench.official("/cgi-bin/tags/create", {"tag": {"name": "会员"}})
    assert again["errcode"] == 45157
    openid = bench.customer("c0001").fan.openid
    marked = {"openid_list": [openid], "tagid": made["tag"]["id"]}
    await bench.official("/cgi-bin/tags/members/batchtagging", marked)
    info = await bench.official("/cgi-bin/user/info", openid=openid)
    assert info["tagid_list"] == [made["tag"]["id"]]
    assert info["unionid"] == bench.customer("c0001").unionid


async def test_four_mass_messages_a_month_reach_a_fan(bench):
    for n in range(5):
        body = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": f"第{n}期"}}
        await bench.official("/cgi-bin/message/mass/sendall", {**body, "clientmsgid": f"m{n}"})
        await bench.advance(120)
    assert len(await bench.conversation("c0001")) == 4
    assert bench.ear.heard[-1]["SentCount"] == "0"
    twice = await bench.official("/cgi-bin/message/mass/sendall", {**body, "clientmsgid": "m4"})
    assert twice["errcode"] == 45065


async def test_a_fan_opens_a_page_of_the_bot_with_a_code(bench):
    back = f"{bench.sandbox.official_base_url}/landing"
    query = urlencode({"appid": "x", "redirect_uri": back, "state": "s1", "scope": "snsapi_base"})
    url = f"https://open.weixin.qq.com/connect/oauth2/authorize?{query}#wechat_redirect"
    opened = await bench.act("view_link", customer="c0001", url=url)
    landed = parse_qs(urlsplit(opened["url"]).query)
    assert landed["state"] == ["s1"]
    account = bench.world.official
    ask = {
        "appid": account.app_id,
        "secret": account.secret,
        "code": landed["code"][0],
        "grant_type": "authorization_code",
    }
    path = "/sns/oauth2/access_token"
    found = await bench.official(path, **ask)
    assert found["openid"] == bench.customer("c0001").fan.openid
    assert (await bench.official(path, **ask))["errcode"] == 40163
