"""Groups, cases and games under any sequence of acts behave as a few dictionaries do."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import Content, load_content
from bot.domain.cases import Case
from bot.domain.customers import Customer
from bot.domain.delivery import GuideTask
from bot.domain.games import Game, GameEntry, drawn
from bot.domain.group_chats import GroupChat, GroupMember
from bot.outbound.groups import demote_due
from bot.settings import Settings
from bot.store import cases, games, group_chats
from tests.builders import a_guide
from tests.conftest import SECRET
from tests.harness import Bot
from tests.outbound.test_groups import FAMILY
from tests.store.test_benefit_machines import VAULT, World

FEW = settings(max_examples=40, stateful_step_count=15, deadline=None, derandomize=True)
WHO, ROOM = st.integers(0, 2), st.integers(0, 1)
GRACE = timedelta(days=int(str(FAMILY["grace_days"])))


@cache
def content() -> Content:
    return load_content(Path(__file__).parents[2] / "content")


class Living(World):
    """A world with the bot in it."""

    def __init__(self) -> None:
        super().__init__()
        url = self.url
        self.bot = Bot(self.sessions, content(), Settings(database_url=url, secret_key=SECRET))
        self.owner = self.act(lambda session: a_guide(session, userid="owner")).id


class Groups(Living):
    """Whoever is listed sits there; who does not belong is told, spared for days, and asked about once."""

    def __init__(self) -> None:
        super().__init__()
        self.belongs = dict.fromkeys(range(3), False)
        self.seats: dict[tuple[int, int], dict[str, Any]] = {}
        self.act(self.begin)

    async def begin(self, session: AsyncSession) -> None:
        await group_chats.publish_rules(session, {"groups": [FAMILY]}, self.bot.now)
        for room in range(2):
            await self.listed(session, room, [])
        for chat in await session.scalars(select(GroupChat)):
            chat.rule_key = "benefit"

    async def listed(self, session: AsyncSession, room: int, who: list[int]) -> None:
        rows = await session.scalars(select(Customer).where(Customer.id.in_(self.customers)))
        names = {row.id: f"wm-{row.id}" for row in rows}
        told = [{"userid": names[self.customers[one]], "type": 2} for one in who]
        chat = {"chat_id": f"wr{room}", "name": f"青禾福利群 {room}", "owner": "owner"}
        found = await group_chats.room_of(session, chat | {"member_list": told}, self.bot.now)
        await group_chats.seat(session, VAULT, found, told, self.bot.now)
        for member in await session.scalars(
            select(GroupMember).where(GroupMember.group_chat_id == found.id)
        ):
            member.customer_id = int(member.member_id.removeprefix("wm-"))

    @rule(room=ROOM, who=st.sets(WHO))
    def platform_lists(self, room: int, who: set[int]) -> None:
        self.act(lambda session: self.listed(session, room, sorted(who)))
        for one in range(3):
            seat = self.seats.get((room, one))
            if one in who and (seat is None or not seat["sits"]):
                flagged = bool(seat and seat["flagged"])
                self.seats[room, one] = {"sits": True, "grace": None, "flagged": flagged}
            elif one not in who and seat is not None and seat["sits"]:
                seat.update(sits=False, grace=None)

    @rule(who=WHO)
    def turn_coat(self, who: int) -> None:
        self.belongs[who] = not self.belongs[who]
        region = "上海" if self.belongs[who] else "北京"

        async def move(session: AsyncSession) -> None:
            (await session.get_one(Customer, self.customers[who])).region = region

        self.act(move)

    @rule(days=st.sampled_from([0, 3, 8]))
    def a_night(self, days: int) -> None:
        self.bot.clock.advance(days=days)
        for _ in range(2):
            self.loop.run_until_complete(demote_due(self.bot.work))
        for (_, who), seat in self.seats.items():
            if not seat["sits"] or seat["flagged"]:
                continue
            if self.belongs[who]:
                seat["grace"] = None
            elif seat["grace"] is None:
                seat["grace"] = self.bot.now + GRACE
            elif seat["grace"] <= self.bot.now:
                seat["flagged"] = True

    @invariant()
    def the_rooms_agree(self) -> None:
        async def look(session: AsyncSession) -> tuple[dict[Any, Any], int]:
            rows = await session.execute(
                select(GroupChat.chat_id, GroupMember).join(
                    GroupMember, GroupMember.group_chat_id == GroupChat.id
                )
            )
            found = {
                (int(chat[2:]), self.customers.index(row.customer_id or 0)): {
                    "sits": row.left_at is None,
                    "grace": row.grace_until,
                    "flagged": row.flagged_at is not None,
                }
                for chat, row in rows
            }
            asked = select(GuideTask).where(GuideTask.kind == "group_remove")
            return found, len((await session.scalars(asked)).all())

        found, asked = self.act(look)
        assert found == self.seats
        assert asked == sum(seat["flagged"] for seat in self.seats.values())


class Cases(Living):
    """One open case for each matter of hers; she is spared advertising exactly while one is open."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[tuple[int, str], tuple[int, str]] = {}
        self.levels: dict[int, int] = {}
        self.numbers = itertools.count(1)

    @property
    def picked(self) -> list[tuple[int, str]]:
        return sorted(self.live)

    @rule(who=WHO, about=st.sampled_from(["quality", "delivery"]))
    def complain(self, who: int, about: str) -> None:
        async def say(session: AsyncSession) -> Case:
            return await cases.open_case(
                session,
                VAULT,
                customer_id=self.customers[who],
                text="坏了",
                channel="kf",
                source=f"m{next(self.numbers)}",
                category=about,
                now=self.bot.now,
            )

        case = self.act(say)
        known = self.live.get((who, about))
        state = "open" if known is None else known[1]
        self.live[who, about] = (case.id, "answered" if state == "waiting" else state)
        assert known is None or known[0] == case.id
        self.levels.setdefault(case.id, 1)

    @precondition(lambda self: self.live)
    @rule(number=st.integers(0, 5), waits=st.booleans())
    def answer(self, number: int, waits: bool) -> None:
        which = self.picked[number % len(self.live)]
        case_id, state = self.live[which]

        async def say(session: AsyncSession) -> None:
            case = await cases.get(session, case_id)
            await cases.answer(
                session, VAULT, case, text="在换", actor="care", waits=waits, now=self.bot.now
            )

        self.act(say)
        said = "waiting" if waits else "answered" if state == "open" else state
        self.live[which] = (case_id, said)

    @precondition(lambda self: self.live)
    @rule(number=st.integers(0, 5))
    def close(self, number: int) -> None:
        case_id, _ = self.live.pop(self.picked[number % len(self.live)])

        async def end(session: AsyncSession) -> None:
            case = await cases.get(session, case_id)
            await cases.close(session, VAULT, case, text="好了", actor="care", now=self.bot.now)

        assert [self.refused(end), self.refused(end)] == ["", "case_closed"]

    @precondition(lambda self: self.live)
    @rule(number=st.integers(0, 5), to=st.integers(1, 3))
    def escalate(self, number: int, to: int) -> None:
        case_id, _ = self.live[self.picked[number % len(self.live)]]

        async def raise_it(session: AsyncSession) -> bool:
            case = await cases.get(session, case_id)
            step = await cases.escalate(
                session, VAULT, case, to=to, why="难", actor="care", now=self.bot.now
            )
            return step is not None

        assert self.act(raise_it) == (to > self.levels[case_id])
        self.levels[case_id] = max(self.levels[case_id], to)

    @invariant()
    def the_books_agree(self) -> None:
        async def look(session: AsyncSession) -> tuple[Any, ...]:
            rows = (await session.scalars(select(Case))).all()
            held = select(Customer.id).where(Customer.marketing_held)
            return rows, set(await session.scalars(held))

        rows, held = self.act(look)
        open_ = {
            (self.customers.index(row.customer_id), row.category): (row.id, row.state)
            for row in rows
            if row.state != "closed"
        }
        assert open_ == self.live
        assert {row.id: row.level for row in rows} == self.levels
        assert held == {self.customers[who] for who, _ in self.live}
        assert all((row.live is None) == (row.state == "closed") for row in rows)


