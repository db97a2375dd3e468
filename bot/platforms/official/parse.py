"""Turns the Official Account's pushes, XML or JSON, into our events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.events import (
    AuthorizationRevoked,
    DeskEntered,
    DeskSessionChanged,
    Event,
    FanFollowed,
    FanInfoModified,
    FanLeft,
    FanLocated,
    FanMessaged,
    MenuClicked,
    MenuUsed,
    MenuViewed,
    QrScanned,
    Unknown,
)
from bot.platforms.content import read
from bot.platforms.fields import (
    Fields,
    Missing,
    beside,
    inner,
    maybe,
    moment,
    need,
    real,
    text,
)
from bot.platforms.official.results import RESULTS

_HEAD = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Content", "MediaId"}
    | {"bizmsgmenuid", "BizMsgMenuId", "Encrypt"}
)
_EVENT_HEAD = _HEAD | {"Event", "EventKey"}


def parse(plain: bytes, heard_at: datetime | None = None) -> Event:
    """The event of a push; one we do not know, or that lacks its ids, is Unknown. Raises Unreadable."""
    fields = read(plain)
    at = moment(fields, "CreateTime", heard_at)
    kind = text(fields, "MsgType")
    reading = _EVENTS.get(text(fields, "Event"), _unknown) if kind == "event" else _message
    try:
        return reading(fields, at)
    except Missing:
        return _unknown(fields, at)


def _unknown(fields: Fields, at: datetime) -> Event:
    words = (text(fields, "MsgType"), text(fields, "Event"))
    name = ".".join(word for word in words if word) or "nameless"
    return Unknown(at=at, source="official", name=name, fields=dict(fields))


def _message(fields: Fields, at: datetime) -> Event:
    return FanMessaged(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        msgid=need(fields, "MsgId"),
        msgtype=need(fields, "MsgType"),
        text=text(fields, "Content"),
        menu_id=maybe(fields, "bizmsgmenuid") or maybe(fields, "BizMsgMenuId"),
        media_id=maybe(fields, "MediaId"),
        detail=beside(fields, _HEAD),
    )


def _followed(fields: Fields, at: datetime) -> Event:
    scene = text(fields, "EventKey")
    return FanFollowed(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        # Without the prefix it is not a scene: followers by search may carry other keys.
        scene=scene.removeprefix("qrscene_") if scene.startswith("qrscene_") else None,
        ticket=maybe(fields, "Ticket"),
        key=None if scene.startswith("qrscene_") else scene or None,
    )


def _left(fields: Fields, at: datetime) -> Event:
    return FanLeft(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        key=maybe(fields, "EventKey"),
    )


def _scanned(fields: Fields, at: datetime) -> Event:
    return QrScanned(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        scene=need(fields, "EventKey"),
        ticket=maybe(fields, "Ticket"),
    )


def _clicked(fields: Fields, at: datetime) -> Event:
    return MenuClicked(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        key=need(fields, "EventKey"),
        menu_id=_menu_id(fields),
        scanned=dict(inner(fields, "ScanCodeInfo")),
    )


def _menu_id(fields: Fields) -> str | None:
    return maybe(fields, "MenuId") or maybe(fields, "MenuID")


def _used(fields: Fields, at: datetime) -> Event:
    return MenuUsed(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        kind=need(fields, "Event"),
        key=need(fields, "EventKey"),
        detail=beside(fields, _EVENT_HEAD),
    )


def _viewed(fields: Fields, at: datetime) -> Event:
    return MenuViewed(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        url=need(fields, "EventKey"),
        menu_id=_menu_id(fields),
    )


def _located(fields: Fields, at: datetime) -> Event:
    return FanLocated(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        latitude=real(fields, "Latitude"),
        longitude=real(fields, "Longitude"),
        precision=real(fields, "Precision") if text(fields, "Precision") else None,
    )


def _revoked(fields: Fields, at: datetime) -> Event:
    return AuthorizationRevoked(
        at=at,
        # The person stands in OpenID; FromUserName of this push is not them.
        openid=_person(fields),
        account=need(fields, "ToUserName"),
        app_id=maybe(fields, "AppID"),
        revoked=maybe(fields, "RevokeInfo"),
    )


def _modified(fields: Fields, at: datetime) -> Event:
    return FanInfoModified(
        at=at,
        openid=_person(fields),
        account=need(fields, "ToUserName"),
        app_id=maybe(fields, "appid") or maybe(fields, "AppID"),
    )


def _person(fields: Fields) -> str:
    return maybe(fields, "OpenID") or maybe(fields, "openid") or need(fields, "FromUserName")


def _desk_entered(fields: Fields, at: datetime) -> Event:
    return DeskEntered(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        session_from=maybe(fields, "SessionFrom"),
    )


def _desk_changed(fields: Fields, at: datetime) -> Event:
    return DeskSessionChanged(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        change=need(fields, "Event").removeprefix("kf_").removesuffix("_session"),
        desk=maybe(fields, "KfAccount") or need(fields, "FromKfAccount"),
        to_desk=maybe(fields, "ToKfAccount"),
        reason=maybe(fields, "CloseType"),
    )


_EVENTS: dict[str, Callable[[Fields, datetime], Event]] = {
    **RESULTS,
    "subscribe": _followed,
    "unsubscribe": _left,
    "SCAN": _scanned,
    "CLICK": _clicked,
    "scancode_push": _clicked,  # both scan entries of the menu open the same window as a click
    "scancode_waitmsg": _clicked,
    "VIEW": _viewed,
    "view_miniprogram": _viewed,
    "LOCATION": _located,
    "pic_sysphoto": _used,
    "pic_photo_or_album": _used,
    "pic_weixin": _used,
    "location_select": _used,
    "user_authorization_revoke": _revoked,
    "user_info_modified": _modified,
    "user_enter_tempsession": _desk_entered,
    "kf_create_session": _desk_changed,
    "kf_close_session": _desk_changed,
    "kf_switch_session": _desk_changed,
}
