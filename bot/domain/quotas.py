"""How often and when customers may be written to: the brand's caps, the platforms' quotas, quiet hours."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.domain.experiments import in_holdout
from bot.domain.pacing import CallLimit
from bot.tongue import _

MORNINGS = (10, 11, 12, 14)
"""From when on a customer may want to hear, where the brand begins at nine. The evening is the brand's: whoever gets
a task from us may confirm it until then."""


def _of_the_day(said: time) -> time:
    if said.tzinfo is not None:
        raise ValueError(_("写店里的钟点，不带时区，例如 21:00"))
    return said


Wall = Annotated[time, AfterValidator(_of_the_day)]
"""A time of day as the shop's clock shows it."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietHours(_Section):
    """Half-open: quiet at `begins`, open again at `ends`. Whatever cannot be understood is quiet."""

    begins: Wall = time(21)
    ends: Wall = time(9)
    zone: str = "Asia/Shanghai"

    def covers(self, at: datetime) -> bool:
        zone = _zone(self.zone)
        if zone is None or self.begins == self.ends:
            return True
        local = at.astimezone(zone).time()
        if self.begins < self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends

    def until(self, hour: int) -> QuietHours:
        """The same evening, and a morning that begins later."""
        return self.model_copy(update={"ends": max(self.ends, time(hour))})

    def next_open(self, at: datetime) -> datetime:
        """The first moment from `at` on that is not quiet; never sooner than a day when there is none."""
        zone = _zone(self.zone)
        if zone is None or self.begins == self.ends:
            return at + timedelta(days=1)
        if not self.covers(at):
            return at
        local = at.astimezone(zone)
        opens = datetime.combine(local.date(), self.ends, zone)
        if opens <= local:
            opens = datetime.combine(local.date() + timedelta(days=1), self.ends, zone)
        return opens.astimezone(at.tzinfo)


class BrandCaps(_Section):
    days: int = Field(default=7, ge=1)
    most_in_days: int = Field(default=1, ge=0)
    most_in_month: int = Field(default=4, ge=0)
    second_person_above: int = Field(default=1000, ge=0)
    promos_in_a_row: int = Field(default=3, ge=1)
    """After so many messages with an offer, and none without, the next one brings no offer."""
    promo_days: int = Field(default=30, ge=1)
    """What is longer ago is forgotten."""
    segment_above: int = Field(default=200, ge=0)
    """To more people than so many one does not advertise without leaving anybody out."""

    def room(self, used: Used) -> float:
        """The share of a month's promotions that are left to her; nought where those of these days are used up."""
        if used.in_days >= self.most_in_days or not self.most_in_month:
            return 0.0
        return max(0.0, 1 - used.in_month / self.most_in_month)


class GuideLimits(_Section):
    tasks_per_day: int = Field(default=3, ge=1)
    moments_per_day: int = Field(default=1, ge=1, le=5)
    slots: tuple[Wall, ...] = Field(default=(time(10), time(14, 30), time(18)), min_length=1)
    """When messages of journeys are gathered into tasks: one by one they would use up the day's tasks."""
    hand_over_until: Wall = time(19, 30)
    confirm_until: Wall = time(20, 30)
    remind_after_minutes: int = Field(default=120, ge=1)
    reminders_per_day: int = Field(default=3, ge=0, le=3)
    minutes_per_day: int = Field(default=40, ge=5, le=480)
    """What a guide has for contacts of her own choice; the list of the day is as long as fits in."""


class ByHand(_Section):
    """Coupons that people give by hand, by their role."""

    per_day: Mapping[str, int] = {
        "guide": 5,
        "care": 10,
        "manager": 20,
        "operator": 50,
        "admin": 50,
    }
    """More than so many in a day take a second person; a role that is not named knows no end."""
    sorry_fen: Mapping[str, int] = {"manager": 5000, "care": 10000, "admin": 20000, "owner": 50000}
    """What an apology may cost at most; a role that is not named gives none."""


