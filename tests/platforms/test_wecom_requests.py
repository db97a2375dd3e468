"""Every request as the platform documents it: paths, names, nesting, types and limits."""

from __future__ import annotations

import pytest

from bot.calls import (
    AddContactWay,
    AddCorpTags,
    AddJoinWay,
    AddKfContactWay,
    CancelMassTask,
    ChangeKfState,
    CreateMassTask,
    DeleteContactWay,
    DeleteCorpTags,
    DeleteJoinWay,
    EditCorpTag,
    FileCard,
    GetCallbackIps,
    GetContactWay,
    GetCustomer,
    GetCustomersOf,
    GetGroupChat,
    GetJoinWay,
    GetJsTicket,
    GetKfCustomers,
    GetKfState,
    GetMassTaskMembers,
    GetMassTaskResult,
    GetMember,
    GetOAuthMember,
    ImageCard,
    LinkCard,
    ListContactWays,
    ListCorpTags,
    ListCustomers,
    ListGroupChats,
    ListGuides,
    ListKfAccounts,
    ListKfServicers,
    ListMassTasks,
    MarkTags,
    MenuItem,
    MiniProgramCard,
    RecallAppMessage,
    RecommendGuide,
    RemarkCustomer,
    RemindMassTask,
    SendAppCard,
    SendAppText,
    SendKf,
    SendKfOnEvent,
    SendWelcome,
    SyncKf,
    UpdateAppCard,
    UpdateContactWay,
    UpdateJoinWay,
)
from bot.platforms.limits import Unsendable
from bot.platforms.wecom.requests import build
from bot.platforms.wecom.requests.context import Context

CONTEXT = Context(agent_id=1, media={"a.png": "MEDIA_A", "b.pdf": "MEDIA_B"})
CARDS = (
    ImageCard(media="a.png"),
    ImageCard(picture_url="http://p.qpic.cn/0"),
    LinkCard(title="T", url="https://u", description="D", picture_url="https://p"),
    LinkCard(title="T", url="https://u"),
    MiniProgramCard(title="M", appid="wx1", page="/path", media="a.png"),
    FileCard(media="b.pdf"),
)
SAID_CARDS = [
    {"msgtype": "image", "image": {"media_id": "MEDIA_A"}},
    {"msgtype": "image", "image": {"pic_url": "http://p.qpic.cn/0"}},
    {
        "msgtype": "link",
        "link": {"title": "T", "url": "https://u", "desc": "D", "picurl": "https://p"},
    },
    {"msgtype": "link", "link": {"title": "T", "url": "https://u"}},
    {
        "msgtype": "miniprogram",
        "miniprogram": {"title": "M", "appid": "wx1", "page": "/path", "pic_media_id": "MEDIA_A"},
    },
    {"msgtype": "file", "file": {"media_id": "MEDIA_B"}},
]
MENU = (MenuItem(id="101", text="满意"), MenuItem(id="", text="自助", url="https://u"))
SAID_MENU = [
    {"type": "click", "click": {"id": "101", "content": "满意"}},
    {"type": "view", "view": {"url": "https://u", "content": "自助"}},
]
WAY = {"userids": ("a", "b"), "state": "s", "remark": "渠道"}
KF = {"open_kfid": "wk1", "external_userid": "wm1"}
CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "发送"},
    "task_id": "t-1",
    "button_list": [{"text": "同意", "key": "yes"}],
}
CONTACT, CHAT, KFAPI = "externalcontact", "externalcontact/groupchat", "kf"

GETS = [
    (ListGuides(), "externalcontact/get_follow_user_list", {}),
    (GetMember(userid="a"), "user/get", {"userid": "a"}),
    (ListCustomers(userid="a"), "externalcontact/list", {"userid": "a"}),
    (GetCustomer(external_userid="wm1"), "externalcontact/get", {"external_userid": "wm1"}),
    (
        GetCustomer(external_userid="wm1", cursor="C"),
        "externalcontact/get",
        {"external_userid": "wm1", "cursor": "C"},
    ),
    (GetJsTicket(), "get_jsapi_ticket", {}),
    (GetJsTicket(agent=True), "ticket/get", {"type": "agent_config"}),
    (GetOAuthMember(code="C"), "auth/getuserinfo", {"code": "C"}),
    (GetCallbackIps(), "getcallbackip", {}),
    (ListKfServicers(open_kfid="wk1"), "kf/servicer/list", {"open_kfid": "wk1"}),
]

