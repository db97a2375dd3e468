"""`/api/v1/analytics`: what worked, in numbers: the funnel, each day, the moves between tiers, guides and groups."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, model_validator

from bot.store import insights
from bot.store.insights import Span
from bot.web.api.bodies import Query
from bot.web.api.endpoints import Ask, Routes, Told

routes = Routes()
LONGEST = 400
OUR_TIME = (date(2000, 1, 1), date(2100, 1, 1))
Day = Annotated[date | None, Field(ge=OUR_TIME[0], le=OUR_TIME[1])]


class SpanAsked(Query):
    """Days of the shop, both counted; without them the last thirty."""

    first: Day = None
    last: Day = None

    @model_validator(mode="after")
    def _forwards(self) -> SpanAsked:
        if (self.first is None) != (self.last is None):
            raise ValueError("first 和 last 一起写")
        if self.first and self.last and not 0 <= (self.last - self.first).days < LONGEST:
            raise ValueError(f"last 不早于 first，最多 {LONGEST} 天")
        return self


class DayTold(Told):
    day: date
    reached: int
    orders: int
    sales_fen: int


class MoveTold(Told):
    before: str
    after: str
    customers: int


class GuideTold(Told):
    userid: str
    name: str
    store: str
    asked: int
    done: int
    delivered: int
    sales_fen: int


class RoomTold(Told):
    name: str
    kind: str
    members: int
    joined: int
    left: int


class Numbers(Told):
    first: date
    last: date
    funnel: dict[str, int]
    """People by how far they came: handed, delivered, opened, redeemed, ordered."""
    sales_fen: int
    days: list[DayTold]
    moves: list[MoveTold]
    guides: list[GuideTold]
    rooms: list[RoomTold]


@routes.asks(
    "GET", "/analytics", "analytics.read", "一段时间的成效", says=SpanAsked, gives=Numbers
)
async def numbers(ask: Ask[SpanAsked]) -> Numbers:
    span = _span(ask)
    async with ask.reading() as session:
        funnel = await insights.funnel(session, span)
        moves = await insights.moves(session, span)
        return Numbers(
            first=span.first,
            last=span.last,
            funnel=funnel.people,
            sales_fen=funnel.sales_fen,
            days=[DayTold.model_validate(one) for one in await insights.trend(session, span)],
            moves=[MoveTold(before=b, after=a, customers=n) for (b, a), n in moves.items()],
            guides=[
                GuideTold.model_validate(one)
                for one in await insights.guides(session, span, store=ask.store)
            ],
            rooms=[RoomTold.model_validate(one) for one in await insights.rooms(session, span)],
        )


def _span(ask: Ask[SpanAsked]) -> Span:
    zone = ask.desk.work.settings.zone
    today = ask.now.astimezone(zone).date()
    last = ask.said.last or today
    return Span(ask.said.first or last - timedelta(days=29), last, zone)
