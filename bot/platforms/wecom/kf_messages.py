"""Reads the pages that `sync_msg` gives; what we sent ourselves is not on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.events import (
    Event,
    KfMessageRecalled,
    KfMessageReceived,
    KfRejectionSwitched,
    KfSendFailed,
    KfServicerReplied,
    KfServicerStatusChanged,
    KfSessionChanged,
    KfSessionEntered,
    Unknown,
)
from bot.platforms.content import read
from bot.platforms.fields import Fields, Missing, inner, maybe, moment, need, number, text

_CUSTOMER, _SERVICER = 3, 5  # origins; 4 is the system, told by events


def parse_one(plain: bytes, heard_at: datetime | None = None) -> Event:
    """One entry of a page that was kept by itself. Raises Unreadable."""
    entry = read(plain)
    return _entry(entry, moment(entry, "send_time", heard_at))


def _entry(entry: Fields, at: datetime) -> Event:
    try:
        if text(entry, "msgtype") == "event":
            return _event(entry, at)
        return _MESSAGES.get(number(entry, "origin") or 0, _unknown)(entry, at)
    except Missing:
        return _unknown(entry, at)


def _event(entry: Fields, at: datetime) -> Event:
    # Customer and account stand inside the event for some kinds and outside for others.
    said = {**entry, **inner(entry, "event")}
    reading = _EVENTS.get(text(said, "event_type"))
    return reading(said, at) if reading else _unknown(entry, at)


def _unknown(entry: Fields, at: datetime) -> Event:
    kind = text(inner(entry, "event"), "event_type") or text(entry, "msgtype")
    return Unknown(at=at, source="kf", name=kind or "nameless", fields=dict(entry))


def _received(entry: Fields, at: datetime) -> Event:
    msgtype = need(entry, "msgtype")
    body = inner(entry, msgtype)
    return KfMessageReceived(
        at=at,
        open_kfid=need(entry, "open_kfid"),
        external_userid=need(entry, "external_userid"),
        msgid=need(entry, "msgid"),
        msgtype=msgtype,
        text=text(body, "content"),
        menu_id=maybe(body, "menu_id"),
        media_id=maybe(body, "media_id"),
        detail={} if msgtype == "text" else dict(body),
    )


def _replied(entry: Fields, at: datetime) -> Event:
    msgtype = need(entry, "msgtype")
    body = inner(entry, msgtype)
    return KfServicerReplied(
        at=at,
        open_kfid=need(entry, "open_kfid"),
        external_userid=need(entry, "external_userid"),
        msgid=need(entry, "msgid"),
        userid=text(entry, "servicer_userid"),
        msgtype=msgtype,
        text=text(body, "content"),
        media_id=maybe(body, "media_id"),
        detail={} if msgtype == "text" else dict(body),
    )


def _entered(said: Fields, at: datetime) -> Event:
    return KfSessionEntered(
        at=at,
        open_kfid=need(said, "open_kfid"),
        external_userid=need(said, "external_userid"),
        msgid=need(said, "msgid"),
        scene=maybe(said, "scene"),
        scene_param=maybe(said, "scene_param"),
        welcome_code=maybe(said, "welcome_code"),
        video_account=dict(inner(said, "wechat_channels")),
    )


def _send_failed(said: Fields, at: datetime) -> Event:
    return KfSendFailed(
        at=at,
        open_kfid=need(said, "open_kfid"),
        external_userid=need(said, "external_userid"),
        msgid=need(said, "msgid"),
        fail_msgid=need(said, "fail_msgid"),
        fail_type=number(said, "fail_type") or 0,
    )


def _session_changed(said: Fields, at: datetime) -> Event:
    return KfSessionChanged(
        at=at,
        open_kfid=need(said, "open_kfid"),
        external_userid=need(said, "external_userid"),
        msgid=need(said, "msgid"),
        change_type=number(said, "change_type") or 0,
        new_userid=maybe(said, "new_servicer_userid"),
        old_userid=maybe(said, "old_servicer_userid"),
        msg_code=maybe(said, "msg_code"),
    )


def _recalled(said: Fields, at: datetime) -> Event:
    return KfMessageRecalled(
        at=at,
        open_kfid=need(said, "open_kfid"),
        external_userid=need(said, "external_userid"),
        msgid=need(said, "msgid"),
        recalled_msgid=need(said, "recall_msgid"),
        by_servicer=text(said, "event_type") == "servicer_recall_msg",
        userid=maybe(said, "servicer_userid"),
    )


def _status_changed(said: Fields, at: datetime) -> Event:
    return KfServicerStatusChanged(
        at=at,
        open_kfid=need(said, "open_kfid"),
        msgid=need(said, "msgid"),
        userid=need(said, "servicer_userid"),
        status=number(said, "status") or 0,
        stop_type=number(said, "stop_type"),
    )


def _rejection_switched(said: Fields, at: datetime) -> Event:
    return KfRejectionSwitched(
        at=at,
        open_kfid=need(said, "open_kfid"),
        msgid=need(said, "msgid"),
        userid=need(said, "servicer_userid"),
        external_userid=maybe(said, "external_userid"),
        rejecting=bool(number(said, "reject_switch")),
    )


_MESSAGES: dict[int, Callable[[Fields, datetime], Event]] = {
    _CUSTOMER: _received,
    _SERVICER: _replied,
}

_EVENTS: dict[str, Callable[[Fields, datetime], Event]] = {
    "enter_session": _entered,
    "msg_send_fail": _send_failed,
    "session_status_change": _session_changed,
    "user_recall_msg": _recalled,
    "servicer_recall_msg": _recalled,
    "servicer_status_change": _status_changed,
    "reject_customer_msg_switch_change": _rejection_switched,
}