class HouseHoldout(_Section):
    """Customers who get no marketing at all, from any campaign or journey, to see what all of it together brings."""

    percent: float = Field(default=0, ge=0, le=20)
    seed: str = Field(default="house", min_length=1)
    """Another seed draws other people: what was measured before ends with it."""

    def keeps(self, customer_id: int) -> bool:
        return self.percent > 0 and in_holdout(f"holdout:{self.seed}", customer_id, self.percent)


class PlatformQuota(_Section):
    """What a platform allows from a day on."""

    channel: Literal["wecom", "kf", "official"]
    valid_from: date
    most: int | Literal["days_of_month"]
    per: Literal["month", "window"]
    hours: int | None = None
    source: str


class Limits(_Section):
    """content/limits.yaml."""

    quiet_hours: QuietHours = QuietHours()
    brand: BrandCaps = BrandCaps()
    guides: GuideLimits = GuideLimits()
    platform: tuple[PlatformQuota, ...] = ()
    calls: tuple[CallLimit, ...] = ()
    holdout: HouseHoldout = HouseHoldout()
    by_hand: ByHand = ByHand()

    def mass_per_month(self, at: datetime) -> int:
        """Mass messages one customer may receive in the calendar month of `at`."""
        local = at.astimezone(self.zone)
        known = [q for q in self.platform if q.channel == "wecom" and q.valid_from <= local.date()]
        if not known:
            return 4  # the oldest rule known: safe whatever holds now
        most = max(known, key=lambda quota: quota.valid_from).most
        return monthrange(local.year, local.month)[1] if most == "days_of_month" else most

    @property
    def zone(self) -> ZoneInfo:
        return _zone(self.quiet_hours.zone) or ZoneInfo("Asia/Shanghai")

    def month_of(self, at: datetime) -> tuple[datetime, datetime]:
        """The calendar month around a moment, as a half-open span."""
        first = at.astimezone(self.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = (first + timedelta(days=32)).replace(day=1)
        return first.astimezone(at.tzinfo), following.astimezone(at.tzinfo)

    def day_of(self, at: datetime) -> tuple[datetime, datetime]:
        first = at.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return first.astimezone(at.tzinfo), (first + timedelta(days=1)).astimezone(at.tzinfo)

    def confirm_by(self, at: datetime) -> datetime:
        """When a task handed over at `at` is called back if no guide has confirmed it."""
        return self._today(at, self.guides.confirm_until)

    def hand_over_from(self, at: datetime) -> datetime:
        """The first moment from `at` on when a guide may be given a task."""
        opens = self.quiet_hours.next_open(at)
        if opens < self._today(opens, self.guides.hand_over_until):
            return opens
        return self.quiet_hours.next_open(self.day_of(opens)[1])

    def is_slot(self, at: datetime) -> bool:
        return at.astimezone(self.zone).time() in self.guides.slots

    def next_slot(self, at: datetime) -> datetime:
        """The first moment from `at` on when messages of journeys are gathered."""
        day, tomorrow = self.day_of(at)
        moments = [
            self._today(start, wall) for start in (day, tomorrow) for wall in self.guides.slots
        ]
        return min(moment for moment in moments if moment >= at)

    def next_morning(self, at: datetime) -> datetime:
        return self.hand_over_from(self.day_of(at)[1])

    def _today(self, at: datetime, wall: time) -> datetime:
        local = at.astimezone(self.zone)
        return datetime.combine(local.date(), wall, self.zone).astimezone(at.tzinfo)


def read_limits(said: Any) -> Limits:
    """The limits as content gives them."""
    return said if isinstance(said, Limits) else Limits.model_validate(said or {})


class Used(NamedTuple):
    """What one customer has received, or may still receive from what is under way."""

    in_days: int = 0
    in_month: int = 0
    mass_in_month: int = 0
    same_day: int = 0
    """Planned for the same day by another campaign or journey."""

    def plus(self, *, marketing: bool, mass: bool) -> Used:
        """After one more message, decided in the same breath."""
        return Used(
            self.in_days + marketing,
            self.in_month + marketing,
            self.mass_in_month + mass,
            self.same_day,
        )


def _zone(key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        return None
