"""Every request to the Official Account as documented."""

from __future__ import annotations

import pytest

from bot.calls import (
    CreateMenu,
    CreateQrCode,
    GetFan,
    GetFans,
    GetOfficialJsTicket,
    GetOfficialQuota,
    LinkCard,
    ListFans,
    MenuItem,
    SendOfficial,
    SendSubscribed,
    SendTemplate,
    ShowTyping,
)
from bot.platforms.limits import Unsendable
from bot.platforms.official.requests import build
from bot.platforms.official.requests.context import Context

CONTEXT = Context(app_id="wx1")
GETS = [
    (GetFan(openid="o1"), "user/info", {"openid": "o1", "lang": "zh_CN"}),
    (ListFans(), "user/get", {}),
    (ListFans(next_openid="o9"), "user/get", {"next_openid": "o9"}),
    (GetOfficialJsTicket(), "ticket/getticket", {"type": "jsapi"}),
]
BUTTONS = ({"name": "会员", "sub_button": [{"type": "click", "name": "积分", "key": "POINTS"}]},)

POSTS = [
    (
        SendOfficial(openid="o1", text="您好", by_model=True),
        "message/custom/send",
        {
            "touser": "o1",
            "msgtype": "text",
            "text": {"content": "您好"},
            "aimsgcontext": {"is_ai_msg": 1},
        },
    ),
    (
        SendOfficial(
            openid="o1", text="满意吗", menu=(MenuItem(id="1", text="满意"),), tail="谢谢"
        ),
        "message/custom/send",
        {
            "touser": "o1",
            "msgtype": "msgmenu",
            "msgmenu": {
                "head_content": "满意吗",
                "list": [{"id": "1", "content": "满意"}],
                "tail_content": "谢谢",
            },
        },
    ),
    (
        SendOfficial(
            openid="o1", news=LinkCard(title="T", url="u", description="D", picture_url="p")
        ),
        "message/custom/send",
        {
            "touser": "o1",
            "msgtype": "news",
            "news": {"articles": [{"title": "T", "description": "D", "url": "u", "picurl": "p"}]},
        },
    ),
    (ShowTyping(openid="o1"), "message/custom/typing", {"touser": "o1", "command": "Typing"}),
    (
        SendTemplate(
            openid="o1",
            template_id="T",
            data={"thing1": "积分"},
            client_msg_id="k",
            url="https://u",
        ),
        "message/template/send",
        {
            "touser": "o1",
            "template_id": "T",
            "url": "https://u",
            "data": {"thing1": {"value": "积分"}},
            "client_msg_id": "k",
        },
    ),
    (
        SendSubscribed(openid="o1", template_id="T", data={"thing1": "到店"}, page="https://u"),
        "message/subscribe/bizsend",
        {
            "touser": "o1",
            "template_id": "T",
            "page": "https://u",
            "data": {"thing1": {"value": "到店"}},
        },
    ),
    (
        GetFans(openids=("o1", "o2")),
        "user/info/batchget",
        {"user_list": [{"openid": "o1", "lang": "zh_CN"}, {"openid": "o2", "lang": "zh_CN"}]},
    ),
    (
        CreateQrCode(scene="store-7"),
        "qrcode/create",
        {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "store-7"}}},
    ),
    (
        CreateQrCode(scene="s", expire_seconds=60),
        "qrcode/create",
        {
            "expire_seconds": 60,
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": "s"}},
        },
    ),
    (CreateMenu(buttons=BUTTONS), "menu/create", {"button": list(BUTTONS)}),
    (GetOfficialQuota(path="/cgi-bin/x"), "openapi/quota/get", {"cgi_path": "/cgi-bin/x"}),
]


@pytest.mark.parametrize(("call", "path", "query"), GETS)
def test_questions_are_asked_as_documented(call, path, query):
    request = build(call, CONTEXT)
    assert (request.method, request.path, request.query, request.body) == (
        "GET",
        f"/cgi-bin/{path}",
        query,
        None,
    )


@pytest.mark.parametrize(("call", "path", "body"), POSTS)
def test_orders_are_given_as_documented(call, path, body):
    request = build(call, CONTEXT)
    assert (request.method, request.path, request.body) == ("POST", f"/cgi-bin/{path}", body)


def test_links_in_a_menu_go_into_the_words_because_items_cannot_be_links():
    menu = (MenuItem(id="1", text="在线客服"), MenuItem(id="2", text="查积分", url="https://u"))
    said = build(SendOfficial(openid="o", text="请选", menu=menu), CONTEXT).body["msgmenu"]
    assert said["head_content"] == '请选\n<a href="https://u">查积分</a>'
    assert said["list"] == [{"id": "1", "content": "在线客服"}]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (SendOfficial(openid="o"), "incomplete"),
        (SendOfficial(openid="o", text="好" * 683), "too_long"),
        (GetFans(openids=("o",) * 101), "too_many"),
        (CreateQrCode(scene="s" * 65), "too_long"),
        (CreateQrCode(scene=""), "incomplete"),
        (CreateQrCode(scene="s", expire_seconds=2_592_001), "too_long"),
        (CreateMenu(buttons=({"name": "a"},) * 4), "too_many"),
        (CreateMenu(buttons=({"name": "六个字的名字"},)), "too_long"),
        (CreateMenu(), "incomplete"),
    ],
)
def test_what_the_platform_would_refuse_never_leaves(call, reason):
    with pytest.raises(Unsendable) as refusal:
        build(call, CONTEXT)
    assert refusal.value.reason == reason
