"""Customers and group chats that pass from one guide to another."""

from __future__ import annotations

from bot.calls import (
    Call,
    GetTransferResult,
    ListUnassigned,
    TransferCustomers,
    TransferGroupChats,
)
from bot.platforms.form import Said, always, chars, many, maybe, must, order
from bot.platforms.limits import Unsendable
from bot.platforms.request import Request
from bot.platforms.wecom.requests.context import Build, Context

_CONTACT = "/cgi-bin/externalcontact"
_PAIR: dict[str, Said] = {"handover_userid": must, "takeover_userid": must}
_CUSTOMERS: dict[str, Said] = {
    **_PAIR,
    "external_userid": ("external_userids", many(100, least=1)),
}
_CHATS: dict[str, Said] = {"chat_id_list": ("chat_ids", many(100, least=1)), "new_owner": must}

_on_the_job = order(
    f"{_CONTACT}/transfer_customer", **_CUSTOMERS, transfer_success_msg=("words", chars(200))
)
_resigned = order(f"{_CONTACT}/resigned/transfer_customer", **_CUSTOMERS)
_result = order(f"{_CONTACT}/transfer_result", **_PAIR, cursor=maybe)
_resigned_result = order(f"{_CONTACT}/resigned/transfer_result", **_PAIR, cursor=maybe)
_chats = order(f"{_CONTACT}/groupchat/onjob_transfer", **_CHATS)
_resigned_chats = order(f"{_CONTACT}/groupchat/transfer", **_CHATS)


def _transfer(call: TransferCustomers, _: Context) -> Request:
    if call.resigned and call.words:
        # The old guide is gone; the platform says nothing in their name.
        raise Unsendable("words")
    return _resigned(call) if call.resigned else _on_the_job(call)


def _transfer_result(call: GetTransferResult, _: Context) -> Request:
    return _resigned_result(call) if call.resigned else _result(call)


def _transfer_chats(call: TransferGroupChats, _: Context) -> Request:
    return _resigned_chats(call) if call.resigned else _chats(call)


TRANSFERS: dict[type[Call], Build] = {
    TransferCustomers: _transfer,
    GetTransferResult: _transfer_result,
    ListUnassigned: order(f"{_CONTACT}/get_unassigned_list", cursor=maybe, page_size=always(1000)),
    TransferGroupChats: _transfer_chats,
}
