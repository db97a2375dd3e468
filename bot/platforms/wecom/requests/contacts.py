"""Customers and the guides who serve them."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    Call,
    GetCustomer,
    GetCustomersOf,
    ListContacts,
    ListCustomers,
    ListGuides,
    RemarkCustomer,
)
from bot.platforms.form import Rule, always, maybe, must, order
from bot.platforms.limits import Unsendable, few, short
from bot.platforms.request import Request, get, post
from bot.platforms.wecom.requests.context import Build, Context

_CONTACT = "/cgi-bin/externalcontact"


def _list_guides(_call: ListGuides, _: Context) -> Request:
    return get(f"{_CONTACT}/get_follow_user_list")


def _list_customers(call: ListCustomers, _: Context) -> Request:
    return get(f"{_CONTACT}/list", userid=call.userid)


def _get_customer(call: GetCustomer, _: Context) -> Request:
    return get(f"{_CONTACT}/get", external_userid=call.external_userid, cursor=call.cursor)


def _customers_of(call: GetCustomersOf, _: Context) -> Request:
    return post(
        f"{_CONTACT}/batch/get_by_user",
        userid_list=few("userids", call.userids, 100, least=1),
        cursor=call.cursor,
        limit=min(call.limit, 100),
    )


def _cleared(most: int) -> Rule:
    """An empty text is said: it clears."""
    return lambda field, text: None if text is None else short(field, text, most)


def _mobiles(_field: str, numbers: Any) -> list[str] | None:
    # The list overwrites; one empty number is how to say "none".
    return None if numbers is None else list(numbers) or [""]


def _worth_saying(call: RemarkCustomer) -> None:
    if (call.remark, call.description, call.company, call.mobiles) == (None,) * 4:
        raise Unsendable("remark")


CONTACTS: dict[type[Call], Build] = {
    ListGuides: _list_guides,
    ListCustomers: _list_customers,
    GetCustomer: _get_customer,
    GetCustomersOf: _customers_of,
    RemarkCustomer: order(
        f"{_CONTACT}/remark",
        _worth_saying,
        userid=must,
        external_userid=must,
        remark=_cleared(20),
        description=_cleared(150),
        remark_company=("company", _cleared(20)),
        remark_mobiles=("mobiles", _mobiles),
    ),
    ListContacts: order(f"{_CONTACT}/contact_list", cursor=maybe, limit=always(1000)),
}