DRAW = Game(key="draw", kind="lottery", name="抽奖", says=("抽奖",), winners=1, offer="gift")
POLL = Game(key="poll", kind="vote", name="投票", says=("投票",), ask="哪个", choices=("甲", "乙"))


class Games(Living):
    """One voice and one ticket each; a draw ends once, and anybody can recompute who won."""

    def __init__(self) -> None:
        super().__init__()
        self.voices: dict[int, str] = {}
        self.tickets: dict[str, dict[int, str]] = {}
        self.ended: dict[str, list[str]] = {}
        self.week: datetime = self.bot.now

    @rule(who=WHO, choice=st.sampled_from(POLL.choices))
    def vote(self, who: int, choice: str) -> None:
        entered = self.enter(POLL, "", who, choice)
        assert entered == (who not in self.voices)
        self.voices.setdefault(who, choice)

    @rule(who=WHO)
    def take_a_ticket(self, who: int) -> None:
        round_ = DRAW.round_at(self.bot.now)

        async def number(session: AsyncSession) -> str:
            return await games.ticket(session, VAULT, DRAW, round_, self.customers[who])

        hers = self.tickets.setdefault(round_, {})
        ticket = self.act(number)
        assert self.enter(DRAW, round_, who, ticket) == (who not in hers)
        hers[who] = ticket

    def enter(self, game: Game, round_: str, who: int, choice: str) -> bool:
        async def go(session: AsyncSession) -> GameEntry | None:
            return await games.enter(
                session,
                VAULT,
                game,
                round_=round_,
                customer_id=self.customers[who],
                choice=choice,
                now=self.bot.now,
            )

        return self.act(go) is not None

    @rule(days=st.integers(1, 8))
    def wait_and_end(self, days: int) -> None:
        self.bot.clock.advance(days=days)
        now = DRAW.round_at(self.bot.now)
        over = self.act(lambda session: games.ended(session, DRAW, now))
        due = [one for one in self.tickets if one < now and one not in self.ended]
        assert sorted(over) == sorted(due)
        for round_ in over:
            ended = [
                self.act(lambda s, r=round_: games.end(s, VAULT, DRAW, r, self.bot.now))
                for _ in range(2)
            ]
            assert ended[1] is None
            self.ended[round_] = [one.choice for one in ended[0]]

    @invariant()
    def nobody_has_two_voices_and_the_lowest_hash_wins(self) -> None:
        counted = self.act(lambda session: games.tally(session, POLL, ""))
        said = list(self.voices.values())
        assert counted == {one: said.count(one) for one in set(said)}
        for round_, won in self.ended.items():
            seed = games.seed_of(VAULT, DRAW, round_)
            assert won == drawn(seed, self.tickets[round_].values(), DRAW.winners)


@pytest.mark.parametrize("machine", [Groups, Cases, Games])
def test_any_sequence_of_acts_keeps_what_was_promised(machine):
    case = machine.TestCase()
    case.settings = FEW
    case.runTest()
