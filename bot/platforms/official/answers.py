"""What callers rely on in the Official Account's answers; the rest is handed on as it came."""

from __future__ import annotations

from bot.calls import (
    Call,
    CreateFanTag,
    CreateQrCode,
    GetFan,
    GetFans,
    GetFanTags,
    GetOfficialJsTicket,
    GetOfficialMass,
    ListFans,
    ListFanTags,
    SendOfficialMass,
    SendTemplate,
    UploadOfficialPicture,
)
from bot.platforms.answers import Shape

_FAN: Shape = {"openid": str, "subscribe?": int, "subscribe_time?": int, "unionid?": str}

ANSWERS: dict[type[Call], Shape] = {
    GetFan: _FAN,
    GetFans: {"user_info_list": [_FAN]},
    ListFans: {"total?": int, "count?": int, "data?": {"openid": [str]}, "next_openid?": str},
    ListFanTags: {"tags": [{"id": int, "name": str}]},
    CreateFanTag: {"tag": {"id": int}},
    GetFanTags: {"tagid_list": [int]},
    CreateQrCode: {"ticket": str, "url": str},
    SendTemplate: {"msgid?": str},  # the event that follows names it as text
    SendOfficialMass: {"msg_id": int},
    GetOfficialMass: {"msg_id": int, "msg_status": str},
    GetOfficialJsTicket: {"ticket": str, "expires_in": int},
    UploadOfficialPicture: {"url": str},
}
