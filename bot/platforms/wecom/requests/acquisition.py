"""Acquisition links, which cost money by the friend."""

from __future__ import annotations

from bot.calls import (
    Call,
    CreateAcquisitionLink,
    DeleteAcquisitionLink,
    GetAcquiredChat,
    GetAcquisitionLink,
    GetAcquisitionQuota,
    GetAcquisitionStatistics,
    ListAcquired,
    ListAcquisitionLinks,
    UpdateAcquisitionLink,
)
from bot.platforms.form import (
    Said,
    always,
    among,
    ask,
    chars,
    many,
    maybe,
    must,
    order,
    some,
    span,
    under,
)
from bot.platforms.wecom.requests.context import Build

_CONTACT = "/cgi-bin/externalcontact"
_LINK = f"{_CONTACT}/customer_acquisition"
_MOST_GUIDES = 500
_RULES: dict[str, Said] = {
    "range": under(
        user_list=("userids", many(_MOST_GUIDES)),
        department_list=("departments", many(_MOST_GUIDES)),
    ),
    "skip_verify": maybe,
    "priority_option": under(
        priority_type=among(1, 2), priority_userid_list=("priority_userids", many(_MOST_GUIDES))
    ),
}

ACQUISITION: dict[type[Call], Build] = {
    ListAcquisitionLinks: order(f"{_LINK}/list_link", cursor=maybe, limit=always(100)),
    GetAcquisitionLink: order(f"{_LINK}/get", link_id=must),
    CreateAcquisitionLink: order(
        f"{_LINK}/create_link",
        some("userids", "departments"),
        link_name=chars(30, least=1),
        **_RULES,
    ),
    UpdateAcquisitionLink: order(
        f"{_LINK}/update_link", link_id=must, link_name=chars(30), **_RULES
    ),
    DeleteAcquisitionLink: order(f"{_LINK}/delete_link", link_id=must),
    ListAcquired: order(f"{_LINK}/customer", link_id=must, cursor=maybe, limit=always(1000)),
    # The documents say GET here and POST there; other clients the reverse.
    GetAcquisitionQuota: ask(f"{_CONTACT}/customer_acquisition_quota"),
    GetAcquisitionStatistics: order(
        f"{_LINK}/statistic",
        span("start_time", "end_time", days=180),
        link_id=must,
        start_time=must,
        end_time=must,
    ),
    GetAcquiredChat: order(f"{_LINK}/get_chat_info", chat_key=must),
}
