"""`/api/v1/tasks`, `/guides`, `/stores`: what guides are asked to do, and who they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bot.domain.refusals import Refusal
from bot.events.commands import ChangeGuide, FinishGuideTask, RemindGuide
from bot.store import customers, listing
from bot.web.api.bodies import Asked, Listing, Nothing, Query, Strict, Word
from bot.web.api.endpoints import NUMBER, Ask, Done, Page, Routes, Told
from bot.web.api.orders import zoned

routes = Routes()


class TasksAsked(Listing):
    state: Literal["open", "done", "skipped", "withdrawn"] = "open"
    guide: Asked | None = None


class TaskTold(Told):
    id: int
    guide: str
    store: str | None
    customer: str | None
    kind: str
    why: str
    created_at: datetime
    due_at: datetime | None
    state: str
    done_at: datetime | None
    outcome: str | None


OWN = TaskTold.model_fields.keys() - {"guide", "store", "customer"}


def _told(row: Any) -> TaskTold:
    task, guide, store, ref = row
    facts = {name: getattr(task, name) for name in OWN}
    return TaskTold(**facts, guide=guide, store=store, customer=ref)


def _bounds(ask: Ask[Any]) -> list[listing.Where]:
    return [] if ask.store is None else [listing.of_store(ask.store)]


@routes.asks("GET", "/tasks", "task.read", "导购的任务", says=TasksAsked, gives=Page[TaskTold])
async def listed(ask: Ask[TasksAsked]) -> Page[TaskTold]:
    among = _bounds(ask) + listing.task_in(ask.said.state, ask.said.guide)
    async with ask.reading() as session:
        rows = await listing.tasks(session, among, ask.mark(), ask.said.limit + 1)
    return ask.page(rows, lambda row: int(row[0].id), _told)


class FinishIn(Strict):
    done: bool
    reason: Word | None = None


@routes.asks(
    "POST", f"/tasks/{NUMBER % 'id'}/finish", "task.confirm", "做完了或不做", says=FinishIn
)
async def finish(ask: Ask[FinishIn]) -> Done:
    async with ask.reading() as session:
        mine = [*_bounds(ask), listing.task_is(ask.number())]
        if not await listing.tasks(session, mine, None, 1):
            raise Refusal("no_such_task", "没有这个任务，可能已经撤回", status=404)
    return await ask.does(
        FinishGuideTask, task_id=ask.number(), done=ask.said.done, reason=ask.said.reason
    )


class GuideTold(Told):
    userid: str
    name: str
    store: str | None
    active: bool
    duty: str | None
    away_from: datetime | None
    away_until: datetime | None


class Guides(Told):
    items: list[GuideTold]


@routes.asks("GET", "/guides", "task.read", "导购", gives=Guides)
async def guides(ask: Ask[Query]) -> Guides:
    async with ask.reading() as session:
        rows = await listing.guides(session, ask.store)
    return Guides(
        items=[
            GuideTold(
                userid=guide.userid,
                name=guide.name,
                store=store,
                active=guide.active,
                duty=guide.duty,
                away_from=guide.away_from,
                away_until=guide.away_until,
            )
            for guide, store in rows
        ]
    )


Zoned = Annotated[
    datetime | None, Field(strict=False), AfterValidator(lambda at: at and zoned(at))
]


class GuideIn(Strict):
    away_from: Zoned = None
    away_until: Zoned = None
    back: bool = False
    duty: Literal["manager", "expert", ""] | None = None
    """Nothing is "", and what is left out stays as it is."""


@routes.asks(
    "POST", "/guides/{userid}", "guide.change", "她的请假和值守，没说的不变", says=GuideIn
)
async def change(ask: Ask[GuideIn]) -> Done:
    return await ask.does(ChangeGuide, guide_id=await _guide(ask), **dict(ask.said))


async def _guide(ask: Ask[Any]) -> int:
    async with ask.reading() as session:
        guide = await customers.guide_by_userid(session, ask.named("userid"), create=False)
    if guide is None:
        raise Refusal("no_such_guide", "没有这位导购，或不是你们店的", status=404)
    return guide.id


@routes.asks("POST", "/guides/{userid}/remind", "task.remind", "提醒她点发送")
async def remind(ask: Ask[Nothing]) -> Done:
    return await ask.does(RemindGuide, guide_id=await _guide(ask))


class StoreTold(Told):
    code: str
    name: str
    city: str


class Stores(Told):
    items: list[StoreTold]


@routes.asks("GET", "/stores", "task.read", "门店", gives=Stores)
async def stores(ask: Ask[Query]) -> Stores:
    async with ask.reading() as session:
        found = await listing.stores(session, ask.store)
    return Stores(items=[StoreTold.model_validate(one) for one in found])
