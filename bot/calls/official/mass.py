"""Mass sending of the Official Account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOfficialMass(Call):
    """To all fans, a tag or named fans; each fan receives at most 4 a month. `clientmsgid` makes a repeat harmless."""

    clientmsgid: str
    text: str = ""
    pictures: tuple[str, ...] = ()
    """Media, by content path."""
    voice: str = ""
    news_media_id: str = ""
    """Of a draft with articles."""
    openids: tuple[str, ...] = ()
    tag_id: int | None = None
    to_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOfficialMass(Call):
    """To one fan alone; 100 a day."""

    repeatable: ClassVar[bool] = False
    openid: str
    text: str = ""
    news_media_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOfficialMass(Call):
    """Whether it went out: the event brings the counts."""

    msg_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOfficialMass(Call):
    """Takes articles away within half an hour; only the page is gone, not the message."""

    msg_id: int
    article: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMassSpeed(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMassSpeed(Call):
    speed: int
    """0 fastest, 4 slowest."""
