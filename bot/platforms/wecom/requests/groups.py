"""Customer group chats and the codes that lead into them."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    AddGroupWelcome,
    AddJoinWay,
    Call,
    DeleteGroupWelcome,
    DeleteJoinWay,
    EditGroupWelcome,
    GetChatId,
    GetGroupChat,
    GetGroupWelcome,
    GetJoinWay,
    ListGroupChats,
    UpdateJoinWay,
)
from bot.platforms.form import must, order
from bot.platforms.limits import Unsendable, bounded, few, short
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.context import Build, Context
from bot.platforms.wecom.requests.media import attachments

_CHAT = "/cgi-bin/externalcontact/groupchat"
_WELCOME = "/cgi-bin/externalcontact/group_welcome_template"
_QR_CODE = 2
_MOST_CHATS = 5


def _list(call: ListGroupChats, _: Context) -> Request:
    owners = few("owners", call.owners, 100)
    return post(
        f"{_CHAT}/list",
        status_filter=0,
        owner_filter={"userid_list": owners} if owners else None,
        cursor=call.cursor,
        limit=min(call.limit, 1000),
    )


def _get(call: GetGroupChat, _: Context) -> Request:
    return post(f"{_CHAT}/get", chat_id=call.chat_id, need_name=int(call.need_name))


def _add_way(call: AddJoinWay, _: Context) -> Request:
    return post(
        f"{_CHAT}/add_join_way",
        scene=_QR_CODE,
        remark=short("remark", call.remark, 30) or None,
        auto_create_room=int(call.auto_create_room),
        room_base_name=short("room_base_name", call.room_base_name, 40) or None,
        room_base_id=call.room_base_id,
        chat_id_list=few("chat_ids", call.chat_ids, _MOST_CHATS, least=1),
        state=short("state", call.state, 30),
    )


def _greeting(
    call: AddGroupWelcome | EditGroupWelcome, context: Context, *, most: int
) -> dict[str, Any]:
    """Unlike elsewhere the one card lies beside the words, under the name of its kind."""
    cards = attachments([call.attachment] if call.attachment else [], context.media) or []
    said = {card["msgtype"]: card[card["msgtype"]] for card in cards}
    if call.text:
        said["text"] = {"content": bounded("text", call.text, most)}
    if not said:
        raise Unsendable("text")
    return said


def _add_welcome(call: AddGroupWelcome, context: Context) -> Request:
    greeting = _greeting(call, context, most=3000)
    return post(f"{_WELCOME}/add", **greeting, agentid=context.agent_id, notify=int(call.notify))


def _edit_welcome(call: EditGroupWelcome, context: Context) -> Request:
    greeting = _greeting(call, context, most=4000)
    template_id = must("template_id", call.template_id)
    return post(f"{_WELCOME}/edit", template_id=template_id, **greeting, agentid=context.agent_id)


def _delete_welcome(call: DeleteGroupWelcome, context: Context) -> Request:
    template_id = must("template_id", call.template_id)
    return post(f"{_WELCOME}/del", template_id=template_id, agentid=context.agent_id)


def _get_way(call: GetJoinWay, _: Context) -> Request:
    return post(f"{_CHAT}/get_join_way", config_id=call.config_id)


def _update_way(call: UpdateJoinWay, _: Context) -> Request:
    return post(
        f"{_CHAT}/update_join_way",
        config_id=call.config_id,
        scene=_QR_CODE,
        auto_create_room=int(call.auto_create_room),
        room_base_name=short("room_base_name", call.room_base_name, 40) or None,
        room_base_id=call.room_base_id,
        chat_id_list=few("chat_ids", call.chat_ids, _MOST_CHATS, least=1),
        state=short("state", call.state, 30),
    )


def _delete_way(call: DeleteJoinWay, _: Context) -> Request:
    return post(f"{_CHAT}/del_join_way", config_id=call.config_id)


GROUPS: dict[type[Call], Build] = {
    ListGroupChats: _list,
    GetGroupChat: _get,
    AddJoinWay: _add_way,
    GetJoinWay: _get_way,
    UpdateJoinWay: _update_way,
    DeleteJoinWay: _delete_way,
    AddGroupWelcome: _add_welcome,
    EditGroupWelcome: _edit_welcome,
    GetGroupWelcome: order(f"{_WELCOME}/get", template_id=must),
    DeleteGroupWelcome: _delete_welcome,
    GetChatId: order("/cgi-bin/externalcontact/opengid_to_chatid", opengid=must),
}
