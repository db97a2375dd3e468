"""Contact ways and join ways: codes hang on walls, so a dead or a changed one must be noticed."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    AddContactWay,
    GetContactWay,
    GetJoinWay,
    ListContactWays,
    Outcome,
    Refused,
    Sent,
    UpdateContactWay,
)
from bot.outbound import group_sync
from bot.outbound.contact_ways import LONGEST_REMARK
from bot.outbound.reconcile.round import Round
from bot.store import contact_ways, group_chats
from bot.store.contact_ways import Opened
from bot.store.group_chats import Code

GONE = 41044
SINCE = 1625846400
"""2021-07-10: older ways are told by no list. Without a start the platform lists ninety days only."""
MOST_STRANGERS = 100
"""Ways that we cannot place and look at in one night."""


async def compare_contact_ways(round_: Round) -> None:
    async with round_.work.sessions.reading() as session:
        known = await contact_ways.all_opened(session)
    for way in known:
        await _contact_way(round_, way)
    await _strangers(round_)


async def _contact_way(round_: Round, known: Opened) -> None:
    outcome = await round_.ask(GetContactWay(config_id=known.config_id))
    if _is_gone(outcome):
        await _open_anew(round_, known)
    elif not isinstance(outcome, Sent):
        round_.gap(f"contact_way:{known.state}", outcome)
    else:
        round_.report.compared["contact_way"] += 1
        await _alike(round_, known, outcome.answer["contact_way"])


def _is_gone(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.code == GONE


async def _open_anew(round_: Round, known: Opened) -> None:
    """What is printed leads nowhere now; at least the next print shall have a code that works."""
    if round_.repair:
        async with round_.turn() as turn:
            await contact_ways.closed(turn.session, known.state)
            if known.userids:
                await turn.owe(
                    AddContactWay(
                        userids=known.userids,
                        state=known.state,
                        remark=known.label[:LONGEST_REMARK],
                    ),
                    effect=f"contact-way:{known.state}:after:{known.config_id}",
                )
    round_.report.saw("contact_way", "missing_there", known.state, repaired=round_.repair)


async def _alike(round_: Round, known: Opened, way: dict[str, Any]) -> None:
    """Whom it adds is ours to say; what it looks like is theirs."""
    users = set(way.get("user") or ())
    wrong = bool(known.userids) and users != set(known.userids)
    stale = bool(way.get("qr_code")) and way["qr_code"] != known.qr_code
    if not wrong and not stale:
        return
    done = round_.repair
    if done and wrong:
        call = UpdateContactWay(
            config_id=known.config_id,
            userids=known.userids,
            state=known.state,
            remark=known.label[:LONGEST_REMARK],
        )
        done = isinstance(await round_.ask(call), Sent)
    if done and stale:
        await _keep(round_, known.state, known.config_id, way)
    round_.report.saw("contact_way", "differing", known.state, repaired=done)


async def _keep(round_: Round, state: str, config_id: str, way: dict[str, Any]) -> None:
    async with round_.turn() as turn:
        await contact_ways.opened(
            turn.session, state, config_id=config_id, qr_code=way.get("qr_code")
        )


async def _strangers(round_: Round) -> None:
    """Ways made without us, or whose answer was lost: each state is a source that customers come from."""
    listed: list[str] = []
    async for outcome in round_.pages(
        lambda cursor: ListContactWays(cursor=cursor, start_time=SINCE)
    ):
        if not isinstance(outcome, Sent):
            round_.gap("contact_ways", outcome)
            return
        listed += [way["config_id"] for way in outcome.answer.get("contact_way") or ()]
    async with round_.work.sessions.reading() as session:
        unknown = await contact_ways.unknown_among(session, listed)
    for config_id in unknown[:MOST_STRANGERS]:
        outcome = await round_.ask(GetContactWay(config_id=config_id))
        if isinstance(outcome, Sent) and outcome.answer["contact_way"].get("state"):
            await _adopt(round_, config_id, outcome.answer["contact_way"])


async def _adopt(round_: Round, config_id: str, way: dict[str, Any]) -> None:
    async with round_.turn() as turn:
        known = await contact_ways.by_state(turn.session, way["state"])
        if known is not None and known.config_id is not None:
            return  # a second code of a source that we have
        if round_.repair:
            await contact_ways.adopt(
                turn.session,
                state=way["state"],
                label=way.get("remark") or way["state"],
                users=way.get("user") or (),
            )
            await contact_ways.opened(
                turn.session, way["state"], config_id=config_id, qr_code=way.get("qr_code")
            )
    round_.report.saw("contact_way", "missing_here", way["state"], repaired=round_.repair)


async def compare_join_ways(round_: Round) -> None:
    async with round_.work.sessions.reading() as session:
        known = await group_chats.codes(session)
        rooms = set(await group_chats.seats(session))
    for config_id, code in known.items():
        outcome = await round_.ask(GetJoinWay(config_id=config_id))
        if _is_gone(outcome):
            await _lost_code(round_, config_id, code)
        elif not isinstance(outcome, Sent):
            round_.gap(f"join_way:{config_id}", outcome)
        elif way := outcome.answer.get("join_way"):
            round_.report.compared["join_way"] += 1
            behind = rooms.intersection(way.get("chat_id_list") or ())
            if behind != code.chat_ids or way.get("qr_code", "") != code.qr_code:
                if round_.repair:
                    async with round_.turn() as turn:
                        await group_sync.take_over_code(turn, config_id, way)
                round_.report.saw("join_way", "differing", config_id, repaired=round_.repair)


async def _lost_code(round_: Round, config_id: str, code: Code) -> None:
    if round_.repair:
        async with round_.turn() as turn:
            await group_chats.forget_code(
                turn.session, turn.vault, config_id, code.rule_key, turn.now
            )
    round_.report.saw("join_way", "missing_there", config_id, repaired=round_.repair)
