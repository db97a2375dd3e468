import json
from datetime import UTC, datetime

import pytest

from bot.events import (
    KfMessageRecalled,
    KfMessageReceived,
    KfSendFailed,
    KfServicerReplied,
    KfServicerStatusChanged,
    KfSessionChanged,
    KfSessionEntered,
    Unknown,
)
from bot.platforms.wecom.kf_messages import parse_one

AT = datetime.fromtimestamp(1615478585, UTC)
WHO = {"open_kfid": "wk1", "external_userid": "wm1"}
IDS = {"at": AT, "msgid": "m1", **WHO}


def entry(**facts) -> dict:
    return {"msgid": "m1", "send_time": 1615478585, "origin": 3, **WHO, **facts}


def happened(kind: str, **facts) -> dict:
    """System entries name customer and account inside the event."""
    inside = {"event_type": kind, **WHO, **facts}
    return {
        "msgid": "m1",
        "send_time": 1615478585,
        "origin": 4,
        "msgtype": "event",
        "event": inside,
    }


SAMPLES = [
    (
        entry(msgtype="text", text={"content": "退货", "menu_id": "7"}),
        KfMessageReceived(**IDS, msgtype="text", text="退货", menu_id="7"),
    ),
    (
        entry(msgtype="image", image={"media_id": "M"}),
        KfMessageReceived(**IDS, msgtype="image", media_id="M", detail={"media_id": "M"}),
    ),
    (
        entry(msgtype="location", location={"latitude": 1.5, "name": "家"}),
        KfMessageReceived(**IDS, msgtype="location", detail={"latitude": 1.5, "name": "家"}),
    ),
    (entry(msgtype="brand_new"), KfMessageReceived(**IDS, msgtype="brand_new")),
    (
        entry(msgtype="text", origin=5, servicer_userid="lisi", text={"content": "您好"}),
        KfServicerReplied(**IDS, userid="lisi", msgtype="text", text="您好"),
    ),
    (
        happened("enter_session", scene="123", scene_param="abc", welcome_code="W"),
        KfSessionEntered(**IDS, scene="123", scene_param="abc", welcome_code="W"),
    ),
    (happened("enter_session", scene=""), KfSessionEntered(**IDS)),
    (
        happened("msg_send_fail", fail_msgid="f1", fail_type=4),
        KfSendFailed(**IDS, fail_msgid="f1", fail_type=4),
    ),
    (
        happened(
            "session_status_change",
            change_type=2,
            old_servicer_userid="a",
            new_servicer_userid="b",
            msg_code="C",
        ),
        KfSessionChanged(**IDS, change_type=2, new_userid="b", old_userid="a", msg_code="C"),
    ),
    (
        happened("user_recall_msg", recall_msgid="r1"),
        KfMessageRecalled(**IDS, recalled_msgid="r1"),
    ),
    (
        happened("servicer_recall_msg", recall_msgid="r1", servicer_userid="a"),
        KfMessageRecalled(**IDS, recalled_msgid="r1", by_servicer=True, userid="a"),
    ),
    (
        happened("servicer_status_change", servicer_userid="a", status=2),
        KfServicerStatusChanged(at=AT, open_kfid="wk1", msgid="m1", userid="a", status=2),
    ),
]


@pytest.mark.parametrize(("told", "event"), SAMPLES)
def test_every_entry_becomes_its_event(told, event):
    assert parse_one(json.dumps(told).encode()) == event


@pytest.mark.parametrize(
    "strange",
    [
        happened("reject_customer_msg_switch_change"),
        {"msgtype": "text"},
        {},
        entry(msgtype="text", origin=9),
    ],
)
def test_an_entry_nobody_knows_is_kept_as_unknown(strange):
    assert isinstance(parse_one(json.dumps(strange).encode(), AT), Unknown)
