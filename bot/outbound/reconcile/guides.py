"""Guides: who may serve customers, who has left, and in which chains their customers are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.calls import GetMember, ListGuides, Refused, Sent
from bot.outbound.reconcile.round import Round
from bot.store import customers, ties
from bot.store.ties import GuideFacts

MOST_GUIDES = 100
"""The platform lists the customers of so many guides in one chain of pages."""
MOST_CUSTOMERS = 5000
"""A chain that breaks tells nothing of who is absent: it should not be too long."""
LEFT = "no_such_guide"


async def compare_guides(round_: Round) -> Mapping[str, int] | None:
    """How many customers each guide of the platform has here; None when it does not tell its guides."""
    outcome = await round_.ask(ListGuides())
    if not isinstance(outcome, Sent):
        round_.gap("guides", outcome)
        return None
    there = list(outcome.answer.get("follow_user") or ())
    async with round_.work.sessions.reading() as session:
        here = await ties.guides(session)
    round_.report.compared["guide"] = len(there)
    for userid in there:
        if userid not in here or not here[userid].active:
            round_.report.saw("guide", "missing_here", userid, repaired=round_.repair)
        if round_.repair and (userid not in here or _nameless(userid, here)):
            await _meet(round_, userid)
    for userid, facts in here.items():
        if userid not in there and facts.active and facts.customers:
            await _missed(round_, userid)
    return {userid: here[userid].customers if userid in here else 0 for userid in there}


def _nameless(userid: str, here: Mapping[str, GuideFacts]) -> bool:
    return not here[userid].active or here[userid].name == userid


async def _meet(round_: Round, userid: str) -> None:
    outcome = await round_.ask(GetMember(userid=userid))
    async with round_.turn() as turn:
        guide = await customers.guide_by_userid(turn.session, userid)
        guide.active = True
        if isinstance(outcome, Sent) and outcome.answer.get("name"):
            guide.name = outcome.answer["name"]


async def _missed(round_: Round, userid: str) -> None:
    """Has she left, or lost only the right to serve customers? No callback tells either."""
    outcome = await round_.ask(GetMember(userid=userid))
    left = isinstance(outcome, Refused) and outcome.reason == LEFT
    if left and round_.repair:
        async with round_.turn() as turn:
            guide = await customers.guide_by_userid(turn.session, userid)
            guide.active = False
    if left or isinstance(outcome, Sent):
        round_.report.saw("guide", "missing_there", userid, repaired=left and round_.repair)
    else:
        round_.gap(f"guide:{userid}", outcome)


def chains(sizes: Mapping[str, int]) -> list[Sequence[str]]:
    """Guides who are asked about together: as few calls as possible, and no chain too long."""
    made: list[list[str]] = []
    room = 0
    for userid, size in sizes.items():
        if not made or len(made[-1]) == MOST_GUIDES or (size > room and made[-1]):
            made.append([])
            room = MOST_CUSTOMERS
        made[-1].append(userid)
        room -= size
    return list(made)
