"""Rounds that have ended: winners are drawn and told, what was said in a 接龙 goes to its group chats."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.games import Game
from bot.domain.group_posts import Post
from bot.domain.quotas import Limits, read_limits
from bot.domain.refusals import Refusal
from bot.store import (
    cases,
    contests,
    games,
    group_chats,
    group_posts,
    guide_tasks,
    offers,
    touches,
)
from bot.store.touches import Plan
from bot.work.context import Work

MOST_SHOWN = 30


async def end_due(work: Work) -> int:
    """End every round that is over, each in a transaction of its own and once."""
    limits, now = read_limits(work.content.limits), work.now()
    done = 0
    for game in work.content.games.of_kind("lottery", "chain"):
        async with work.sessions.reading() as session:
            over = await games.ended(session, game, game.round_at(now))
        for round_ in over:
            async with work.sessions.begin() as session:
                winners = await games.end(session, work.vault, game, round_, now)
                if winners is None:
                    continue
                done += 1
                if game.kind == "chain":
                    await _show(session, work, game, round_, limits=limits, now=now)
                await _reward(session, game, [one.customer_id for one in winners], round_, now)
    return done + await _end_contests(work)


async def _end_contests(work: Work) -> int:
    """Whoever has most votes gets the prize, and somebody to talk with about what else goes with it."""
    done, now = 0, work.now()
    for game in work.content.games.of_kind("contest"):
        async with work.sessions.begin() as session:
            best = await contests.end(session, game, now)
            if best is None:
                continue
            done += 1
            people = [entry.customer_id for entry in best]
            await _reward(session, game, people, contests.VOTE, now)
            await _ask_for_winners(session, work, game, people)
    return done


async def _ask_for_winners(
    session: AsyncSession, work: Work, game: Game, people: list[int]
) -> None:
    boss = await cases.in_charge(session)
    for customer_id in people if boss else ():
        assert boss is not None
        await guide_tasks.ask(
            session,
            work.vault,
            key=f"contest:{game.key}:{customer_id}",
            guide_id=boss.id,
            customer_id=customer_id,
            kind="contest",
            why=f"「{game.name}」得了奖，请联系她谈命名和怎么使用照片",
            now=work.now(),
        )


async def _reward(
    session: AsyncSession, game: Game, winners: list[int], round_: str, now: datetime
) -> None:
    plans: list[Plan] = []
    for customer_id in winners:
        try:
            async with session.begin_nested():
                await offers.issue(
                    session,
                    offer_key=game.offer or "",
                    customer_id=customer_id,
                    trigger=f"game:{game.key}:{round_}",
                    now=now,
                )
        except Refusal:
            continue  # the offer is over: its state tells so; nobody is promised anything
        plans.append(
            {
                "customer_id": customer_id,
                "template": "games/contest_won" if game.kind == "contest" else "games/won",
                "purpose": "service",
                "due_at": now,
            }
        )
    await touches.plan(session, plans, now)


async def _show(
    session: AsyncSession, work: Work, game: Game, round_: str, *, limits: Limits, now: datetime
) -> None:
    """One post for each chat of the family, in the owner's name, after her tap."""
    said = await games.words(session, work.vault, game, round_)
    if not said or game.group is None:
        return
    lines = [f"{place}. {text}" for place, (_, text) in enumerate(said[:MOST_SHOWN], 1)]
    head = work.content.render("games/chained", {"count": str(len(said))}, channel="group")
    text = "\n".join([f"「{game.name}」", head, *lines])
    for room in await group_chats.rooms_of(session, game.group):
        owner = await group_posts.owner_of(session, room)
        if owner is not None:
            await group_posts.plan(
                session,
                work.vault,
                room,
                owner,
                Post("play", "games/chained"),
                text=text,
                day=now.astimezone(limits.zone).date(),
                due_at=limits.hand_over_from(now),
                expires_at=limits.confirm_by(now),
                now=now,
            )
