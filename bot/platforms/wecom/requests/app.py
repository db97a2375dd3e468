"""Messages of our app to guides, and what its pages need."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    Call,
    GetCallbackIps,
    GetJsTicket,
    GetOAuthMember,
    RecallAppMessage,
    SendAppCard,
    SendAppText,
    UpdateAppCard,
)
from bot.platforms.limits import Unsendable, bounded, few
from bot.platforms.request import Request, get, post
from bot.platforms.wecom.requests.context import Build, Context

_MOST_MEMBERS = 1000
_SAME_SECONDS = 600  # a repeat after a lost answer comes sooner than people say the same again


def _send(userids: tuple[str, ...], context: Context, **message: Any) -> Request:
    return post(
        "/cgi-bin/message/send",
        touser="|".join(few("userids", userids, _MOST_MEMBERS, least=1)),
        agentid=context.agent_id,
        **message,
        enable_duplicate_check=1,
        duplicate_check_interval=_SAME_SECONDS,
    )


def _text(call: SendAppText, context: Context) -> Request:
    # Longer texts are not refused but cut.
    content = bounded("text", call.text, 2048)
    if not content:
        raise Unsendable("text")
    return _send(call.userids, context, msgtype="text", text={"content": content})


def _card(call: SendAppCard, context: Context) -> Request:
    if not call.card.get("card_type"):
        raise Unsendable("card_type")
    bounded("task_id", str(call.card.get("task_id", "")), 128)
    return _send(call.userids, context, msgtype="template_card", template_card=call.card)


def _update(call: UpdateAppCard, context: Context) -> Request:
    return post(
        "/cgi-bin/message/update_template_card",
        userids=few("userids", call.userids, _MOST_MEMBERS) or None,
        atall=None if call.userids else 1,
        agentid=context.agent_id,
        response_code=call.response_code,
        button={"replace_name": call.replace_name},
    )


def _recall(call: RecallAppMessage, _: Context) -> Request:
    return post("/cgi-bin/message/recall", msgid=call.msgid)


def _ticket(call: GetJsTicket, _: Context) -> Request:
    if call.agent:
        return get("/cgi-bin/ticket/get", type="agent_config")
    return get("/cgi-bin/get_jsapi_ticket")


def _member(call: GetOAuthMember, _: Context) -> Request:
    return get("/cgi-bin/auth/getuserinfo", code=bounded("code", call.code, 512))


def _ips(_call: GetCallbackIps, _: Context) -> Request:
    return get("/cgi-bin/getcallbackip")


APP: dict[type[Call], Build] = {
    SendAppText: _text,
    SendAppCard: _card,
    UpdateAppCard: _update,
    RecallAppMessage: _recall,
    GetJsTicket: _ticket,
    GetOAuthMember: _member,
    GetCallbackIps: _ips,
}
