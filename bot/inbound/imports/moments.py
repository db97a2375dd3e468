"""Moments as files write them: any order of year, month and day, with a zone or without, or counted in seconds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.inbound.imports.values import Unusable
from bot.tongue import _

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = re.compile(rf"(?i)(?<![a-z])({'|'.join(MONTHS)})[a-z]*\.?")
WEEKDAY = re.compile(
    r"(?i)(?<![a-z])(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b,?|星期.|周."
)
ZONE = re.compile(r"(?i)\s*(?:(?:utc|gmt)?([+-])(\d{1,2}):?(\d{2})?|utc|gmt|z)\)?$")
HALF = re.compile(r"(?i)\s*([ap])\.?m\.?|上午|下午|凌晨|晚上|中午")
AFTERNOON = ("p", "下午", "晚上")
FRACTION = re.compile(r"(:\d{2})[.,]\d+")
REST = re.compile(r"[\d\s年月日号时点分秒/\-:.,T]*")
COUNTED = re.compile(r"(\d+)(?:\.(\d+))?")
HEAD = re.compile(r"\s*(\d{1,2})[/.\-](\d{1,2})[/.\-]\d{2,4}")


@dataclass(frozen=True, slots=True)
class Moments:
    """How this file writes its moments."""

    zone: ZoneInfo
    now: datetime
    day_first: bool = False
    """13/1/2019: told by a column in which some first number is above 12."""

    def read(self, cell: str) -> datetime:
        """In UTC."""
        # Of thirteen digits ISO 8601 would make a day of the year 1704.
        try:
            found = self._written(cell) if cell.isdigit() else datetime.fromisoformat(cell)
        except ValueError:
            found = self._written(cell)
        if found.tzinfo is None:
            found = found.replace(tzinfo=self.zone)
        try:
            found = found.astimezone(UTC)
        except OverflowError:
            raise Unusable(_("不是日期")) from None
        if found < EARLIEST:
            raise Unusable(_("时间太早，看看年份是不是写错了"))
        if found > self.now and found > self.now + timedelta(days=1):
            raise Unusable(_("时间在将来"))
        return found

    def _written(self, cell: str) -> datetime:
        text = unicodedata.normalize("NFKC", cell).strip()
        if not text:
            raise Unusable(_("没有写"))
        if counted := COUNTED.fullmatch(text):
            return _counted(*counted.groups(default=""))
        day_first, this_year = self.day_first, self.now.year
        try:
            return _read(text, day_first=day_first, this_year=this_year)
        except (ValueError, IndexError):
            raise Unusable(_("不是日期")) from None


def day_comes_first(cells: Iterable[str]) -> bool | None:
    """Told by the first date that can be read in one way only; None while every one could be either."""
    for cell in cells:
        if (head := HEAD.match(cell)) is not None:
            first, second = map(int, head.groups())
            if max(first, second) > 12:
                return first > 12
    return None


@lru_cache(maxsize=50_000)
def _read(text: str, *, day_first: bool, this_year: int) -> datetime:
    """Raises ValueError for whatever is no moment."""
    text, zone = _without_zone(FRACTION.sub(r"\1", text))
    half = HALF.search(text)
    text = WEEKDAY.sub(" ", HALF.sub(" ", text))
    word = MONTH.search(text)
    text = MONTH.sub(" ", text)
    if not REST.fullmatch(text):
        raise ValueError(text)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if word is not None:
        day, clock = _with_month_word(numbers, word.group(1)), numbers[2:]
        clock = [n for n in numbers[1:] if n <= 59][-3:] if max(numbers) > 31 else clock
    else:
        day = _in_numbers(numbers, day_first=day_first or bool(re.match(r"\d{1,2}\.", text)))
        clock = numbers[3:]
    if len(clock) > 3:
        raise ValueError(text)
    year, month, date = day
    hour, minute, second = (*_hours(clock, half), 0, 0, 0)[:3]
    return datetime(_century(year, this_year), month, date, hour, minute, second, tzinfo=zone)


def _without_zone(text: str) -> tuple[str, tzinfo | None]:
    """A sign and two or four digits are a zone only behind a time."""
    found = ZONE.search(text)
    if found is None or ":" not in text[: found.start()]:
        return text, None
    sign, hours, minutes = found.groups()
    if sign is None:
        return text[: found.start()], UTC
    apart = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return text[: found.start()], timezone(-apart if sign == "-" else apart)


def _with_month_word(numbers: list[int], word: str) -> tuple[int, int, int]:
    month = MONTHS.index(word.lower()) + 1
    year = next((n for n in numbers if n > 59), None)
    day = next(n for n in numbers if n != year) if year is not None else numbers[0]
    return (numbers[1] if year is None else year), month, day


def _in_numbers(numbers: list[int], *, day_first: bool) -> tuple[int, int, int]:
    first, second, third = numbers[:3]
    if first > 31:
        return first, second, third
    return (third, second, first) if day_first else (third, first, second)


def _century(year: int, this_year: int) -> int:
    if year >= 100:
        return year
    return year + (2000 if 2000 + year <= this_year + 1 else 1900)


def _hours(clock: list[int], half: re.Match[str] | None) -> list[int]:
    if half is None or not clock:
        return clock
    said = (half.group(1) or half.group(0)).strip().lower()
    hour = clock[0] % 12 if said in ("a", "p", *AFTERNOON) else clock[0]
    return [hour + 12 * (said in AFTERNOON), *clock[1:]]


def _counted(whole: str, part: str) -> datetime:
    """Digits without any sign between them."""
    try:
        match len(whole):
            case 8 if not part:
                return datetime.strptime(whole, "%Y%m%d")  # noqa: DTZ007
            case 14:
                return datetime.strptime(whole, "%Y%m%d%H%M%S")  # noqa: DTZ007
            case 9 | 10:
                return datetime.fromtimestamp(int(whole), UTC)
            case 13 | 16:
                return datetime.fromtimestamp(int(whole[:10]), UTC)
            case 5:  # a day number as spreadsheets count them
                days = float(f"{whole}.{part or 0}")
                return datetime(1899, 12, 30) + timedelta(seconds=round(days * 86_400))  # noqa: DTZ001
    except ValueError:
        pass
    raise Unusable(_("不是日期"))
