"""Group chats and who sits in them: one question per room, for the list tells only which rooms there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.calls import GetGroupChat, ListGroupChats, Refused, Sent
from bot.outbound import group_sync
from bot.outbound.reconcile.round import Round
from bot.store import group_chats
from bot.store.group_chats import RoomFacts

TOO_MANY = 81017
"""Without owners the platform lists no more than a thousand members' rooms."""
OWNERS = 100
NO_SUCH_CHAT = ("no_such_chat", "bad_request")


async def compare_rooms(round_: Round, userids: Sequence[str]) -> None:
    there = await _listed(round_, userids)
    if there is None:
        return
    async with round_.work.sessions.reading() as session:
        here = await group_chats.seats(session)
    round_.report.compared["group_chat"] = len(there)
    for chat_id in there:
        await _room(round_, chat_id, here.get(chat_id))
    for chat_id, facts in here.items():
        if facts.state != "dismissed" and chat_id not in there:
            await _missed(round_, chat_id)


async def _listed(round_: Round, userids: Sequence[str]) -> list[str] | None:
    found = await _pages(round_, ())
    if found == TOO_MANY:
        found = []
        for start in range(0, len(userids), OWNERS):
            some = await _pages(round_, tuple(userids[start : start + OWNERS]))
            if isinstance(some, int):
                return None
            found += some
    return None if isinstance(found, int) else found


async def _pages(round_: Round, owners: tuple[str, ...]) -> list[str] | int:
    """The rooms of these owners, or the code with which the platform would not tell."""
    found: list[str] = []
    async for outcome in round_.pages(lambda cursor: ListGroupChats(owners=owners, cursor=cursor)):
        if isinstance(outcome, Refused) and outcome.code == TOO_MANY and not owners:
            return TOO_MANY
        if not isinstance(outcome, Sent):
            round_.gap("group_chats", outcome)
            return getattr(outcome, "code", 0)
        found += [chat["chat_id"] for chat in outcome.answer.get("group_chat_list") or ()]
    return found


async def _room(round_: Round, chat_id: str, known: RoomFacts | None) -> None:
    outcome = await round_.ask(GetGroupChat(chat_id=chat_id))
    if not isinstance(outcome, Sent) or "group_chat" not in outcome.answer:
        round_.gap(f"group_chat:{chat_id}", outcome)
        return
    chat = {"chat_id": chat_id} | outcome.answer["group_chat"]
    if not _compared(round_, chat, known) or not round_.repair:
        return
    async with round_.turn() as turn:
        await group_sync.take_over(turn, chat, reopen=True)


def _compared(round_: Round, chat: Mapping[str, Any], known: RoomFacts | None) -> bool:
    """Whether anything differs; each difference is noted."""
    saw, mended, chat_id = round_.report.saw, round_.repair, chat["chat_id"]
    sitting = {member["userid"] for member in chat.get("member_list") or ()}
    round_.report.compared["group_member"] += len(sitting)
    if known is None or known.state == "dismissed":
        saw("group_chat", "missing_here", chat_id, repaired=mended)
        known = RoomFacts(
            str(chat.get("name") or ""), str(chat.get("owner") or ""), "", frozenset()
        )
        differs = True
    else:
        differs = (known.name, known.owner) != (chat.get("name") or "", chat.get("owner") or "")
        if differs:
            saw("group_chat", "differing", chat_id, repaired=mended)
    for member in sorted(sitting - known.members):
        saw("group_member", "missing_here", f"{chat_id}:{member}", repaired=mended)
    for member in sorted(known.members - sitting):
        saw("group_member", "missing_there", f"{chat_id}:{member}", repaired=mended)
    return differs or sitting != known.members


async def _missed(round_: Round, chat_id: str) -> None:
    """Dissolved, or only out of our sight? A room that still answers is not given up."""
    outcome = await round_.ask(GetGroupChat(chat_id=chat_id))
    if not isinstance(outcome, Refused) or outcome.reason not in NO_SUCH_CHAT:
        round_.gap(f"group_chat:{chat_id}", outcome)
        return
    if round_.repair:
        async with round_.turn() as turn:
            await group_chats.dissolve(turn.session, turn.vault, chat_id, turn.now)
    round_.report.saw("group_chat", "missing_there", chat_id, repaired=round_.repair)
