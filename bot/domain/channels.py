"""By which channel a message may reach a customer now, best first, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from bot.domain.attachments import WORDS_ALONE

CHANNELS = ("official", "kf", "subscribed", "template", "wecom")
"""In order of preference: an open window speaks to one person and costs nothing, a notice speaks to one person, a
mass task waits for a guide's tap."""
NOTICES = {"subscribed": "她要过这一条通知", "template": "关注着公众号的服务通知"}
"""Channels of forms that the platform approved, and why one may be used; the others carry any words."""
SERVICE_ONLY = frozenset({"template"})
"""Marketing by these is forbidden, and the account is punished for it."""
CONSENT = {
    "official": "marketing_official",
    "subscribed": "marketing_official",
    "template": "marketing_official",
    "kf": "marketing_wecom",
    "wecom": "marketing_wecom",
    "welcome": "marketing_wecom",
}
"""The purpose a customer must have agreed to before marketing goes out on a channel."""

WINDOWS = {
    ("kf", "message"): (timedelta(hours=48), 5),
    ("official", "message"): (timedelta(hours=48), 5),
    ("official", "click"): (timedelta(minutes=1), 3),
    ("official", "follow"): (timedelta(minutes=1), 3),
    ("official", "scan"): (timedelta(minutes=1), 3),
}
"""How long and how many messages each act of hers allows, by the platforms' tables of 2025-26."""


def may_carry(channel: str | None, purpose: str) -> bool:
    return purpose == "service" or channel not in SERVICE_ONLY


class Tie(NamedTuple):
    """A live follow, with what matters about its guide."""

    guide_id: int
    userid: str
    external_userid: str
    since: datetime
    last_talk_at: datetime | None = None
    active: bool = True
    away_until: datetime | None = None
    away_from: datetime | None = None

    def serves(self, now: datetime) -> bool:
        return self.active and not is_away(self.away_from, self.away_until, now)


def is_away(since: datetime | None, until: datetime | None, now: datetime) -> bool:
    """Half-open; without a beginning she is away already."""
    return until is not None and now < until and (since is None or since <= now)


class OpenWindow(NamedTuple):
    """When one may still write to a customer, and how often."""

    channel: str
    address: str
    closes_at: datetime
    left: int


class Way(NamedTuple):
    """One usable way to a customer."""

    channel: str
    address: str
    why: str
    guide_id: int | None = None
    userid: str | None = None


def ways(
    ties: Sequence[Tie],
    windows: Sequence[OpenWindow],
    *,
    now: datetime,
    notices: Mapping[str, str] = MappingProxyType({}),
    allowed: Collection[str] = (),
    only_guide: int | None = None,
    without: int | None = None,
    full: Collection[int] = (),
    needs: Mapping[str, int] = WORDS_ALONE,
) -> list[Way]:
    """Every way that is open at `now`, best first. `notices` are the channels by which a form may go to her, with
    her address; `only_guide` is set for a guide's own push, `without` for what was passed on by the guide who never
    confirmed it; `full` are guides whose day has no place left. `needs` is how many messages it takes, as
    `bot.domain.attachments`."""
    if without is not None:
        ties = [tie for tie in ties if tie.guide_id != without]
    found = [
        Way(open_.channel, open_.address, "会话窗口还开着")
        for open_ in windows
        if only_guide is None and _carries(open_, now, needs)
    ]
    found += [
        Way(channel, address, NOTICES[channel])
        for channel, address in notices.items()
        if only_guide is None and channel in needs
    ]
    if tie := right_guide(ties, now=now, only_guide=only_guide, full=full):
        why = "最近与她聊过的导购" if tie.last_talk_at else "加了她好友的导购"
        found.append(Way("wecom", tie.external_userid, why, tie.guide_id, tie.userid))
    wanted = [way for way in found if not allowed or way.channel in allowed]
    if len(wanted) < 2:
        return wanted  # as for nearly everybody of millions
    return sorted(wanted, key=lambda way: CHANNELS.index(way.channel))


def _carries(open_: OpenWindow, now: datetime, needs: Mapping[str, int]) -> bool:
    return open_.closes_at > now and 0 < needs.get(open_.channel, 0) <= open_.left


def right_guide(
    ties: Sequence[Tie],
    *,
    now: datetime,
    only_guide: int | None = None,
    full: Collection[int] = (),
) -> Tie | None:
    """Who talked with her last, else who was added last; never somebody who is away, and somebody whose day is
    full only where nobody else of hers has room."""
    serving = [
        tie
        for tie in ties
        if tie.serves(now) and (only_guide is None or tie.guide_id == only_guide)
    ]
    if len(serving) == 1:
        return serving[0]
    return max(
        serving,
        key=lambda tie: (
            tie.guide_id not in full,
            tie.last_talk_at is not None,
            tie.last_talk_at or tie.since,
            tie.since,
            -tie.guide_id,
        ),
        default=None,
    )


def no_way(
    ties: Sequence[Tie],
    *,
    now: datetime,
    only_guide: int | None = None,
    without: int | None = None,
    windows: Sequence[OpenWindow] = (),
) -> str:
    """Why there is none: the reason of an excluded touch."""
    if only_guide is not None and all(tie.guide_id != only_guide for tie in ties):
        return "not_friend"
    if ties and not any(tie.serves(now) for tie in ties):
        return "guide_away"
    if without is not None:
        return "guide_never_confirmed"
    return "not_carried" if any(open_.closes_at > now for open_ in windows) else "no_channel"
