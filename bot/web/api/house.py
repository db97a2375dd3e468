"""`/api/v1/settings`: how the house is set."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from bot.domain.refusals import Refusal
from bot.events.commands import ChangeBrand, ChangeLimits
from bot.web.api.bodies import Query, Strict, clean
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.work.renewing import renew

routes = Routes()


class SettingsTold(Told):
    brand: dict[str, Any]
    limits: dict[str, Any]
    zone: str


@routes.asks("GET", "/settings", "settings.read", "品牌、免打扰和上限", gives=SettingsTold)
async def settings(ask: Ask[Query]) -> SettingsTold:
    content = ask.desk.work.content
    return SettingsTold(
        brand=content.brand.model_dump(mode="json"),
        limits=content.limits.model_dump(mode="json"),
        zone=ask.desk.work.settings.timezone,
    )


def _line(most: int, least: int = 1) -> Any:
    return Annotated[str | None, Field(min_length=least, max_length=most), AfterValidator(_clean)]


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)


class BrandIn(Strict):
    """What is left out stays as it is."""

    name: _line(20) = None  # type: ignore[valid-type]
    bot: _line(12) = None  # type: ignore[valid-type]
    hours: _line(60, 0) = None  # type: ignore[valid-type]
    promise: _line(120, 0) = None  # type: ignore[valid-type]


@routes.asks("POST", "/settings/brand", "settings.change", "改品牌", says=BrandIn)
async def brand(ask: Ask[BrandIn]) -> Done:
    changes = ask.said.model_dump(exclude_none=True)
    return await _changed(ask, ChangeBrand, changes)


Slot = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Clock = Annotated[str | None, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day of the shop."""


def _number(least: int, most: int) -> Any:
    return Annotated[int | None, Field(ge=least, le=most)]


class QuietIn(Strict):
    begins: Clock = None
    ends: Clock = None


class CapsIn(Strict):
    days: _number(1, 31) = None  # type: ignore[valid-type]
    most_in_days: _number(0, 31) = None  # type: ignore[valid-type]
    most_in_month: _number(0, 31) = None  # type: ignore[valid-type]
    second_person_above: _number(0, 10**7) = None  # type: ignore[valid-type]
    promos_in_a_row: _number(1, 20) = None  # type: ignore[valid-type]
    promo_days: _number(1, 365) = None  # type: ignore[valid-type]
    segment_above: _number(0, 10**7) = None  # type: ignore[valid-type]


class GuidesIn(Strict):
    tasks_per_day: _number(1, 20) = None  # type: ignore[valid-type]
    moments_per_day: _number(1, 5) = None  # type: ignore[valid-type]
    remind_after_minutes: _number(1, 1440) = None  # type: ignore[valid-type]
    reminders_per_day: _number(0, 3) = None  # type: ignore[valid-type]
    minutes_per_day: _number(5, 480) = None  # type: ignore[valid-type]
    hand_over_until: Clock = None
    confirm_until: Clock = None
    slots: Annotated[list[Slot], Field(min_length=1, max_length=6)] | None = None


class HoldoutIn(Strict):
    """Customers whom no campaign reaches; another seed draws other people."""

    percent: Annotated[float | None, Field(ge=0, le=20)] = None
    seed: Annotated[str | None, Field(pattern=r"^[a-z0-9-]{1,40}$")] = None


class PerDayIn(Strict):
    """Coupons that somebody of this role gives by hand in a day before a second person is asked."""

    guide: _number(0, 1000) = None  # type: ignore[valid-type]
    care: _number(0, 1000) = None  # type: ignore[valid-type]
    manager: _number(0, 1000) = None  # type: ignore[valid-type]
    operator: _number(0, 1000) = None  # type: ignore[valid-type]
    admin: _number(0, 1000) = None  # type: ignore[valid-type]


class SorryIn(Strict):
    """What an apology by somebody of this role may cost at most, in fen."""

    care: _number(0, 10**7) = None  # type: ignore[valid-type]
    manager: _number(0, 10**7) = None  # type: ignore[valid-type]
    admin: _number(0, 10**7) = None  # type: ignore[valid-type]
    owner: _number(0, 10**7) = None  # type: ignore[valid-type]


class ByHandIn(Strict):
    per_day: PerDayIn | None = None
    sorry_fen: SorryIn | None = None


class LimitsIn(Strict):
    quiet_hours: QuietIn | None = None
    brand: CapsIn | None = None
    guides: GuidesIn | None = None
    holdout: HoldoutIn | None = None
    by_hand: ByHandIn | None = None


@routes.asks("POST", "/settings/limits", "limits.change", "改免打扰和上限", says=LimitsIn)
async def limits(ask: Ask[LimitsIn]) -> Done:
    said = ask.said.model_dump(mode="json", exclude_none=True)
    changes = {part: values for part, values in said.items() if values}
    return await _changed(ask, ChangeLimits, changes)


async def _changed(ask: Ask[Any], command: Any, changes: dict[str, Any]) -> Done:
    if not changes:
        raise Refusal("nothing", "没有写要改什么", status=422)
    told = await ask.does(command, changes=changes)
    await renew(ask.desk.work)
    return told
