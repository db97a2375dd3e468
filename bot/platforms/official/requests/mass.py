"""Mass sending, which the account's administrator may have to confirm."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    Call,
    DeleteOfficialMass,
    GetMassSpeed,
    GetOfficialMass,
    PreviewOfficialMass,
    SendOfficialMass,
    SetMassSpeed,
)
from bot.platforms.form import ask, maybe, must, one, order, upto, word
from bot.platforms.limits import Unsendable, few
from bot.platforms.official.requests.context import Build, Context
from bot.platforms.request import Request, post

_MASS = "/cgi-bin/message/mass"
_CONTENT = one("text", "pictures", "voice", "news_media_id")
_PREVIEWED = one("text", "news_media_id")
_KEY = word(64)


def _send(call: SendOfficialMass, context: Context) -> Request:
    _CONTENT(call)
    if (call.tag_id is not None) + bool(call.openids) + call.to_all != 1:
        raise Unsendable("openids", "empty_audience")
    key = _KEY("clientmsgid", must("clientmsgid", call.clientmsgid))
    said = _content(call, context)
    if call.openids:
        fans = few("openids", call.openids, 10_000, least=2)
        return post(f"{_MASS}/send", touser=fans, **said, clientmsgid=key)
    chosen = {"is_to_all": True} if call.to_all else {"is_to_all": False, "tag_id": call.tag_id}
    return post(f"{_MASS}/sendall", filter=chosen, **said, clientmsgid=key)


def _content(call: SendOfficialMass | PreviewOfficialMass, context: Context) -> dict[str, Any]:
    if call.text:
        return {"msgtype": "text", "text": {"content": call.text}}
    if call.news_media_id:
        # Whether somebody else's article may be in it is for people to settle: a doubt stops the sending.
        ignore = {"send_ignore_reprint": 0} if isinstance(call, SendOfficialMass) else {}
        return {"msgtype": "mpnews", "mpnews": {"media_id": call.news_media_id}, **ignore}
    assert isinstance(call, SendOfficialMass)
    if call.voice:
        return {"msgtype": "voice", "voice": {"media_id": context.media[call.voice]}}
    pictures = few("pictures", call.pictures, 20)
    return {"msgtype": "image", "images": {"media_ids": [context.media[one] for one in pictures]}}


def _preview(call: PreviewOfficialMass, context: Context) -> Request:
    _PREVIEWED(call)
    return post(f"{_MASS}/preview", touser=call.openid, **_content(call, context))


MASS: dict[type[Call], Build] = {
    SendOfficialMass: _send,
    PreviewOfficialMass: _preview,
    GetOfficialMass: order(f"{_MASS}/get", msg_id=must),
    DeleteOfficialMass: order(f"{_MASS}/delete", msg_id=must, article_idx=("article", maybe)),
    GetMassSpeed: ask(f"{_MASS}/speed/get"),
    SetMassSpeed: order(f"{_MASS}/speed/set", speed=upto(4)),
}
