"""The customers of 微信客服, and the way from there to a guide or a group."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.kf_desk import account_of, deliver

BASE = "/cgi-bin/kf"
WINDOW = timedelta(hours=48)
routes = Routes()


@routes.post(BASE + "/customer/batchget", empty={"customer_list": []})
def customers(stage: Stage, call: Call) -> Body:
    ids = call.items("external_userid_list", cap=100, missing=41035)
    with_context = call.number("need_enter_session_context", 0) == 1
    known = [stage.world.by_external[key] for key in ids if key in stage.world.by_external]
    entries = []
    for customer in known:
        entry: dict[str, Any] = {
            "external_userid": customer.external_userid,
            "nickname": customer.name,
            "avatar": "",
            "gender": customer.gender,
        }
        if stage.world.corp.binds_unionid:
            entry["unionid"] = customer.unionid
        entered = [s for s in customer.kf_sessions.values() if s.entered]
        recent = [s for s in entered if s.entered and call.now - s.entered < WINDOW]
        if with_context and recent:
            last = max(recent, key=lambda s: s.entered or call.now)
            entry["enter_session_context"] = {"scene": last.scene, "scene_param": last.scene_param}
        entries.append(entry)
    invalid = [key for key in ids if key not in stage.world.by_external]
    return {"customer_list": entries, "invalid_external_userid": invalid}


@routes.get(BASE + "/customer/get_upgrade_service_config")
def upgrade_config(stage: Stage, _call: Call) -> Body:
    return {
        "member_range": {"userid_list": list(stage.world.guides), "department_id_list": []},
        "groupchat_range": {"chat_id_list": list(stage.world.groups)},
    }


@routes.post(BASE + "/customer/upgrade_service")
def upgrade(stage: Stage, call: Call) -> None:
    """Recommends a guide or a group in the conversation; she must tap it herself."""
    account = account_of(stage, call.text("open_kfid", missing=60251))
    customer = stage.external(call.text("external_userid", missing=41035))
    kind = {1: "member", 2: "groupchat"}.get(call.number("type"))
    target = call.body.get(kind or "") or {}
    name = target.get("userid") or target.get("chat_id") or ""
    if name not in stage.world.guides and name not in stage.world.groups:
        raise Refuse(95021)
    if too_long(str(target.get("wording") or ""), size=500):
        raise Refuse(45002, "wording")
    content = {
        "msgtype": "upgrade",
        "upgrade": {"target": name, "wording": target.get("wording", "")},
    }
    deliver(stage, account, customer, content, msgid="")


@routes.post(BASE + "/customer/cancel_upgrade_service")
def cancel_upgrade(stage: Stage, call: Call) -> None:
    account_of(stage, call.text("open_kfid", missing=60251))
    stage.external(call.text("external_userid", missing=41035))
