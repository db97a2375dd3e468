"""What guides do with our app: its menu, its cards, what they write to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.events import (
    AppFollowed,
    AppMenuClicked,
    AppMenuUsed,
    AppMenuViewed,
    AppOpened,
    AppSuspended,
    CardClicked,
    Event,
    GuideLocated,
    GuideMessaged,
)
from bot.platforms.fields import Fields, beside, ids, inner, maybe, need, real, several, text

Reading = Callable[[Fields, datetime], Event]
_EVENT_HEAD = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "AgentID"}
)
_MESSAGE_HEAD = _EVENT_HEAD | {"MsgId", "Content", "MediaId"}


def message(fields: Fields, at: datetime) -> Event:
    return GuideMessaged(
        at=at,
        userid=need(fields, "FromUserName"),
        msgid=need(fields, "MsgId"),
        msgtype=need(fields, "MsgType"),
        text=text(fields, "Content"),
        media_id=maybe(fields, "MediaId"),
        detail=beside(fields, _MESSAGE_HEAD),
    )


def _card_clicked(fields: Fields, at: datetime) -> Event:
    return CardClicked(
        at=at,
        userid=need(fields, "FromUserName"),
        task_id=need(fields, "TaskId"),
        key=text(fields, "EventKey"),
        response_code=maybe(fields, "ResponseCode"),
        card_type=maybe(fields, "CardType"),
        selected=_selected(inner(fields, "SelectedItems")),
    )


def _selected(items: Fields) -> dict[str, tuple[str, ...]]:
    chosen = [item for item in several(items, "SelectedItem") if isinstance(item, dict)]
    return {text(item, "QuestionKey"): _options(item) for item in chosen}


def _options(item: Fields) -> tuple[str, ...]:
    # The platform's own samples misspell the tag; both spellings are on the road.
    return ids(inner(item, "OptionIds"), "OptionId") + ids(inner(item, "OpitonIds"), "OpitonId")


def _app_opened(fields: Fields, at: datetime) -> Event:
    return AppOpened(at=at, userid=need(fields, "FromUserName"), key=maybe(fields, "EventKey"))


def _menu_clicked(fields: Fields, at: datetime) -> Event:
    return AppMenuClicked(at=at, userid=need(fields, "FromUserName"), key=need(fields, "EventKey"))


def _menu_viewed(fields: Fields, at: datetime) -> Event:
    return AppMenuViewed(at=at, userid=need(fields, "FromUserName"), url=need(fields, "EventKey"))


def _menu_used(fields: Fields, at: datetime) -> Event:
    return AppMenuUsed(
        at=at,
        userid=need(fields, "FromUserName"),
        kind=need(fields, "Event"),
        key=need(fields, "EventKey"),
        detail=beside(fields, _EVENT_HEAD),
    )


def _followed(fields: Fields, at: datetime) -> Event:
    following = text(fields, "Event") == "subscribe"
    return AppFollowed(at=at, userid=need(fields, "FromUserName"), following=following)


def _located(fields: Fields, at: datetime) -> Event:
    return GuideLocated(
        at=at,
        userid=need(fields, "FromUserName"),
        latitude=real(fields, "Latitude"),
        longitude=real(fields, "Longitude"),
        precision=real(fields, "Precision") if text(fields, "Precision") else None,
        client=maybe(fields, "AppType"),
    )


def _suspended(fields: Fields, at: datetime) -> Event:
    return AppSuspended(at=at, asleep=text(fields, "Event") == "close_inactive_agent")


APP_EVENTS: dict[str, Reading] = {
    "enter_agent": _app_opened,
    "click": _menu_clicked,
    "view": _menu_viewed,
    "scancode_push": _menu_used,
    "scancode_waitmsg": _menu_used,
    "pic_sysphoto": _menu_used,
    "pic_photo_or_album": _menu_used,
    "pic_weixin": _menu_used,
    "location_select": _menu_used,
    "subscribe": _followed,
    "unsubscribe": _followed,
    "LOCATION": _located,
    "close_inactive_agent": _suspended,
    "reopen_inactive_agent": _suspended,
    "template_card_event": _card_clicked,
    "template_card_menu_event": _card_clicked,
}
