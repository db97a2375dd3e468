"""微信客服. A callback only says that something is new; the rest is pulled by `sync_msg`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.events.vocabulary import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class KfNudged(Event):
    open_kfid: str
    token: str
    """Good for 10 min; without it `sync_msg` is strictly limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KfAuthChanged(Event):
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KfEvent(Event):
    """One entry of a pulled page."""

    open_kfid: str
    external_userid: str
    msgid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMessageReceived(KfEvent):
    """The customer wrote; resets the window to 48 h and 5 messages."""

    msgtype: str
    text: str = ""
    menu_id: str | None = None
    media_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfServicerReplied(KfEvent):
    """A person answered from the client."""

    userid: str
    msgtype: str
    text: str = ""
    media_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionEntered(KfEvent):
    scene: str | None = None
    scene_param: str | None = None
    welcome_code: str | None = None
    video_account: dict[str, Any] = field(default_factory=dict)
    """The Channels (视频号) page that it was entered from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSendFailed(KfEvent):
    """errcode 0 was not delivery."""

    fail_msgid: str
    fail_type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionChanged(KfEvent):
    change_type: int
    """1 taken from the pool, 2 transferred, 3 ended, 4 re-opened; only changes that people made."""
    new_userid: str | None = None
    old_userid: str | None = None
    msg_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KfMessageRecalled(KfEvent):
    recalled_msgid: str
    by_servicer: bool = False
    userid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KfServicerStatusChanged(Event):
    open_kfid: str
    msgid: str
    userid: str
    status: int
    """1 receiving, 2 stopped."""
    stop_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KfRejectionSwitched(Event):
    """A servicer switched the refusal of a customer's messages on or off."""

    open_kfid: str
    msgid: str
    userid: str
    external_userid: str | None = None
    rejecting: bool
