"""Fans, their remarks and tags."""

from __future__ import annotations

from bot.calls import (
    BlockFans,
    Call,
    CreateFanTag,
    DeleteFanTag,
    GetFan,
    GetFans,
    GetFanTags,
    ListBlockedFans,
    ListFans,
    ListFanTags,
    ListTaggedFans,
    RemarkFan,
    RenameFanTag,
    TagFans,
    UnblockFans,
    UntagFans,
)
from bot.platforms.form import always, ask, chars, many, maybe, must, octets, order, under, upto
from bot.platforms.limits import few
from bot.platforms.official.requests.context import Build, Context
from bot.platforms.request import Request, post

_TAGS = "/cgi-bin/tags"
_NAME = octets(30, least=1)
_ID = upto(2**31, least=3)  # 0, 1 and 2 are the platform's own
_FIFTY = many(50, least=1)
_TWENTY = many(20, least=1)


def _fans(call: GetFans, _: Context) -> Request:
    openids = few("openids", call.openids, 100, least=1)
    asked = [{"openid": openid, "lang": "zh_CN"} for openid in openids]
    return post("/cgi-bin/user/info/batchget", user_list=asked)


FANS: dict[type[Call], Build] = {
    GetFan: ask("/cgi-bin/user/info", openid=must, lang=always("zh_CN")),
    GetFans: _fans,
    ListFans: ask("/cgi-bin/user/get", next_openid=maybe),
    # Fewer than 30; and an empty remark is said: it clears.
    RemarkFan: order(
        "/cgi-bin/user/info/updateremark",
        openid=must,
        remark=lambda field, text: chars(29)(field, text) or "",
    ),
    CreateFanTag: order(f"{_TAGS}/create", tag=under(name=_NAME)),
    ListFanTags: ask(f"{_TAGS}/get"),
    RenameFanTag: order(f"{_TAGS}/update", tag=under(id=_ID, name=_NAME)),
    DeleteFanTag: order(f"{_TAGS}/delete", tag=under(id=_ID)),
    ListTaggedFans: order("/cgi-bin/user/tag/get", tagid=must, next_openid=maybe),
    TagFans: order(f"{_TAGS}/members/batchtagging", openid_list=("openids", _FIFTY), tagid=must),
    UntagFans: order(
        f"{_TAGS}/members/batchuntagging", openid_list=("openids", _FIFTY), tagid=must
    ),
    GetFanTags: order(f"{_TAGS}/getidlist", openid=must),
    ListBlockedFans: order(f"{_TAGS}/members/getblacklist", begin_openid=maybe),
    BlockFans: order(f"{_TAGS}/members/batchblacklist", openid_list=("openids", _TWENTY)),
    UnblockFans: order(f"{_TAGS}/members/batchunblacklist", openid_list=("openids", _TWENTY)),
}