POSTS = [
    (
        GetCustomersOf(userids=("a",), cursor="C"),
        f"{CONTACT}/batch/get_by_user",
        {"userid_list": ["a"], "cursor": "C", "limit": 100},
    ),
    (
        RemarkCustomer(
            userid="a", external_userid="wm1", remark="备注", description="描述", mobiles=("138",)
        ),
        f"{CONTACT}/remark",
        {
            "userid": "a",
            "external_userid": "wm1",
            "remark": "备注",
            "description": "描述",
            "remark_mobiles": ["138"],
        },
    ),
    (
        RemarkCustomer(userid="a", external_userid="wm1", mobiles=()),
        f"{CONTACT}/remark",
        {"userid": "a", "external_userid": "wm1", "remark_mobiles": [""]},
    ),
    (ListCorpTags(), f"{CONTACT}/get_corp_tag_list", {}),
    (
        ListCorpTags(tag_ids=("t",), group_ids=("g",)),
        f"{CONTACT}/get_corp_tag_list",
        {"tag_id": ["t"], "group_id": ["g"]},
    ),
    (
        AddCorpTags(group="G", names=("a", "b")),
        f"{CONTACT}/add_corp_tag",
        {"group_name": "G", "tag": [{"name": "a"}, {"name": "b"}]},
    ),
    (
        AddCorpTags(group="G", names=("a",), group_id="et1"),
        f"{CONTACT}/add_corp_tag",
        {"group_id": "et1", "tag": [{"name": "a"}]},
    ),
    (EditCorpTag(id="t", name="n"), f"{CONTACT}/edit_corp_tag", {"id": "t", "name": "n"}),
    (DeleteCorpTags(tag_ids=("t",)), f"{CONTACT}/del_corp_tag", {"tag_id": ["t"]}),
    (
        MarkTags(userid="a", external_userid="wm1", add=("t1",), remove=("t2",)),
        f"{CONTACT}/mark_tag",
        {"userid": "a", "external_userid": "wm1", "add_tag": ["t1"], "remove_tag": ["t2"]},
    ),
    (
        AddContactWay(**WAY),
        f"{CONTACT}/add_contact_way",
        {
            "type": 2,
            "scene": 2,
            "remark": "渠道",
            "skip_verify": True,
            "state": "s",
            "user": ["a", "b"],
        },
    ),
    (
        AddContactWay(userids=("a",), state="s", skip_verify=False),
        f"{CONTACT}/add_contact_way",
        {"type": 1, "scene": 2, "remark": "", "skip_verify": False, "state": "s", "user": ["a"]},
    ),
    (GetContactWay(config_id="c"), f"{CONTACT}/get_contact_way", {"config_id": "c"}),
    (ListContactWays(cursor="C"), f"{CONTACT}/list_contact_way", {"cursor": "C", "limit": 1000}),
    (
        UpdateContactWay(config_id="c", **WAY),
        f"{CONTACT}/update_contact_way",
        {
            "config_id": "c",
            "remark": "渠道",
            "skip_verify": True,
            "state": "s",
            "user": ["a", "b"],
        },
    ),
    (DeleteContactWay(config_id="c"), f"{CONTACT}/del_contact_way", {"config_id": "c"}),
    (
        SendWelcome(welcome_code="W", text="你好", attachments=CARDS),
        f"{CONTACT}/send_welcome_msg",
        {"welcome_code": "W", "text": {"content": "你好"}, "attachments": SAID_CARDS},
    ),
    (
        SendWelcome(welcome_code="W", text="", attachments=CARDS[:1]),
        f"{CONTACT}/send_welcome_msg",
        {"welcome_code": "W", "attachments": SAID_CARDS[:1]},
    ),
    (
        CreateMassTask(sender="a", text="新品", external_userids=("wm1", "wm2")),
        f"{CONTACT}/add_msg_template",
        {
            "chat_type": "single",
            "external_userid": ["wm1", "wm2"],
            "sender": "a",
            "text": {"content": "新品"},
        },
    ),
    (
        CreateMassTask(sender="a", text="新品", chat_ids=("wr1",), attachments=CARDS[:1]),
        f"{CONTACT}/add_msg_template",
        {
            "chat_type": "group",
            "chat_id_list": ["wr1"],
            "sender": "a",
            "text": {"content": "新品"},
            "attachments": SAID_CARDS[:1],
        },
    ),
    (
        ListMassTasks(chat_type="single", start_time=1, end_time=2, creator="a", cursor="C"),
        f"{CONTACT}/get_groupmsg_list_v2",
        {
            "chat_type": "single",
            "start_time": 1,
            "end_time": 2,
            "creator": "a",
            "filter_type": 2,
            "limit": 100,
            "cursor": "C",
        },
    ),
    (GetMassTaskMembers(msgid="m"), f"{CONTACT}/get_groupmsg_task", {"msgid": "m", "limit": 1000}),
    (
        GetMassTaskResult(msgid="m", userid="a", cursor="C"),
        f"{CONTACT}/get_groupmsg_send_result",
        {"msgid": "m", "userid": "a", "limit": 1000, "cursor": "C"},
    ),
    (RemindMassTask(msgid="m"), f"{CONTACT}/remind_groupmsg_send", {"msgid": "m"}),
    (CancelMassTask(msgid="m"), f"{CONTACT}/cancel_groupmsg_send", {"msgid": "m"}),
    (ListGroupChats(), f"{CHAT}/list", {"status_filter": 0, "limit": 1000}),
    (
        ListGroupChats(owners=("a",), cursor="C", limit=10),
        f"{CHAT}/list",
        {"status_filter": 0, "owner_filter": {"userid_list": ["a"]}, "cursor": "C", "limit": 10},
    ),
    (GetGroupChat(chat_id="wr1"), f"{CHAT}/get", {"chat_id": "wr1", "need_name": 1}),
    (
        AddJoinWay(chat_ids=("wr1",), state="s", room_base_name="福利群", remark="r"),
        f"{CHAT}/add_join_way",
        {
            "scene": 2,
            "remark": "r",
            "auto_create_room": 1,
            "room_base_name": "福利群",
            "chat_id_list": ["wr1"],
            "state": "s",
        },
    ),
    (GetJoinWay(config_id="c"), f"{CHAT}/get_join_way", {"config_id": "c"}),
    (
        UpdateJoinWay(config_id="c", chat_ids=("wr1",), state="s", auto_create_room=False),
        f"{CHAT}/update_join_way",
        {
            "config_id": "c",
            "scene": 2,
            "auto_create_room": 0,
            "chat_id_list": ["wr1"],
            "state": "s",
        },
    ),
    (DeleteJoinWay(config_id="c"), f"{CHAT}/del_join_way", {"config_id": "c"}),
    (
        SendAppText(userids=("a", "b"), text="您好"),
        "message/send",
        {
            "touser": "a|b",
            "agentid": 1,
            "msgtype": "text",
            "text": {"content": "您好"},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 600,
        },
    ),
    (
        SendAppCard(userids=("a",), card=CARD),
        "message/send",
        {
            "touser": "a",
            "agentid": 1,
            "msgtype": "template_card",
            "template_card": CARD,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 600,
        },
    ),
    (
        UpdateAppCard(response_code="R", replace_name="已处理", userids=("a",)),
        "message/update_template_card",
        {
            "userids": ["a"],
            "agentid": 1,
            "response_code": "R",
            "button": {"replace_name": "已处理"},
        },
    ),
    (
        UpdateAppCard(response_code="R", replace_name="已处理"),
        "message/update_template_card",
        {"atall": 1, "agentid": 1, "response_code": "R", "button": {"replace_name": "已处理"}},
    ),
    (RecallAppMessage(msgid="m"), "message/recall", {"msgid": "m"}),
    (ListKfAccounts(), f"{KFAPI}/account/list", {"offset": 0, "limit": 100}),
    (
        SyncKf(open_kfid="wk1", cursor="C", token="T"),
        f"{KFAPI}/sync_msg",
        {"cursor": "C", "token": "T", "limit": 1000, "open_kfid": "wk1"},
    ),
    (
        SendKf(**KF, msgid="m-1_A", text="您好", tail="再见"),
        f"{KFAPI}/send_msg",
        {
            "touser": "wm1",
            "open_kfid": "wk1",
            "msgid": "m-1_A",
            "msgtype": "text",
            "text": {"content": "您好\n再见"},
        },
    ),
    (
        SendKf(**KF, msgid="m", text="请选", menu=MENU, tail="谢谢"),
        f"{KFAPI}/send_msg",
        {
            "touser": "wm1",
            "open_kfid": "wk1",
            "msgid": "m",
            "msgtype": "msgmenu",
            "msgmenu": {"head_content": "请选", "list": SAID_MENU, "tail_content": "谢谢"},
        },
    ),
    (
        SendKfOnEvent(code="C", msgid="m", text="欢迎"),
        f"{KFAPI}/send_msg_on_event",
        {"code": "C", "msgid": "m", "msgtype": "text", "text": {"content": "欢迎"}},
    ),
    (GetKfState(**KF), f"{KFAPI}/service_state/get", KF),
    (
        ChangeKfState(**KF, state=3, userid="a"),
        f"{KFAPI}/service_state/trans",
        {**KF, "service_state": 3, "servicer_userid": "a"},
    ),
    (
        GetKfCustomers(external_userids=("wm1",)),
        f"{KFAPI}/customer/batchget",
        {"external_userid_list": ["wm1"], "need_enter_session_context": 1},
    ),
    (
        AddKfContactWay(open_kfid="wk1", scene="s1"),
        f"{KFAPI}/add_contact_way",
        {"open_kfid": "wk1", "scene": "s1"},
    ),
    (
        RecommendGuide(**KF, userid="a", wording="专属导购"),
        f"{KFAPI}/customer/upgrade_service",
        {**KF, "type": 1, "member": {"userid": "a", "wording": "专属导购"}},
    ),
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


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (SendWelcome(welcome_code="W", text=""), "incomplete"),
        (SendWelcome(welcome_code="W", text="好" * 1334), "too_long"),
        (SendWelcome(welcome_code="W", text="a", attachments=CARDS[:1] * 10), "too_many"),
        (
            SendWelcome(
                welcome_code="W", text="", attachments=(LinkCard(title="好" * 43, url="u"),)
            ),
            "too_long",
        ),
        (
            SendWelcome(welcome_code="W", text="", attachments=(LinkCard(title="", url="u"),)),
            "incomplete",
        ),
        (SendWelcome(welcome_code="W", text="", attachments=(ImageCard(),)), "incomplete"),
        (CreateMassTask(sender="a", text="x"), "empty_audience"),
        (
            CreateMassTask(sender="a", text="x", external_userids=("w",), chat_ids=("c",)),
            "incomplete",
        ),
        (CreateMassTask(sender="", text="x", external_userids=("w",)), "incomplete"),
        (CreateMassTask(sender="a", text="x", external_userids=("w",) * 10_001), "too_many"),
        (CreateMassTask(sender="a", text="x", chat_ids=("w",) * 2001), "too_many"),
        (RemarkCustomer(userid="a", external_userid="w"), "incomplete"),
        (RemarkCustomer(userid="a", external_userid="w", remark="字" * 21), "too_long"),
        (AddCorpTags(group="字" * 31, names=("a",)), "too_long"),
        (AddCorpTags(group="g", names=()), "incomplete"),
        (DeleteCorpTags(), "incomplete"),
        (MarkTags(userid="a", external_userid="w"), "incomplete"),
        (AddContactWay(userids=(), state="s"), "incomplete"),
        (AddContactWay(userids=("a",) * 101, state="s"), "too_many"),
        (AddContactWay(userids=("a",), state="s" * 31), "too_long"),
        (AddJoinWay(chat_ids=("c",) * 6, state="s"), "too_many"),
        (SendAppText(userids=("a",), text="好" * 683), "too_long"),
        (SendAppText(userids=(), text="x"), "incomplete"),
        (SendAppCard(userids=("a",), card={}), "incomplete"),
        (SendKf(**KF, msgid="é", text="x"), "incomplete"),
        (SendKf(**KF, msgid="m" * 33, text="x"), "incomplete"),
        (SendKf(**KF, msgid="m", text=""), "incomplete"),
        (SendKf(**KF, msgid="m", text="好" * 683), "too_long"),
        (SendKf(**KF, msgid="m", text="x", menu=MENU[:1] * 11), "too_many"),
        (SendKf(**KF, msgid="m", text="x", menu=(MenuItem(id="1", text="好" * 43),)), "too_long"),
        (ChangeKfState(**KF, state=3), "incomplete"),
        (GetKfCustomers(external_userids=("w",) * 101), "too_many"),
    ],
)
def test_what_the_platform_would_refuse_or_misread_never_leaves(call, reason):
    with pytest.raises(Unsendable) as refusal:
        build(call, CONTEXT)
    assert refusal.value.reason == reason


def test_texts_exactly_at_the_limit_leave():
    text = "好" * 1333 + "a"
    assert build(SendWelcome(welcome_code="W", text=text), CONTEXT).body["text"]["content"] == text
