"""What the platform counts by day, up to yesterday and 180 days back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGuideStatistics(Call):
    """Chats, messages, answers, new friends: of each guide alone, or of several together."""

    start_time: int
    end_time: int
    userids: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGroupChatStatistics(Call):
    """By owner, over the span."""

    owners: tuple[str, ...]
    day_begin_time: int
    day_end_time: int
    order_by: int = 1
    """1 new chats, 2 all chats, 3 chats with messages, 4 members."""
    ascending: bool = False
    offset: int = 0
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGroupChatDays(Call):
    """By day, all owners together."""

    owners: tuple[str, ...]
    day_begin_time: int
    day_end_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetKfStatistics(Call):
    """By day: sessions, customers, messages, upgrades."""

    open_kfid: str
    start_time: int
    end_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetKfServicerStatistics(Call):
    open_kfid: str
    start_time: int
    end_time: int
    userid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAppStatistics(Call):
    """Messages of our app to guides, today or yesterday."""

    yesterday: bool = False
