from datetime import UTC, datetime

import pytest

from bot.events import (
    AcquisitionReported,
    AppMenuClicked,
    AppOpened,
    ArchiveAgreed,
    CardClicked,
    CorpTagChanged,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    GroupChatChanged,
    GroupChatCreated,
    GroupChatDismissed,
    GroupMembersJoined,
    GroupMembersLeft,
    GuideDeleted,
    GuideMessaged,
    KfAuthChanged,
    KfNudged,
    MemberChanged,
    TransferFailed,
    Unknown,
    dump,
    load,
)
from bot.platforms.wecom.parse import parse

AT = datetime.fromtimestamp(1403610513, UTC)
PAIR = {"userid": "zhangsan", "external_userid": "wmEAlECwAAHibWYDetVsaWm2GPkaABCD"}
CHAT = {"chat_id": "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"}
WHO = "<UserID>zhangsan</UserID><ExternalUserID><![CDATA[wmEAlECwAAHibWYDetVsaWm2GPkaABCD]]></ExternalUserID>"
ROOM = "<ChatId><![CDATA[wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA]]></ChatId>"
LINK = "<LinkId><![CDATA[cawcdea7783d7330c3]]></LinkId><State><![CDATA[STATE]]></State>"


def push(event: str, change: str = "", rest: str = "", sender: str = "sys") -> bytes:
    kind = f"<ChangeType><![CDATA[{change}]]></ChangeType>" if change else ""
    return (
        f"<xml>\n    <ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n"
        f"    <FromUserName><![CDATA[{sender}]]></FromUserName>\n    <CreateTime>1403610513</CreateTime>\n"
        f"    <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>{kind}{rest}</xml>"
    ).encode()


def contact(change: str, rest: str = "") -> bytes:
    return push("change_external_contact", change, WHO + rest)


def chat(change: str, rest: str = "") -> bytes:
    return push("change_external_chat", change, ROOM + rest)


def members(detail: str, scene: str, *items: str) -> bytes:
    listed = "".join(f"\n  <Item>{item}</Item>" for item in items)
    return chat(
        "update",
        f"<UpdateDetail><![CDATA[{detail}]]></UpdateDetail>{scene}<MemChangeCnt>{len(items)}</MemChangeCnt>"
        f"<MemChangeList>{listed}</MemChangeList><LastMemVer><![CDATA[9c]]></LastMemVer><CurMemVer><![CDATA[71]]></CurMemVer>",
    )


CODES = "<State><![CDATA[teststate]]></State><WelcomeCode><![CDATA[WELCOMECODE]]></WelcomeCode>"
CODED = {"state": "teststate", "welcome_code": "WELCOMECODE"}
CARD = (
    "<EventKey><![CDATA[key111]]></EventKey><TaskId><![CDATA[taskid111]]></TaskId><CardType><![CDATA[vote]]></CardType>"
    "<ResponseCode><![CDATA[RC]]></ResponseCode><AgentID>1</AgentID><SelectedItems>"
    "<SelectedItem><QuestionKey><![CDATA[Q1]]></QuestionKey><OpitonIds><OpitonId><![CDATA[a]]></OpitonId>"
    "<OpitonId><![CDATA[b]]></OpitonId></OpitonIds></SelectedItem>"
    "<SelectedItem><QuestionKey><![CDATA[Q2]]></QuestionKey><OptionIds><OptionId>c</OptionId></OptionIds></SelectedItem>"
    "</SelectedItems>"
)

