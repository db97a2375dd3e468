"""微信客服: what the app may do with accounts, sessions and messages; the rules live in `kf_desk`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from bot.sandbox.api import Body, Call, Routes, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.kf_content import read_kf_content
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
MOVES = {NEW: (BOT, POOL, SERVICED, ENDED), BOT: (POOL, SERVICED, ENDED), POOL: (SERVICED, ENDED)}
MOVES |= {SERVICED: (SERVICED, ENDED), ENDED: ()}
routes = Routes()


@routes.post(BASE + "/send_msg", empty={"msgid": ""})
def send(stage: Stage, call: Call) -> Body:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    customer = stage.external(call.text("touser", missing=41035))
    content = read_kf_content(stage, call)
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


@routes.post(BASE + "/send_msg_on_event", empty={"msgid": ""})
def send_on_event(stage: Stage, call: Call) -> Body:
    code = redeem_event_code(stage, call.text("code"), call.now, peek=True)
    content = read_kf_content(stage, call, code.kinds)
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
        "manage_privilege": account.managed,
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
    name = call.maybe("name", account.name)
    if not name or too_long(name, size=16, chars=True):
        raise Refuse(95006)
    if call.maybe("media_id"):
        usable(stage, call.text("media_id"), call.now)
    account.name = name


@routes.post(BASE + "/account/del")
def delete_account(stage: Stage, call: Call) -> None:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    del stage.world.kf[account.open_kfid]


@routes.post(BASE + "/add_contact_way", empty={"url": ""})
def kf_link(stage: Stage, call: Call) -> Body:
    account = account_of(stage, call.text("open_kfid", missing=60251))
    scene = call.maybe("scene")
    if not re.fullmatch(r"[0-9A-Za-z_-]{0,32}", scene):
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
    for department in call.items("department_id_list", cap=20):
        if add:
            account.departments[int(department)] = None
        else:
            account.departments.pop(int(department), None)
        results.append({"department_id": department, "errcode": 0, "errmsg": "ok"})
    if not results:
        raise Refuse(40063, "userid_list or department_id_list")
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
    people: list[Body] = [
        {"userid": userid, "status": status} for userid, status in account.servicers.items()
    ]
    parties = [{"department_id": department} for department in account.departments]
    return {"servicer_list": [*people, *parties]}
