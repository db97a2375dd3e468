"""What points are worth, how long they live, and what a level takes off."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.domain.levels import DoubleDays, Level, Levels, earned_for
from bot.domain.offers import SHOP_ZONE, Offer
from bot.domain.pricing import price
from bot.events.shop import Line

SILVER = Level(name="白银", needs=100, percent_off=5)
LEVELS = Levels(
    levels=(Level(name="青铜", needs=0), SILVER),
    fen_per_spent_point=10,
    expire_after_months=12,
    double_days=(
        DoubleDays(name="会员日", days=(8, 18, 28)),
        DoubleDays(name="店庆", times=3, starts=date(2026, 5, 1), ends=date(2026, 5, 8)),
    ),
)
LESS_30 = Offer(kind="amount", value=3000, threshold_fen=10_000, goods=[])


def at(*day: int, hour: int = 12) -> datetime:
    """Of Shanghai's day, told in UTC."""
    return datetime(*day, hour - 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "birthday_month", "times"),
    [((2026, 3, 7), None, 1), ((2026, 3, 7), 3, 2), ((2026, 3, 8), 3, 2), ((2026, 5, 8), 5, 3)],
)
def test_the_best_multiplier_counts_and_they_never_multiply(day, birthday_month, times):
    assert earned_for(LEVELS, 100_00, birthday_month=birthday_month, at=at(*day)) == 10 * times


def test_the_last_hour_of_a_birthday_month_counts():
    late = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)
    assert LEVELS.times(late, birthday_month=3) == 2
    assert LEVELS.times(late.replace(hour=16), birthday_month=3) == 1


@pytest.mark.parametrize(
    ("given", "gone"), [((2026, 1, 31), (2027, 2, 1)), ((2026, 12, 1), (2028, 1, 1))]
)
def test_points_live_to_the_end_of_a_month(given, gone):
    assert LEVELS.run_out(at(*given)) == datetime(*gone, tzinfo=SHOP_ZONE)


def test_a_level_a_coupon_and_points_come_off_in_order():
    paid = price(LEVELS, 20_000, level="白银", offer=LESS_30, points=5000)
    assert (paid.level_off_fen, paid.coupon_off_fen) == (1000, 3000)
    assert (paid.points, paid.points_off_fen, paid.payable_fen) == (1600, 16_000, 0)


def test_the_shop_may_take_the_coupon_first():
    coupon_first = LEVELS.model_copy(update={"coupon_first": True})
    paid = price(coupon_first, 20_000, level="白银", offer=LESS_30)
    assert (paid.coupon_off_fen, paid.level_off_fen, paid.payable_fen) == (3000, 850, 16_150)


def test_a_coupon_below_its_threshold_or_for_other_goods_takes_nothing_off():
    other = Offer(kind="amount", value=3000, threshold_fen=0, goods=["上衣"])
    cup = Line(sku="cup", name="杯", category="家居", amount_fen=5000)
    assert price(LEVELS, 10_400, level="白银", offer=LESS_30).coupon_off_fen == 0
    assert price(LEVELS, 5000, level="青铜", offer=other, lines=(cup,)).payable_fen == 5000
