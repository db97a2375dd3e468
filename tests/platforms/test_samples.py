"""Every documented event is understood, whole: whatever changes in it changes what we hear."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.events import (
    Event,
    KfMessageRecalled,
    KfMessageReceived,
    KfRejectionSwitched,
    KfSendFailed,
    KfServicerReplied,
    KfServicerStatusChanged,
    KfSessionChanged,
    KfSessionEntered,
    Unknown,
    dump,
    load,
)
from bot.platforms.official import parse as official
from bot.platforms.wecom import parse as wecom
from bot.platforms.wecom.kf_messages import parse_one
from tests.platforms import shapes
from tests.platforms.test_official_events import xml

HEARD = datetime(2026, 3, 12, tzinfo=UTC)
PARSERS = {"wecom": wecom.parse, "official": official.parse}
NOT_SAID = {("wecom", "ToUserName"), ("wecom", "AgentID")}
"""Who we are: one corp, one app. The seal says so already; an Official Account's name is kept for the reply."""
NOBODY = {"OpenID", "openid"}
"""Where one of these stands, FromUserName is not the person."""
SLEEP = {"close_inactive_agent", "reopen_inactive_agent"}
"""Of the app, whoever used it last."""
OF_OTHERS = (
    "ExternalContact__",  # as third-party apps are told
    "Contact__ChangeContactEvent.CreateParty",
    "Contact__ChangeContactEvent.UpdateParty",
    "Contact__ChangeContactEvent.DeleteParty",
    "Contact__ChangeContactEvent.UpdateTag",
    "Push__TaskCardClick",  # a card that can no longer be sent
)
"""Kept and counted as unknown."""
_UP = re.compile("[0-8]")
CUSTOMER, SERVICER = (
    {"origin": 3, "external_userid": "wm1"},
    {"origin": 5, "external_userid": "wm1"},
)
KF_BODIES = {
    "text": {"content": "在吗", "menu_id": "101"},
    "image": {"media_id": "M"},
    "voice": {"media_id": "M"},
    "video": {"media_id": "M"},
    "file": {"media_id": "M"},
    "location": {"latitude": 31.2, "longitude": 121.5, "name": "门店", "address": "路"},
    "link": {"title": "T", "desc": "D", "url": "u", "pic_url": "p"},
    "business_card": {"userid": "a"},
    "miniprogram": {"title": "T", "appid": "wx", "pagepath": "/p", "thumb_media_id": "M"},
    "msgmenu": {"head_content": "H", "list": [{"type": "click", "click": {"id": "1"}}]},
    "channels": {"sub_type": 1, "nickname": "N", "title": "T"},
    "channels_shop_product": {"product_id": "P", "sales_price": 100},
    "channels_shop_order": {"order_id": "O", "state": "S"},
    "merged_msg": {"title": "T", "item": [{"sender_name": "N", "send_time": 1}]},
    "note": {"whatever": "N"},
}
_SESSION = {"event_type": "session_status_change", "external_userid": "wm1"}
KF_EVENTS = [
    (
        {
            "event_type": "enter_session",
            "external_userid": "wm1",
            "scene": "s",
            "scene_param": "p",
            "welcome_code": "W",
            "wechat_channels": {"nickname": "N", "scene": 1},
        },
        KfSessionEntered,
    ),
    (
        {
            "event_type": "msg_send_fail",
            "external_userid": "wm1",
            "fail_msgid": "f",
            "fail_type": 4,
        },
        KfSendFailed,
    ),
    (
        {
            "event_type": "servicer_status_change",
            "servicer_userid": "a",
            "status": 2,
            "stop_type": 1,
        },
        KfServicerStatusChanged,
    ),
    (
        {
            **_SESSION,
            "change_type": 2,
            "old_servicer_userid": "a",
            "new_servicer_userid": "b",
            "msg_code": "C",
        },
        KfSessionChanged,
    ),
    (
        {"event_type": "user_recall_msg", "external_userid": "wm1", "recall_msgid": "r"},
        KfMessageRecalled,
    ),
    (
        {
            "event_type": "servicer_recall_msg",
            "external_userid": "wm1",
            "recall_msgid": "r",
            "servicer_userid": "a",
        },
        KfMessageRecalled,
    ),
    (
        {
            "event_type": "reject_customer_msg_switch_change",
            "external_userid": "wm1",
            "servicer_userid": "a",
            "reject_switch": 1,
        },
        KfRejectionSwitched,
    ),
]
KF_ENTRIES = [
    *(
        ({**CUSTOMER, "msgtype": kind, kind: said}, KfMessageReceived)
        for kind, said in KF_BODIES.items()
    ),
    *(
        (
            {**SERVICER, "servicer_userid": "a", "msgtype": kind, kind: KF_BODIES[kind]},
            KfServicerReplied,
        )
        for kind in ("text", "image", "link", "msgmenu")
    ),
    *(({"origin": 4, "msgtype": "event", "event": said}, event) for said, event in KF_EVENTS),
]
DESK_AND_MENU = [
    ("official", {"Event": "kf_create_session", "KfAccount": "d@gh"}),
    ("official", {"Event": "kf_close_session", "KfAccount": "d@gh", "CloseType": "KF"}),
    ("official", {"Event": "kf_switch_session", "FromKfAccount": "d@gh", "ToKfAccount": "e@gh"}),
    ("official", {"Event": "CLICK", "EventKey": "K", "MenuId": "M"}),
    ("official", {"Event": "subscribe", "EventKey": "qrscene_s", "Ticket": "T"}),
    (
        "official",
        {"Event": "pic_weixin", "EventKey": "K", "SendPicsInfo": {"Count": "1", "PicList": {}}},
    ),
    (
        "official",
        {"Event": "location_select", "EventKey": "K", "SendLocationInfo": {"Label": "L"}},
    ),
    ("wecom", {"Event": "pic_weixin", "EventKey": "K", "SendPicsInfo": {"Count": "1"}}),
    (
        "wecom",
        {
            "Event": "customer_acquisition",
            "ChangeType": "quota_expire_soon",
            "ExpireTime": "1700000000",
            "ExpireQuotaNum": "5",
        },
    ),
    (
        "wecom",
        {"Event": "customer_acquisition", "ChangeType": "delete_link", "LinkId": "l"},
    ),
    (
        "wecom",
        {
            "Event": "change_external_contact",
            "ChangeType": "add_external_contact",
            "UserID": "a",
            "ExternalUserID": "w",
            "State": "s",
            "WelcomeCode": "W",
            "LinkId": "l",
        },
    ),
    (
        "wecom",
        {"Event": "template_card_menu_event", "EventKey": "k", "TaskId": "t", "CardType": "C"},
    ),
    (
        "wecom",
        {"Event": "change_external_tag", "ChangeType": "shuffle", "Id": "g", "StrategyId": "s"},
    ),
]
"""As the tables of the documents have them, where they give no example."""
SAMPLES = [
    (platform, name, sample)
    for platform in PARSERS
    for name, sample in shapes.facts("events")[platform].items()
]


