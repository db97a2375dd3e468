"""Welcome messages, and mass tasks that a guide must confirm."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    Call,
    CancelMassTask,
    CreateMassTask,
    GetMassTaskMembers,
    GetMassTaskResult,
    ListMassTasks,
    RemindMassTask,
    SendWelcome,
)
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.context import Build, Context
from bot.platforms.wecom.requests.media import attachments

_CONTACT = "/cgi-bin/externalcontact"
_TEXT_BYTES = 4000
_MOST_CUSTOMERS, _MOST_CHATS = 10_000, 2000


def _words(call: SendWelcome | CreateMassTask) -> dict[str, Any] | None:
    if not call.text and not call.attachments:
        raise Unsendable("text")
    return {"content": bounded("text", call.text, _TEXT_BYTES)} if call.text else None


def _welcome(call: SendWelcome, context: Context) -> Request:
    return post(
        f"{_CONTACT}/send_welcome_msg",
        welcome_code=call.welcome_code,
        text=_words(call),
        attachments=attachments(call.attachments, context.media),
    )


def _create(call: CreateMassTask, context: Context) -> Request:
    # A sender without any receiver means *all* customers of that guide: never by accident.
    if bool(call.external_userids) == bool(call.chat_ids):
        raise Unsendable(
            "external_userids", "empty_audience" if not call.chat_ids else "incomplete"
        )
    if not call.sender:
        raise Unsendable("sender")
    return post(
        f"{_CONTACT}/add_msg_template",
        chat_type=call.chat_type,
        external_userid=few("external_userids", call.external_userids, _MOST_CUSTOMERS) or None,
        chat_id_list=few("chat_ids", call.chat_ids, _MOST_CHATS) or None,
        sender=call.sender,
        text=_words(call),
        attachments=attachments(call.attachments, context.media),
    )


def _list(call: ListMassTasks, _: Context) -> Request:
    return post(
        f"{_CONTACT}/get_groupmsg_list_v2",
        chat_type=call.chat_type,
        start_time=call.start_time,
        end_time=call.end_time,
        creator=call.creator,
        filter_type=call.filter_type,
        limit=100,
        cursor=call.cursor,
    )


def _members(call: GetMassTaskMembers, _: Context) -> Request:
    return post(f"{_CONTACT}/get_groupmsg_task", msgid=call.msgid, limit=1000, cursor=call.cursor)


def _result(call: GetMassTaskResult, _: Context) -> Request:
    return post(
        f"{_CONTACT}/get_groupmsg_send_result",
        msgid=call.msgid,
        userid=call.userid,
        limit=1000,
        cursor=call.cursor,
    )


def _remind(call: RemindMassTask, _: Context) -> Request:
    return post(f"{_CONTACT}/remind_groupmsg_send", msgid=call.msgid)


def _cancel(call: CancelMassTask, _: Context) -> Request:
    return post(f"{_CONTACT}/cancel_groupmsg_send", msgid=call.msgid)


MASS: dict[type[Call], Build] = {
    SendWelcome: _welcome,
    CreateMassTask: _create,
    ListMassTasks: _list,
    GetMassTaskMembers: _members,
    GetMassTaskResult: _result,
    RemindMassTask: _remind,
    CancelMassTask: _cancel,
}
