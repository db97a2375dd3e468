"""微信客服: what the app may do with accounts, sessions and messages; the rules live in `kf_desk`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.kf_desk import (
    BOT,
    ENDED,
    NEW,
    POOL,
    SERVICED,
    account_of,
    change_state,
    deliver,
    event_code,
    redeem_event_code,
    session_of,
)
from bot.sandbox.wecom.media import usable
from bot.sandbox.world.entities import KfAccount, KfSession

BASE = "/cgi-bin/kf"
WINDOW = timedelta(hours=48)
MOST_MESSAGES = 5
SENDABLE = {
    "text": "content",
    "image": "media_id",
    "voice": "media_id",
    "video": "media_id",
    "file": "media_id",
    "link": "url",
    "miniprogram": "appid",
    "msgmenu": "",
    "location": "latitude",
    "business_card": "userid",
    "ca_link": "link_url",
}
MOVES = {NEW: (BOT, POOL, SERVICED, ENDED), BOT: (POOL, SERVICED, ENDED), POOL: (SERVICED, ENDED)}
MOVES |= {SERVICED: (SERVICED, ENDED), ENDED: ()}
routes = Routes()


@routes.post(BASE + "/send_msg", empty={"msgid": ""})
def send(stage: Stage, call: Call) -> Body:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    customer = stage.external(call.text("touser", missing=41035))
    content = _content(stage, call)
    session = session_of(stage, account, customer)
    _may_send(session, call)
    msgid = _msgid(stage, account, call)
    session.sent += 1
    if session.state == NEW:
        session.state = BOT  # the platform counts an answer by API as the bot's reception
    deliver(stage, account, customer, content, msgid=msgid)
    return {"msgid": msgid}


def _may_send(session: KfSession, call: Call) -> None:
    if session.last_customer is None:
        raise Refuse(95031)
    if call.now - session.last_customer >= WINDOW:
        raise Refuse(95002)
    if session.state == ENDED:
        raise Refuse(95013)
    if session.state not in (NEW, BOT):
        raise Refuse(95018)
    if session.sent >= MOST_MESSAGES:
        raise Refuse(95001)


def _msgid(stage: Stage, account: KfAccount, call: Call) -> str:
    given = call.maybe("msgid")
    if given and (
        too_long(given, size=32) or not given.replace("_", "a").replace("-", "a").isalnum()
    ):
        raise Refuse(40058, "msgid")
    if given in account.msgids:
        raise Refuse(40058, "msgid repeated")
    key = call.maybe("touser") or call.maybe("code")
    msgid = given or stage.world.names.make("", 32, "kf-message", account.open_kfid, key)
    account.msgids.add(msgid)
    return msgid


def _content(stage: Stage, call: Call, kinds: tuple[str, ...] = tuple(SENDABLE)) -> Body:
    kind = call.text("msgtype", missing=40008)
    body = call.body.get(kind)
    if kind not in kinds or not isinstance(body, dict):
        raise Refuse(40008, kind)
    if SENDABLE[kind] and body.get(SENDABLE[kind]) in (None, ""):
        raise Refuse(44004 if kind == "text" else 40058, kind)
    if kind == "text" and too_long(str(body["content"]), size=2048):
        raise Refuse(45002)
    media = body.get("media_id") or body.get("thumb_media_id")
    if media:
        usable(stage, media, call.now)
    if kind == "msgmenu":
        _check_menu(body)
    return {"msgtype": kind, kind: body}


def _check_menu(menu: Body) -> None:
    items = menu.get("list") or []
    if len(items) > 10:
        raise Refuse(95008)
    for item in items:
        if item.get("type") not in ("click", "view", "miniprogram", "text"):
            raise Refuse(95009)
    if too_long(menu.get("head_content") or "", size=1024):
        raise Refuse(45002, "head_content")


@routes.post(BASE + "/send_msg_on_event", empty={"msgid": ""})
def send_on_event(stage: Stage, call: Call) -> Body:
    code = redeem_event_code(stage, call.text("code"), call.now, peek=True)
    content = _content(stage, call, code.kinds)
    account = account_of(stage, code.open_kfid)
    customer = stage.external(code.external_userid)
    if code.state is not None and session_of(stage, account, customer).state != code.state:
        raise Refuse(95018)
    msgid = _msgid(stage, account, call)
    redeem_event_code(stage, call.text("code"), call.now)
    if code.state is None:
        session_of(stage, account, customer).greeted = call.now
    deliver(stage, account, customer, content, msgid=msgid)
    return {"msgid": msgid}


@routes.post(BASE + "/service_state/get", empty={"service_state": 0, "servicer_userid": ""})
def get_state(stage: Stage, call: Call) -> Body:
    session = _session(stage, call)
    body: Body = {"service_state": session.state}
    return body | ({"servicer_userid": session.servicer} if session.state == SERVICED else {})


def _session(stage: Stage, call: Call) -> KfSession:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    customer = stage.external(call.text("external_userid", missing=41035))
    return session_of(stage, account, customer)


@routes.post(BASE + "/service_state/trans", empty={"msg_code": ""})
def trans(stage: Stage, call: Call) -> Body:
    session, wanted = _session(stage, call), call.number("service_state")
    account = stage.world.kf[call.text("open_kfid")]
    if wanted not in MOVES[session.state]:
        raise Refuse(95013 if session.state == ENDED else 95016)
    servicer = ""
    if wanted == SERVICED:
        servicer = call.text("servicer_userid")
        if servicer not in account.servicers:
            raise Refuse(95014)
        if account.servicers[servicer]:
            raise Refuse(95019)
    change_state(stage, session, wanted, servicer)
    return {"msg_code": event_code(stage, account, session)}


def _account_view(account: KfAccount) -> dict[str, Any]:
    return {
        "open_kfid": account.open_kfid,
        "name": account.name,
        "avatar": "",
        "manage_privilege": True,
    }


@routes.post(BASE + "/account/list", empty={"account_list": []})
def list_accounts(stage: Stage, call: Call) -> Body:
    begin, size = call.number("offset", 0), call.limit(default=100, cap=100)
    accounts = list(stage.world.kf.values())[begin : begin + size]
    return {"account_list": [_account_view(account) for account in accounts]}


@routes.post(BASE + "/account/add", empty={"open_kfid": ""})
def add_account(stage: Stage, call: Call) -> Body:
    name = call.text("name", missing=95006)
    if too_long(name, size=16, chars=True):
        raise Refuse(95006)
    if len(stage.world.kf) >= 5000:
        raise Refuse(95005)
    usable(stage, call.text("media_id", missing=40007), call.now)
    open_kfid = stage.world.names.make("wk", 32, "kf", name)
    stage.world.kf[open_kfid] = KfAccount(open_kfid, name)
    return {"open_kfid": open_kfid}


@routes.post(BASE + "/account/update")
def update_account(stage: Stage, call: Call) -> None:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    account.name = call.maybe("name", account.name)


@routes.post(BASE + "/account/del")
def delete_account(stage: Stage, call: Call) -> None:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    del stage.world.kf[account.open_kfid]


@routes.post(BASE + "/add_contact_way", empty={"url": ""})
def kf_link(stage: Stage, call: Call) -> Body:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    scene = call.maybe("scene")
    if too_long(scene, size=32):
        raise Refuse(40058, "scene")
    return {"url": f"{stage.base_url}/kf/{account.open_kfid}?enc_scene={quote(scene)}"}


def _servicers(stage: Stage, call: Call, *, add: bool) -> Body:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    results = []
    for userid in call.items("userid_list", cap=100):
        code = 0
        if userid not in stage.world.guides:
            code = 40003
        elif add:
            account.servicers.setdefault(userid, 0)
        elif account.servicers.pop(userid, None) is None:
            code = 60253
        results.append({"userid": userid, "errcode": code, "errmsg": "ok" if not code else "fail"})
    return {"result_list": results}


@routes.post(BASE + "/servicer/add", empty={"result_list": []})
def add_servicers(stage: Stage, call: Call) -> Body:
    return _servicers(stage, call, add=True)


@routes.post(BASE + "/servicer/del", empty={"result_list": []})
def remove_servicers(stage: Stage, call: Call) -> Body:
    return _servicers(stage, call, add=False)


@routes.get(BASE + "/servicer/list", empty={"servicer_list": []})
def list_servicers(stage: Stage, call: Call) -> Body:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    people = [{"userid": userid, "status": status} for userid, status in account.servicers.items()]
    return {"servicer_list": people}


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
    content = {
        "msgtype": "upgrade",
        "upgrade": {"target": name, "wording": target.get("wording", "")},
    }
    deliver(stage, account, customer, content, msgid="")


@routes.post(BASE + "/customer/cancel_upgrade_service")
def cancel_upgrade(stage: Stage, call: Call) -> None:
    _session(stage, call)
