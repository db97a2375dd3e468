"""Customers and the guides who serve them."""

from __future__ import annotations

from bot.calls import (
    Call,
    GetCustomer,
    GetCustomersOf,
    GetMember,
    ListCustomers,
    ListGuides,
    RemarkCustomer,
)
from bot.platforms.limits import Unsendable, few, short
from bot.platforms.request import Request, get, post
from bot.platforms.wecom.requests.context import Build, Context

_CONTACT = "/cgi-bin/externalcontact"


def _list_guides(_call: ListGuides, _: Context) -> Request:
    return get(f"{_CONTACT}/get_follow_user_list")


def _get_member(call: GetMember, _: Context) -> Request:
    return get("/cgi-bin/user/get", userid=call.userid)


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


def _remark(call: RemarkCustomer, _: Context) -> Request:
    if call.remark is None and call.description is None and call.mobiles is None:
        raise Unsendable("remark")
    # The list overwrites; one empty number is how to say "none".
    mobiles = None if call.mobiles is None else list(call.mobiles) or [""]
    return post(
        f"{_CONTACT}/remark",
        userid=call.userid,
        external_userid=call.external_userid,
        remark=None if call.remark is None else short("remark", call.remark, 20),
        description=None
        if call.description is None
        else short("description", call.description, 150),
        remark_mobiles=mobiles,
    )


CONTACTS: dict[type[Call], Build] = {
    ListGuides: _list_guides,
    GetMember: _get_member,
    ListCustomers: _list_customers,
    GetCustomer: _get_customer,
    GetCustomersOf: _customers_of,
    RemarkCustomer: _remark,
}
