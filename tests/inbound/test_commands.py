"""Acts of people: allowed or not, done once however often they are asked for, and written down in one breath."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from bot.domain.audit import AuditRow, StoredAnswer
from bot.domain.permissions import may
from bot.domain.points import PointsEntry
from bot.domain.refusals import Refusal
from bot.events import Actor, FileCase, OptIn, SpendPoints, SwitchSending
from bot.events.commands import Command
from bot.inbound import commands
from bot.inbound.router import Router
from bot.inbound.turn import Answer
from bot.store import audit, points, tasks
from bot.store.engine import Sessions, open_engine
from tests.builders import a_customer
from tests.inbound.test_dispatch import Hall

TILL = Actor(kind="integration", id="key:till")
OWNER = Actor(kind="owner", id="lin")


@pytest.fixture
async def customer(bot):
    """With 300 points."""
    async with bot.session() as session:
        customer = await a_customer(session)
        await points.earn(session, customer_id=customer.id, points=300, effect="gift", at=bot.now)
    return customer


def spends(bot, customer, points: int = 100, **changes) -> SpendPoints:
    facts = {"actor": TILL, "key": "k", "points": points, "what": "帆布袋"}
    return SpendPoints(at=bot.now, customer_id=customer.id, **(facts | changes))


async def balance(bot, customer) -> int:
    async with bot.session() as session:
        return await points.balance(session, customer.id)


async def rows(bot) -> list[AuditRow]:
    async with bot.session() as session:
        return list(await session.scalars(select(AuditRow).order_by(AuditRow.id)))


async def first_wrong(bot) -> int | None:
    async with bot.session() as session:
        return await audit.verify(session)


async def refusal(doing) -> tuple[str, int, str]:
    with pytest.raises(Refusal) as no:
        await doing
    return no.value.reason, no.value.status, no.value.words


async def test_the_same_key_gives_the_same_answer_and_one_effect(bot, customer):
    first = await bot.does(spends(bot, customer))
    bot.clock.advance(days=1)
    assert await bot.does(spends(bot, customer)) == first
    assert await balance(bot, customer) == 200
    assert len(await rows(bot)) == 1


async def test_a_refusal_is_given_again_even_when_it_would_be_allowed_by_now(bot, customer):
    no = await refusal(bot.does(spends(bot, customer, 301)))
    assert no[0] == "not_enough_points"
    async with bot.session() as session:
        await points.earn(session, customer_id=customer.id, points=9, effect="more", at=bot.now)
    assert await refusal(bot.does(spends(bot, customer, 301))) == no
    assert await bot.does(spends(bot, customer, 301, key="another"))


async def test_a_key_that_was_used_for_something_else_is_refused(bot, customer):
    await bot.does(spends(bot, customer))
    reason, status, _ = await refusal(bot.does(spends(bot, customer, 101)))
    assert (reason, status) == ("key_reused", 422)
    other = SwitchSending(at=bot.now, actor=TILL, key="k", on=False, reason="x")
    assert (await refusal(bot.does(other)))[0] == "forbidden"
    assert await balance(bot, customer) == 200


async def test_another_actor_may_use_the_same_key(bot, customer):
    await bot.does(spends(bot, customer))
    await bot.does(spends(bot, customer, actor=Actor(kind="clerk", id="mei", store="S01")))
    assert await balance(bot, customer) == 100


async def test_who_may_not_is_refused_and_nothing_is_written(bot, customer):
    guide = Actor(kind="guide", id="suqing")
    owner_act = SwitchSending(at=bot.now, actor=guide, key="k", on=False, reason="x")
    for command in (
        owner_act,
        spends(bot, customer, actor=guide),
        spends(bot, customer, actor=Actor(kind="stranger", id="x")),
        OptIn(
            at=bot.now,
            actor=OWNER,
            key="k",
            customer_id=customer.id,
            purpose="marketing_wecom",
            channel="form",
        ),
    ):
        reason, status, _ = await refusal(bot.does(command))
        assert (reason, status) == ("forbidden", 403)
    assert await rows(bot) == []
    async with bot.session() as session:
        assert await session.scalar(select(func.count()).select_from(StoredAnswer)) == 0


def test_every_command_asks_for_a_right_that_somebody_has():
    for kind in Command.__subclasses__():
        assert commands.matrix().get(kind.permission), kind


@pytest.mark.parametrize("cell", ["Ap", "2", None])
def test_who_may_only_propose_may_not_act(cell):
    assert not may({"x": {"guide": cell}}, "x", "guide")
    assert not may({}, "x", "owner")


async def test_an_act_leaves_an_audit_row_that_says_who_did_what(bot, customer):
    await bot.does(spends(bot, customer))
    (row,) = await rows(bot)
    assert (row.actor, row.action) == ("integration:key:till", "spend_points")
    assert row.object == f"customer_id:{customer.id}"
    assert row.detail["points"] == 100
    assert row.at == bot.now


async def test_a_refused_act_is_written_down_as_refused(bot, customer):
    await refusal(bot.does(spends(bot, customer, 301)))
    (row,) = await rows(bot)
    assert row.detail["refused"] == "not_enough_points"


async def test_words_of_customers_are_not_in_the_audit_log(bot, customer):
    clerk = Actor(kind="care", id="fang")
    await bot.does(
        FileCase(
            at=bot.now, actor=clerk, key="k", customer_id=customer.id, text="我是林小满，衣服坏了"
        )
    )
    (row,) = await rows(bot)
    assert "林小满" not in str(row.detail)


async def test_a_bug_undoes_act_audit_row_and_answer_so_that_it_can_be_asked_again(bot, hall):
    hall.broken = True
    with pytest.raises(LookupError):
        await hall.does("bad")
    assert await rows(bot) == []
    assert await hall.effects() == (set(), set())
    hall.broken = False
    assert await hall.does("bad") == {"switched": "bad"}
    assert await hall.effects() == ({"look:bad"}, {"bad"})


async def test_a_refusal_undoes_what_the_handler_wrote(bot, hall):
    hall.refuses = True
    assert (await refusal(hall.does("no")))[0] == "no_way"
    assert await hall.effects() == (set(), set())
    assert len(await rows(bot)) == 1


class Desk(Hall):
    """A hall whose handler hears an act of the owner."""

    refuses = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.router.on(SwitchSending)(self.switched)

    async def switched(self, command: SwitchSending, turn) -> Answer:
        await self.opened(Named(command.reason), turn)
        if self.refuses:
            raise Refusal("no_way", "现在不行")
        return Answer({"switched": command.reason})

    async def does(self, reason: str) -> dict[str, Any]:
        command = SwitchSending(at=self.bot.now, actor=OWNER, key="k", on=True, reason=reason)
        return await commands.do(self.dispatcher(), self.bot.sessions, command, self.bot.now)


class Named:
    def __init__(self, token: str) -> None:
        self.token = token


@pytest.fixture
def hall(bot) -> Desk:
    return Desk(bot)


async def test_a_command_nobody_hears_is_answered_with_nothing(bot, hall):
    command = SwitchSending(at=bot.now, actor=OWNER, key="k", on=True, reason="x")
    told = await commands.do(hall.dispatcher(Router()), bot.sessions, command, bot.now)
    assert told == {}


async def test_twenty_at_once_with_one_key_are_one_act(bot, customer, database_url):
    doors = [Sessions(open_engine(database_url)) for _ in range(4)]
    command = spends(bot, customer)
    answers = await asyncio.gather(
        *(commands.do(bot.dispatcher, doors[n % 4], command, bot.now) for n in range(20))
    )
    for door in doors:
        await door.close()
    assert all(answer == answers[0] for answer in answers)
    assert await balance(bot, customer) == 200
    async with bot.session() as session:
        spent = select(func.count(PointsEntry.id)).where(PointsEntry.delta < 0)
        assert await session.scalar(spent) == 1
    assert len(await rows(bot)) == 1


async def test_twenty_different_acts_at_once_are_one_chain(bot, customer, database_url):
    doors = [Sessions(open_engine(database_url)) for _ in range(4)]
    await asyncio.gather(
        *(
            commands.do(
                bot.dispatcher, doors[n % 4], spends(bot, customer, 1, key=f"k{n}"), bot.now
            )
            for n in range(20)
        )
    )
    for door in doors:
        await door.close()
    assert len(await rows(bot)) == 20
    assert await first_wrong(bot) is None
    assert await balance(bot, customer) == 280


@pytest.mark.parametrize(
    "change",
    [
        update(AuditRow).values(actor="owner:somebody"),
        update(AuditRow).values(detail={"points": 1}),
        update(AuditRow).values(action="void_redemption"),
        delete(AuditRow),
    ],
)
async def test_whoever_changes_the_log_is_found(bot, customer, change):
    for n in range(4):
        await bot.does(spends(bot, customer, 1, key=f"k{n}"))
    assert await first_wrong(bot) is None
    second = (await rows(bot))[1].id
    async with bot.session() as session:
        await session.execute(change.where(AuditRow.id == second))
    assert await first_wrong(bot) in {second, second + 1}


async def test_an_act_asks_for_its_debts_to_be_paid(bot, customer):
    await bot.does(spends(bot, customer))
    async with bot.session() as session:
        assert tasks.PAY in await tasks.take(session)
