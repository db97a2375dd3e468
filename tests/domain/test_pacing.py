from datetime import UTC, date, datetime, timedelta

from bot.domain.pacing import Asked, CallLimit, Handful, Shut, in_force, take

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def limit(most: int, per: str, **more) -> CallLimit:
    facts = {"platform": "wecom", "api": "*", "valid_from": date(2020, 1, 1), "source": "x"}
    return CallLimit(most=most, per=per, **facts | more)


def asked(*limits: CallLimit, last_used: datetime | None = None) -> Asked:
    return Asked("wecom:ww /x", limits, last_used)


class Taker:
    """Somebody who uses each handful up at once."""

    def __init__(self, *limits: CallLimit):
        self.limits, self.taken, self.last = limits, {}, None

    def take(self, times: int, at: datetime) -> list[int | Shut]:
        given = []
        for _ in range(times):
            wish = asked(*self.limits, last_used=self.last)
            self.taken, found = take(self.taken, wish, owner="a", now=at, real=0.0)
            given.append(found.permits if isinstance(found, Handful) else found)
            self.last = at if isinstance(found, Handful) else self.last
        return given


def test_thirty_go_in_a_minute_and_the_next_waits_until_the_first_are_a_minute_ago():
    taker = Taker(limit(30, "minute"))
    assert taker.take(30, NOON) == [1] * 30
    (shut,) = taker.take(1, NOON + timedelta(seconds=50))
    assert NOON + timedelta(seconds=60) <= shut.opens_at <= NOON + timedelta(seconds=70)
    assert taker.take(30, shut.opens_at) == [1] * 30


def test_no_minute_ever_has_more_than_is_allowed_however_the_calls_come():
    taker, made = Taker(limit(30, "minute")), []
    for second in range(0, 400, 3):
        at = NOON + timedelta(seconds=second)
        made += [at] * taker.take(4, at).count(1)
    most = max(sum(at <= one < at + timedelta(minutes=1) for one in made) for at in made)
    assert most == 30
    assert len(made) > 30 * 400 / 80


def test_large_limits_are_taken_by_the_handful_and_the_last_permits_too():
    assert Taker(limit(10_020, "minute")).take(51, NOON) == [200] * 50 + [20]


def test_of_a_large_limit_nobody_holds_more_than_may_be_lost_with_him():
    assert Taker(limit(500_000, "day")).take(2, NOON) == [500, 500]


def test_what_was_not_used_in_its_time_is_given_back():
    taken, _ = take({}, asked(limit(500_000, "day")), owner="a", now=NOON, real=0.0)
    again = Asked("wecom:ww /x", (limit(500_000, "day"),), NOON, unused=497)
    taken, found = take(taken, again, owner="a", now=NOON + timedelta(hours=1), real=3600.0)
    assert [count for _, count in taken["spent"]] == [3]
    assert found.permits == 500


def test_what_others_hold_is_not_given_away_until_they_kept_it_too_long():
    few = asked(limit(100, "minute"))
    taken, _ = take({}, few, owner="a", now=NOON, real=0.0)
    for _ in range(49):
        taken, found = take(
            taken, asked(*few.limits, last_used=NOON), owner="b", now=NOON, real=0.0
        )
    assert found.permits == 2
    later = NOON + timedelta(minutes=5)
    assert take(taken, few, owner="b", now=later, real=9.0)[0]["kept"]["a"] == [2, 600.0]
    taken, _ = take(taken, few, owner="b", now=later, real=601.0)
    assert list(taken["kept"]) == ["b"]
    assert [count for _, count in taken["spent"]] == [2 + 2]


def test_a_day_ends_at_midnight_in_china_and_a_month_with_its_last_day():
    taker = Taker(limit(2, "day"), limit(3, "month"))
    midnight, december = (datetime(2026, 11, day, 16, tzinfo=UTC) for day in (21, 30))
    assert taker.take(3, NOON) == [1, 1, Shut(midnight)]
    assert taker.take(2, midnight) == [1, Shut(december)]
    assert taker.take(2, december) == [1, 1]


def test_a_clock_that_is_put_back_counts_from_there():
    taker = Taker(limit(2, "minute"))
    taker.take(3, NOON)
    assert taker.take(1, NOON - timedelta(days=3)) == [1]


def test_of_every_rule_the_newest_holds_that_has_begun():
    old = limit(1, "minute")
    new = limit(5, "minute", valid_from=date(2026, 1, 1))
    hour = limit(9, "hour")
    official = limit(7, "minute", platform="official")
    rules = [new, official, hour, old]
    assert set(in_force(rules, "wecom", date(2025, 12, 31))) == {old, hour}
    assert set(in_force(rules, "wecom", date(2026, 1, 1))) == {new, hour}
