"""Contact ways: codes that add a guide, their `state` being the source."""

from __future__ import annotations

from bot.calls import (
    AddContactWay,
    Call,
    CloseTempChat,
    DeleteContactWay,
    GetContactWay,
    ListContactWays,
    UpdateContactWay,
)
from bot.platforms.form import always, maybe, must, order
from bot.platforms.limits import few, short
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.context import Build, Context

_CONTACT = "/cgi-bin/externalcontact"
_QR_CODE = 2
_ONE_GUIDE, _SEVERAL = 1, 2


def _add(call: AddContactWay, _: Context) -> Request:
    return post(
        f"{_CONTACT}/add_contact_way",
        type=_ONE_GUIDE if len(call.userids) == 1 else _SEVERAL,
        scene=_QR_CODE,
        remark=short("remark", call.remark, 30),
        skip_verify=call.skip_verify,
        state=short("state", call.state, 30),
        user=few("userids", call.userids, 100, least=1),
    )


def _get(call: GetContactWay, _: Context) -> Request:
    return post(f"{_CONTACT}/get_contact_way", config_id=call.config_id)


def _update(call: UpdateContactWay, _: Context) -> Request:
    return post(
        f"{_CONTACT}/update_contact_way",
        config_id=call.config_id,
        remark=short("remark", call.remark, 30),
        skip_verify=call.skip_verify,
        state=short("state", call.state, 30),
        user=few("userids", call.userids, 100, least=1),
    )


def _delete(call: DeleteContactWay, _: Context) -> Request:
    return post(f"{_CONTACT}/del_contact_way", config_id=call.config_id)


WAYS: dict[type[Call], Build] = {
    AddContactWay: _add,
    GetContactWay: _get,
    ListContactWays: order(
        f"{_CONTACT}/list_contact_way",
        start_time=maybe,
        end_time=maybe,
        cursor=maybe,
        limit=always(1000),
    ),
    UpdateContactWay: _update,
    DeleteContactWay: _delete,
    CloseTempChat: order(f"{_CONTACT}/close_temp_chat", userid=must, external_userid=must),
}
