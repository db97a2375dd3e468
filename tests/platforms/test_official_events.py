import json
from datetime import UTC, datetime

import pytest

from bot.events import (
    AuthorizationRevoked,
    FanFollowed,
    FanLeft,
    FanLocated,
    FanMessaged,
    MassFinished,
    MenuClicked,
    MenuViewed,
    QrScanned,
    SubscriptionAnswered,
    TemplateFinished,
    Unknown,
    dump,
    load,
)
from bot.platforms.official.parse import parse

AT = datetime.fromtimestamp(1610969440, UTC)
FAN = {"at": AT, "openid": "oFan", "account": "gh_1"}
HEAD = {"ToUserName": "gh_1", "FromUserName": "oFan", "CreateTime": 1610969440}


def xml(value) -> str:
    if isinstance(value, dict):
        return "".join(
            "".join(
                f"<{name}>{xml(one)}</{name}>"
                for one in (inner if isinstance(inner, list) else [inner])
            )
            for name, inner in value.items()
        )
    return f"<![CDATA[{value}]]>" if isinstance(value, str) else str(value)


def event(name: str, **rest) -> dict:
    return {**HEAD, "MsgType": "event", "Event": name, **rest}


def message(kind: str, **rest) -> dict:
    return {**HEAD, "MsgType": kind, "MsgId": 1234567890123456, **rest}


def said(kind: str, **facts) -> FanMessaged:
    return FanMessaged(**FAN, msgid="1234567890123456", msgtype=kind, **facts)


BOTH_FORMS = [
    (message("text", Content=" hi "), said("text", text=" hi ")),
    (
        message("text", Content="满意", bizmsgmenuid="101"),
        said("text", text="满意", menu_id="101"),
    ),
    (
        message("image", PicUrl="u", MediaId="m"),
        said("image", media_id="m", detail={"PicUrl": "u"}),
    ),
    (
        message("voice", MediaId="m", Format="amr"),
        said("voice", media_id="m", detail={"Format": "amr"}),
    ),
    (
        message("shortvideo", MediaId="m", ThumbMediaId="t"),
        said("shortvideo", media_id="m", detail={"ThumbMediaId": "t"}),
    ),
    (message("location", Label="家"), said("location", detail={"Label": "家"})),
    (event("subscribe"), FanFollowed(**FAN)),
    (
        event("subscribe", EventKey="qrscene_s-7", Ticket="T"),
        FanFollowed(**FAN, scene="s-7", ticket="T"),
    ),
    (event("subscribe", EventKey="last_trade_no_1"), FanFollowed(**FAN, key="last_trade_no_1")),
    (event("unsubscribe", EventKey=""), FanLeft(**FAN)),
    (event("SCAN", EventKey="s-7", Ticket="T"), QrScanned(**FAN, scene="s-7", ticket="T")),
    (event("CLICK", EventKey="COUPONS"), MenuClicked(**FAN, key="COUPONS")),
    (
        event(
            "scancode_waitmsg",
            EventKey="6",
            ScanCodeInfo={"ScanType": "qrcode", "ScanResult": "1"},
        ),
        MenuClicked(**FAN, key="6", scanned={"ScanType": "qrcode", "ScanResult": "1"}),
    ),
    (
        event("VIEW", EventKey="https://a.cn/?x=1", MenuId="9"),
        MenuViewed(**FAN, url="https://a.cn/?x=1", menu_id="9"),
    ),
    (
        event("view_miniprogram", EventKey="pages/index", MenuId="9"),
        MenuViewed(**FAN, url="pages/index", menu_id="9"),
    ),
    (
        event("LOCATION", Latitude="23.137466", Longitude="113.352425", Precision="119"),
        FanLocated(**FAN, latitude=23.137466, longitude=113.352425, precision=119.0),
    ),
    (
        event("TEMPLATESENDJOBFINISH", MsgID=200163836, Status="failed:user block"),
        TemplateFinished(**FAN, msgid="200163836", status="failed:user block"),
    ),
    (
        event(
            "MASSSENDJOBFINISH",
            MsgID=1,
            Status="sendsuccess",
            TotalCount=10,
            FilterCount=9,
            SentCount=8,
            ErrorCount=1,
        ),
        MassFinished(
            **FAN, msgid="1", status="sendsuccess", total=10, sent=8, failed=1, filtered=9
        ),
    ),
    (
        event("user_authorization_revoke", OpenID="oOther", AppID="wx1", RevokeInfo="201"),
        AuthorizationRevoked(**FAN | {"openid": "oOther"}, app_id="wx1", revoked="201"),
    ),
]


@pytest.mark.parametrize(("body", "expected"), BOTH_FORMS)
def test_every_push_becomes_its_event_in_xml_and_in_json(body, expected):
    assert parse(f"<xml>{xml(body)}</xml>".encode()) == expected
    assert parse(json.dumps(body).encode()) == expected
    assert load(dump(expected)) == expected


ACCEPT = {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "2"}
REJECT = {"TemplateId": "T2", "SubscribeStatusString": "reject", "PopupScene": "2"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (ACCEPT, SubscriptionAnswered(**FAN, template_id="T1", accepted=True, scene=2)),
        ([REJECT], SubscriptionAnswered(**FAN, template_id="T2", accepted=False, scene=2)),
        (
            [ACCEPT, REJECT],
            SubscriptionAnswered(
                **FAN, template_id="T1", accepted=True, others={"T2": False}, scene=2
            ),
        ),
    ],
)
def test_a_popup_answers_one_or_several_templates(answers, expected):
    name = "subscribe_msg_popup_event"
    wrapped = event(name, SubscribeMsgPopupEvent={"List": answers})
    assert parse(f"<xml>{xml(wrapped)}</xml>".encode()) == expected
    assert parse(json.dumps(event(name, List=answers)).encode()) == expected


def test_a_consent_taken_back_in_the_settings_is_a_refusal():
    body = event("subscribe_msg_change_event", SubscribeMsgChangeEvent={"List": REJECT})
    assert parse(f"<xml>{xml(body)}</xml>".encode()) == SubscriptionAnswered(
        **FAN, template_id="T2", accepted=False, scene=None
    )


def test_the_delivery_of_a_subscribed_message_is_a_template_result():
    body = event(
        "subscribe_msg_sent_event",
        List=[{"TemplateId": "T", "MsgID": "17", "ErrorCode": "0", "ErrorStatus": "success"}],
    )
    assert parse(json.dumps(body).encode()) == TemplateFinished(
        **FAN, msgid="17", status="success", template_id="T", code="0"
    )


@pytest.mark.parametrize(
    "body",
    [
        event("PUBLISHJOBFINISH", PublishEventInfo={"article_id": 1}),
        event("card_pass_check", CardId="x"),
        event("kf_create_session"),
        event("subscribe_msg_popup_event"),
        event("LOCATION", Latitude="north"),
        event("SCAN"),
        {"MsgType": "text"},
        {},
        {"ToUserName": {"deep": 1}, "MsgType": ["text"], "CreateTime": True},
    ],
)
def test_the_unknown_and_the_incomplete_are_kept_as_unknown(body):
    found = parse(json.dumps(body).encode())
    assert isinstance(found, Unknown)
    assert found.source == "official"


def test_text_never_carries_what_databases_refuse():
    body = json.dumps(message("text", Content="a\x00b\ud800c")).encode()
    assert parse(body).text == "abc"
