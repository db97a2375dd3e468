"""微信客服: pulling, answering, handing over to people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.calls import (
    AddKfContactWay,
    Call,
    ChangeKfState,
    GetKfCustomers,
    GetKfState,
    ListKfAccounts,
    ListKfServicers,
    MenuItem,
    RecommendGuide,
    SendKf,
    SendKfOnEvent,
    SyncKf,
)
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.request import Request, get, post
from bot.platforms.wecom.requests.context import Build, Context

_KF = "/cgi-bin/kf"
_WORD = re.compile(r"[0-9A-Za-z_-]{0,32}", re.ASCII)
_WITH_A_PERSON = 3


def _word(field: str, text: str) -> str:
    if not _WORD.fullmatch(text):
        raise Unsendable(field)
    return text


def _accounts(call: ListKfAccounts, _: Context) -> Request:
    return post(f"{_KF}/account/list", offset=call.offset, limit=100)


def _sync(call: SyncKf, _: Context) -> Request:
    return post(
        f"{_KF}/sync_msg",
        cursor=call.cursor,
        token=call.token,
        limit=min(call.limit, 1000),
        open_kfid=call.open_kfid,
    )


def _send(call: SendKf, _: Context) -> Request:
    return post(
        f"{_KF}/send_msg",
        touser=call.external_userid,
        open_kfid=call.open_kfid,
        msgid=_word("msgid", call.msgid) or None,
        **_message(call.text, call.menu, call.tail),
    )


def _send_on_event(call: SendKfOnEvent, _: Context) -> Request:
    return post(
        f"{_KF}/send_msg_on_event",
        code=call.code,
        msgid=_word("msgid", call.msgid) or None,
        **_message(call.text, call.menu),
    )


def _message(text: str, menu: Sequence[MenuItem], tail: str = "") -> dict[str, Any]:
    if not menu:
        content = bounded("text", f"{text}\n{tail}" if tail else text, 2048)
        if not content:
            raise Unsendable("text")
        return {"msgtype": "text", "text": {"content": content}}
    said = {
        "head_content": bounded("text", text, 1024) or None,
        "list": [_item(item) for item in few("menu", menu, 10)],
        "tail_content": bounded("tail", tail, 1024) or None,
    }
    return {
        "msgtype": "msgmenu",
        "msgmenu": {name: value for name, value in said.items() if value is not None},
    }


def _item(item: MenuItem) -> dict[str, Any]:
    if item.url:
        url, content = bounded("url", item.url, 2048), bounded("item", item.text, 1024)
        return {"type": "view", "view": {"url": url, "content": content}}
    identifier, content = bounded("id", item.id, 64), bounded("item", item.text, 128)
    return {"type": "click", "click": {"id": identifier, "content": content}}


def _state(call: GetKfState, _: Context) -> Request:
    return post(
        f"{_KF}/service_state/get", open_kfid=call.open_kfid, external_userid=call.external_userid
    )


def _change_state(call: ChangeKfState, _: Context) -> Request:
    if call.state == _WITH_A_PERSON and not call.userid:
        raise Unsendable("userid")
    return post(
        f"{_KF}/service_state/trans",
        open_kfid=call.open_kfid,
        external_userid=call.external_userid,
        service_state=call.state,
        servicer_userid=call.userid,
    )


def _servicers(call: ListKfServicers, _: Context) -> Request:
    return get(f"{_KF}/servicer/list", open_kfid=call.open_kfid)


def _customers(call: GetKfCustomers, _: Context) -> Request:
    return post(
        f"{_KF}/customer/batchget",
        external_userid_list=few("external_userids", call.external_userids, 100, least=1),
        need_enter_session_context=int(call.with_context),
    )


def _contact_way(call: AddKfContactWay, _: Context) -> Request:
    scene = _word("scene", call.scene)
    return post(f"{_KF}/add_contact_way", open_kfid=call.open_kfid, scene=scene or None)


def _recommend(call: RecommendGuide, _: Context) -> Request:
    member = {"userid": call.userid, "wording": bounded("wording", call.wording, 500)}
    return post(
        f"{_KF}/customer/upgrade_service",
        open_kfid=call.open_kfid,
        external_userid=call.external_userid,
        type=1,
        member={name: value for name, value in member.items() if value},
    )


KF: dict[type[Call], Build] = {
    ListKfAccounts: _accounts,
    SyncKf: _sync,
    SendKf: _send,
    SendKfOnEvent: _send_on_event,
    GetKfState: _state,
    ChangeKfState: _change_state,
    ListKfServicers: _servicers,
    GetKfCustomers: _customers,
    AddKfContactWay: _contact_way,
    RecommendGuide: _recommend,
}
