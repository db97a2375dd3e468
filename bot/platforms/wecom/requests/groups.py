"""Customer group chats and the codes that lead into them."""

from __future__ import annotations

from bot.calls import (
    AddJoinWay,
    Call,
    DeleteJoinWay,
    GetGroupChat,
    GetJoinWay,
    ListGroupChats,
    UpdateJoinWay,
)
from bot.platforms.limits import few, short
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.context import Build, Context

_CHAT = "/cgi-bin/externalcontact/groupchat"
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
}
