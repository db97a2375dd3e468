"""What the platform counts."""

from __future__ import annotations

from bot.calls import (
    Call,
    GetAppStatistics,
    GetGroupChatDays,
    GetGroupChatStatistics,
    GetGuideStatistics,
    GetKfServicerStatistics,
    GetKfStatistics,
)
from bot.platforms.form import Said, among, flag, many, maybe, must, order, some, span, under, upto
from bot.platforms.wecom.requests.context import Build

_CHAT = "/cgi-bin/externalcontact/groupchat"
_DAYS: dict[str, Said] = {
    "day_begin_time": must,
    "day_end_time": must,
    "owner_filter": under(userid_list=("owners", many(100, least=1))),
}
_OF_KF: dict[str, Said] = {"open_kfid": must, "start_time": must, "end_time": must}
_A_MONTH = span("start_time", "end_time", days=31)

STATISTICS: dict[type[Call], Build] = {
    GetGuideStatistics: order(
        "/cgi-bin/externalcontact/get_user_behavior_data",
        span("start_time", "end_time", days=30),
        some("userids", "departments"),
        userid=("userids", many(100)),
        partyid=("departments", many(100)),
        start_time=must,
        end_time=must,
    ),
    GetGroupChatStatistics: order(
        f"{_CHAT}/statistic",
        span("day_begin_time", "day_end_time", days=30),
        **_DAYS,
        order_by=among(1, 2, 3, 4),
        order_asc=("ascending", flag),
        offset=upto(1_000_000),
        limit=upto(1000, least=1),
    ),
    GetGroupChatDays: order(
        f"{_CHAT}/statistic_group_by_day",
        span("day_begin_time", "day_end_time", days=30),
        **_DAYS,
    ),
    GetKfStatistics: order("/cgi-bin/kf/get_corp_statistic", _A_MONTH, **_OF_KF),
    GetKfServicerStatistics: order(
        "/cgi-bin/kf/get_servicer_statistic",
        _A_MONTH,
        **_OF_KF,
        servicer_userid=("userid", maybe),
    ),
    GetAppStatistics: order("/cgi-bin/message/get_statistics", time_type=("yesterday", flag)),
}
