"""Turns the Official Account's pushes, XML or JSON, into our events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.events import (
    AuthorizationRevoked,
    Event,
    FanFollowed,
    FanLeft,
    FanLocated,
    FanMessaged,
    MassFinished,
    MenuClicked,
    MenuViewed,
    QrScanned,
    SubscriptionAnswered,
    TemplateFinished,
    Unknown,
)
from bot.platforms.content import read
from bot.platforms.fields import (
    Fields,
    Missing,
    inner,
    maybe,
    moment,
    need,
    number,
    real,
    several,
    text,
)

_HEAD = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Content", "MediaId"}
    | {"bizmsgmenuid", "BizMsgMenuId", "Encrypt"}
)


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
        detail={name: value for name, value in fields.items() if name not in _HEAD},
    )


def _followed(fields: Fields, at: datetime) -> Event:
    scene = text(fields, "EventKey")
    return FanFollowed(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        # Without the prefix it is not a scene: followers by search may carry other keys.
        scene=scene.removeprefix("qrscene_") if scene.startswith("qrscene_") else None,
    )


def _left(fields: Fields, at: datetime) -> Event:
    return FanLeft(at=at, openid=need(fields, "FromUserName"), account=need(fields, "ToUserName"))


def _scanned(fields: Fields, at: datetime) -> Event:
    return QrScanned(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        scene=need(fields, "EventKey"),
    )


def _clicked(fields: Fields, at: datetime) -> Event:
    return MenuClicked(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        key=need(fields, "EventKey"),
    )


def _viewed(fields: Fields, at: datetime) -> Event:
    return MenuViewed(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        url=need(fields, "EventKey"),
    )


def _located(fields: Fields, at: datetime) -> Event:
    return FanLocated(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        latitude=real(fields, "Latitude"),
        longitude=real(fields, "Longitude"),
    )


def _template_finished(fields: Fields, at: datetime) -> Event:
    return TemplateFinished(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        msgid=need(fields, "MsgID"),  # here, and in no other push, with a capital D
        status=need(fields, "Status"),
    )


def _mass_finished(fields: Fields, at: datetime) -> Event:
    return MassFinished(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        msgid=need(fields, "MsgID"),
        status=need(fields, "Status"),
        total=number(fields, "TotalCount") or 0,
        sent=number(fields, "SentCount") or 0,
        failed=number(fields, "ErrorCount") or 0,
    )


def _answers(fields: Fields, wrapper: str) -> list[Fields]:
    # XML wraps the list in an element of the event's name; JSON does not, and may give a bare object.
    found = several(inner(fields, wrapper) or fields, "List")
    answers: list[Fields] = [answer for answer in found if isinstance(answer, dict)]
    if not answers:
        raise Missing("List")
    return answers


def _answered(wrapper: str) -> Callable[[Fields, datetime], Event]:
    def reading(fields: Fields, at: datetime) -> Event:
        said = {
            need(answer, "TemplateId"): text(answer, "SubscribeStatusString") == "accept"
            for answer in _answers(fields, wrapper)
        }
        (template_id, accepted), *others = said.items()
        return SubscriptionAnswered(
            at=at,
            openid=need(fields, "FromUserName"),
            account=need(fields, "ToUserName"),
            template_id=template_id,
            accepted=accepted,
            others=dict(others),
        )

    return reading


def _subscribed_finished(fields: Fields, at: datetime) -> Event:
    sent = _answers(fields, "SubscribeMsgSentEvent")[0]
    return TemplateFinished(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        msgid=need(sent, "MsgID"),
        status=need(sent, "ErrorStatus"),
    )


def _revoked(fields: Fields, at: datetime) -> Event:
    return AuthorizationRevoked(
        at=at,
        # The person stands in OpenID; FromUserName of this push is not them.
        openid=maybe(fields, "OpenID") or need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
    )


_EVENTS: dict[str, Callable[[Fields, datetime], Event]] = {
    "subscribe": _followed,
    "unsubscribe": _left,
    "SCAN": _scanned,
    "CLICK": _clicked,
    "scancode_push": _clicked,  # both scan entries of the menu open the same window as a click
    "scancode_waitmsg": _clicked,
    "VIEW": _viewed,
    "view_miniprogram": _viewed,
    "LOCATION": _located,
    "TEMPLATESENDJOBFINISH": _template_finished,
    "MASSSENDJOBFINISH": _mass_finished,
    "subscribe_msg_popup_event": _answered("SubscribeMsgPopupEvent"),
    "subscribe_msg_change_event": _answered("SubscribeMsgChangeEvent"),
    "subscribe_msg_sent_event": _subscribed_finished,
    "user_authorization_revoke": _revoked,
}