def heard(platform: str, sample: dict[str, Any], form: str = "json") -> Event:
    text = json.dumps(sample) if form == "json" else f"<xml>{xml(sample)}</xml>"
    return PARSERS[platform](text.encode(), HEARD)


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*way, key))
    elif value != "":
        yield way


def changed(sample: dict[str, Any], way: tuple[Any, ...]) -> dict[str, Any]:
    other = copy.deepcopy(sample)
    inner: Any = other
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = _another(str(inner[way[-1]]))
    return other


def _another(value: str) -> str:
    if value in {"accept", "reject"}:
        return "reject" if value == "accept" else "accept"
    return (
        str(int(value) - 1)
        if value.isdigit()
        else _UP.sub("9", value, count=1) + "x" * (not _UP.search(value))
    )


@pytest.mark.parametrize("platform", PARSERS)
def test_no_field_of_a_documented_event_is_lost(platform):
    lost = []
    for where, name, sample in SAMPLES:
        whole = heard(platform, sample)
        for way in leaves(sample) if where == platform else ():
            if (platform, way[0]) in NOT_SAID or sample[way[0]] == "sys":
                continue
            if way[-2:] == (1, "PopupScene"):
                continue  # one popup has one scene
            if way[0] == "FromUserName" and (
                NOBODY & sample.keys() or sample.get("Event") in SLEEP
            ):
                continue
            if heard(platform, changed(sample, way)) == whole:
                lost.append((name, way))
    assert lost == []


def test_every_documented_event_has_a_word_of_ours():
    unknown = {
        name for platform, name, sample in SAMPLES if isinstance(heard(platform, sample), Unknown)
    }
    assert {name for name in unknown if not name.startswith(OF_OTHERS)} == set()


@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_event_is_the_same_in_both_forms_and_after_a_rest(form):
    for platform, _, sample in SAMPLES:
        event = heard(platform, sample, form)
        assert load(json.loads(json.dumps(dump(event)))) == event
        assert type(event) is type(heard(platform, sample))


@pytest.mark.parametrize(("entry", "event"), KF_ENTRIES)
def test_every_kind_of_kf_entry_is_heard_whole(entry, event):
    said = {"msgid": "m1", "open_kfid": "wk1", "send_time": 1610969440, **entry}
    whole = parse_one(json.dumps(said).encode(), HEARD)
    assert type(whole) is event
    for way in leaves(said):
        if way in {("origin",), (entry["msgtype"], "menu_id")} and entry["origin"] != 3:
            continue  # events say themselves what they are; people do not tap menus of ours
        assert parse_one(json.dumps(changed(said, way)).encode(), HEARD) != whole, way


@pytest.mark.parametrize("name", DESK_AND_MENU)
def test_events_without_an_example_are_heard_whole_too(name):
    platform, said = name
    head = {"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 1, "MsgType": "event"}
    whole = heard(platform, {**head, **said})
    assert not isinstance(whole, Unknown)
    for way in leaves(said):
        assert heard(platform, changed({**head, **said}, way)) != whole, way
