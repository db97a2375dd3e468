"""微信客服: pulling, answering, handing over to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bot.calls import (
    AcquisitionCard,
    AddKfAccount,
    AddKfContactWay,
    AddKfServicers,
    Call,
    CancelRecommendation,
    ChangeKfState,
    DeleteKfAccount,
    GetKfCustomers,
    GetKfState,
    GetRecommendable,
    GuideCard,
    KfCard,
    LinkCard,
    ListKfAccounts,
    ListKfServicers,
    MenuItem,
    MiniProgramCard,
    PlaceCard,
    RecommendGroupChat,
    RecommendGuide,
    RemoveKfServicers,
    SendKf,
    SendKfOnEvent,
    SyncKf,
    UpdateKfAccount,
)
from bot.platforms.form import (
    Said,
    always,
    ask,
    chars,
    flag,
    many,
    maybe,
    must,
    octets,
    order,
    some,
    word,
)
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.context import Build, Context

_KF = "/cgi-bin/kf"
_MSGID = word(32)
_STATES = (1, 2, 3, 4)
_WITH_A_PERSON = 3


def _sync(call: SyncKf, _: Context) -> Request:
    return post(
        f"{_KF}/sync_msg",
        cursor=call.cursor,
        token=call.token,
        limit=min(call.limit, 1000),
        open_kfid=call.open_kfid,
    )


def _send(call: SendKf, context: Context) -> Request:
    if call.card and (call.text or call.menu or call.tail):
        raise Unsendable("card")
    return post(
        f"{_KF}/send_msg",
        touser=call.external_userid,
        open_kfid=call.open_kfid,
        msgid=_MSGID("msgid", call.msgid),
        **(_card(call.card, context) if call.card else _message(call.text, call.menu, call.tail)),
    )


def _send_on_event(call: SendKfOnEvent, _: Context) -> Request:
    return post(
        f"{_KF}/send_msg_on_event",
        code=call.code,
        msgid=_MSGID("msgid", call.msgid),
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


def _card(card: KfCard, context: Context) -> dict[str, Any]:
    match card:
        case LinkCard() | MiniProgramCard():
            said = _covered(card, context)
        case PlaceCard():
            said = asdict(card)
        case GuideCard():
            said = {"userid": must("userid", card.userid)}
        case AcquisitionCard():
            said = {"link_url": must("link_url", card.link_url)}
        case _:
            said = {"media_id": context.media[must("media", card.media)]}
    said = {name: value for name, value in said.items() if name != "kind" and value != ""}
    return {"msgtype": card.kind, card.kind: said}


def _covered(card: LinkCard | MiniProgramCard, context: Context) -> dict[str, Any]:
    cover = context.media[must("media", card.media)]
    if isinstance(card, MiniProgramCard):
        title = bounded("title", card.title, 64)
        return {
            "appid": must("appid", card.appid),
            "title": title,
            "pagepath": must("page", card.page),
            "thumb_media_id": cover,
        }
    return {
        "title": octets(128, least=1)("title", card.title),
        "desc": bounded("description", card.description, 512),
        "url": octets(2048, least=1)("url", card.url),
        "thumb_media_id": cover,
    }


def _change_state(call: ChangeKfState, _: Context) -> Request:
    if call.state not in _STATES:
        raise Unsendable("state")
    if call.state == _WITH_A_PERSON and not call.userid:
        raise Unsendable("userid")
    return post(
        f"{_KF}/service_state/trans",
        open_kfid=call.open_kfid,
        external_userid=call.external_userid,
        service_state=call.state,
        servicer_userid=call.userid,
    )


def _recommend(call: RecommendGuide, _: Context) -> Request:
    return _recommended(call, 1, member={"userid": must("userid", call.userid)})


def _recommend_chat(call: RecommendGroupChat, _: Context) -> Request:
    return _recommended(call, 2, groupchat={"chat_id": must("chat_id", call.chat_id)})


def _recommended(
    call: RecommendGuide | RecommendGroupChat, kind: int, **target: dict[str, Any]
) -> Request:
    wording = bounded("wording", call.wording, 500)
    said = {
        name: facts | ({"wording": wording} if wording else {}) for name, facts in target.items()
    }
    return post(
        f"{_KF}/customer/upgrade_service",
        open_kfid=call.open_kfid,
        external_userid=call.external_userid,
        type=kind,
        **said,
    )


def _add_account(call: AddKfAccount, context: Context) -> Request:
    name = chars(16, least=1)("name", call.name)
    media_id = context.media[must("media", call.media)]
    return post(f"{_KF}/account/add", name=name, media_id=media_id)


def _update_account(call: UpdateKfAccount, context: Context) -> Request:
    if not call.name and not call.media:
        raise Unsendable("name")
    return post(
        f"{_KF}/account/update",
        open_kfid=must("open_kfid", call.open_kfid),
        name=chars(16)("name", call.name),
        media_id=context.media[call.media] if call.media else None,
    )


_SERVICERS: dict[str, Said] = {
    "open_kfid": must,
    "userid_list": ("userids", many(100)),
    "department_id_list": ("departments", many(20)),
}
_PAIR: dict[str, Said] = {"open_kfid": must, "external_userid": must}
_SOMEBODY = some("userids", "departments")

KF: dict[type[Call], Build] = {
    ListKfAccounts: order(f"{_KF}/account/list", offset=maybe, limit=always(100)),
    AddKfAccount: _add_account,
    UpdateKfAccount: _update_account,
    DeleteKfAccount: order(f"{_KF}/account/del", open_kfid=must),
    SyncKf: _sync,
    SendKf: _send,
    SendKfOnEvent: _send_on_event,
    GetKfState: order(f"{_KF}/service_state/get", **_PAIR),
    ChangeKfState: _change_state,
    ListKfServicers: ask(f"{_KF}/servicer/list", open_kfid=must),
    AddKfServicers: order(f"{_KF}/servicer/add", _SOMEBODY, **_SERVICERS),
    RemoveKfServicers: order(f"{_KF}/servicer/del", _SOMEBODY, **_SERVICERS),
    GetKfCustomers: order(
        f"{_KF}/customer/batchget",
        external_userid_list=("external_userids", many(100, least=1)),
        need_enter_session_context=("with_context", flag),
    ),
    AddKfContactWay: order(f"{_KF}/add_contact_way", open_kfid=must, scene=word(32)),
    GetRecommendable: ask(f"{_KF}/customer/get_upgrade_service_config"),
    RecommendGuide: _recommend,
    RecommendGroupChat: _recommend_chat,
    CancelRecommendation: order(f"{_KF}/customer/cancel_upgrade_service", **_PAIR),
}