SAMPLES = [
    (contact("add_external_contact", CODES), CustomerAdded(at=AT, **PAIR, **CODED)),
    (
        contact("add_half_external_contact", CODES),
        CustomerAdded(at=AT, **PAIR, **CODED, half=True),
    ),
    (
        contact("add_external_contact", "<LinkId>ca1</LinkId>"),
        CustomerAdded(at=AT, **PAIR, link_id="ca1"),
    ),
    (
        contact("edit_external_contact", "<State>s</State>"),
        CustomerEdited(at=AT, **PAIR, state="s"),
    ),
    (contact("del_external_contact"), CustomerDeleted(at=AT, **PAIR)),
    (
        contact("del_external_contact", "<Source><![CDATA[DELETE_BY_TRANSFER]]></Source>"),
        CustomerDeleted(at=AT, **PAIR, by_transfer=True),
    ),
    (contact("del_follow_user"), GuideDeleted(at=AT, **PAIR)),
    (
        contact("transfer_fail", "<FailReason><![CDATA[customer_refused]]></FailReason>"),
        TransferFailed(at=AT, **PAIR, reason="customer_refused"),
    ),
    (
        contact("msg_audit_approved", "<WelcomeCode>W</WelcomeCode>"),
        ArchiveAgreed(at=AT, **PAIR, welcome_code="W"),
    ),
    (chat("create"), GroupChatCreated(at=AT, **CHAT)),
    (chat("dismiss"), GroupChatDismissed(at=AT, **CHAT)),
    *(
        (
            chat("update", f"<UpdateDetail>{detail}</UpdateDetail>"),
            GroupChatChanged(at=AT, **CHAT, detail=detail),
        )
        for detail in ("change_owner", "change_name", "change_notice")
    ),
    (
        members("add_member", "<JoinScene>3</JoinScene>", "wmA", "wmB"),
        GroupMembersJoined(
            at=AT,
            **CHAT,
            members=("wmA", "wmB"),
            join_scene=3,
            count=2,
            last_version="9c",
            version="71",
        ),
    ),
    (
        members("del_member", "<QuitScene>0</QuitScene>", "wmA"),
        GroupMembersLeft(
            at=AT, **CHAT, members=("wmA",), quit_scene=0, count=1, last_version="9c", version="71"
        ),
    ),
    (
        push("change_external_tag", "create", "<Id>TAG</Id><TagType>tag</TagType>"),
        CorpTagChanged(at=AT, change="create", id="TAG", tag_type="tag"),
    ),
    (
        push("change_external_tag", "shuffle", "<Id></Id>"),
        CorpTagChanged(at=AT, change="shuffle", id=""),
    ),
    (
        push("customer_acquisition", "balance_low"),
        AcquisitionReported(at=AT, change="balance_low"),
    ),
    (
        push(
            "customer_acquisition",
            "quota_expire_soon",
            "<ExpireTime>1700000000</ExpireTime><ExpireQuotaNum>7</ExpireQuotaNum>",
        ),
        AcquisitionReported(
            at=AT, change="quota_expire_soon", expires_at=1700000000, expire_count=7
        ),
    ),
    (
        push("customer_acquisition", "customer_start_chat", LINK + WHO),
        AcquisitionReported(
            at=AT,
            change="customer_start_chat",
            link_id="cawcdea7783d7330c3",
            state="STATE",
            **PAIR,
        ),
    ),
    (
        push("enter_agent", rest="<EventKey/><AgentID>1</AgentID>", sender="lisi"),
        AppOpened(at=AT, userid="lisi"),
    ),
    (
        push("click", rest="<EventKey>K</EventKey>", sender="lisi"),
        AppMenuClicked(at=AT, userid="lisi", key="K"),
    ),
    (
        push("template_card_event", rest=CARD, sender="lisi"),
        CardClicked(
            at=AT,
            userid="lisi",
            task_id="taskid111",
            key="key111",
            response_code="RC",
            card_type="vote",
            selected={"Q1": ("a", "b"), "Q2": ("c",)},
        ),
    ),
    (
        push(
            "change_contact",
            "update_user",
            "<UserID>a</UserID><NewUserID>b</NewUserID><Mobile>13800000000</Mobile>",
        ),
        MemberChanged(
            at=AT,
            userid="a",
            change="update_user",
            new_userid="b",
            detail={"Mobile": "13800000000"},
        ),
    ),
    (
        push("change_contact", "delete_user", "<UserID>a</UserID>"),
        MemberChanged(at=AT, userid="a", change="delete_user"),
    ),
    (
        push("kf_msg_or_event", rest="<Token>ENC</Token><OpenKfId>wk1</OpenKfId>"),
        KfNudged(at=AT, open_kfid="wk1", token="ENC"),
    ),
    (
        push(
            "kf_account_auth_change",
            rest="<AuthAddOpenKfId>a</AuthAddOpenKfId><AuthAddOpenKfId>b</AuthAddOpenKfId><AuthDelOpenKfId>c</AuthDelOpenKfId>",
        ),
        KfAuthChanged(at=AT, added=("a", "b"), removed=("c",)),
    ),
]


@pytest.mark.parametrize(("body", "event"), SAMPLES, ids=lambda v: type(v).__name__)
def test_every_callback_of_a_self_built_app_becomes_its_event(body, event):
    assert parse(body) == event
    assert load(dump(event)) == event


@pytest.mark.parametrize("kind", ["text", "image", "voice", "video", "location", "link"])
def test_messages_of_guides_keep_their_kind(kind):
    body = (
        "<xml><FromUserName>lisi</FromUserName><CreateTime>1403610513</CreateTime>"
        f"<MsgType>{kind}</MsgType><Content> 券 </Content><MsgId>12</MsgId><AgentID>1</AgentID></xml>"
    )
    assert parse(body.encode()) == GuideMessaged(
        at=AT, userid="lisi", msgid="12", msgtype=kind, text=" 券 "
    )


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (contact("brand_new"), "event.change_external_contact.brand_new"),
        (push("taskcard_click", rest="<EventKey>k</EventKey>"), "event.taskcard_click"),
        (
            push("change_contact", "create_party", "<Id>2</Id>"),
            "event.change_contact.create_party",
        ),
        (
            push("change_external_contact", "add_external_contact"),
            "event.change_external_contact.add_external_contact",
        ),
        (
            b"<xml><SuiteId>ww1</SuiteId><InfoType>change_external_contact</InfoType></xml>",
            "change_external_contact",
        ),
        (b"<xml/>", "nameless"),
        (
            push("change_external_contact", "add_external_contact", "<UserID><a>x</a></UserID>"),
            None,
        ),
    ],
)
def test_the_unknown_and_the_incomplete_are_kept_as_unknown(body, name):
    event = parse(body)
    assert isinstance(event, Unknown)
    assert name in {event.name, None}
    assert load(dump(event)) == event


@pytest.mark.parametrize("stamp", ["", "x", "-5000000000000", "999999999999", "９", "1" * 30])
def test_a_senseless_moment_is_the_moment_of_hearing(stamp):
    heard = datetime(2026, 1, 1, tzinfo=UTC)
    body = contact("del_follow_user").replace(b"1403610513", stamp.encode())
    assert parse(body, heard).at == heard
