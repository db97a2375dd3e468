"""A person's act: permission, idempotency, effect, audit row and answer in one transaction."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.permissions import Matrix, asks, may, needs_second
from bot.domain.refusals import Later, Refusal
from bot.events import dump, kind_of, load
from bot.events.commands import Command, DecideProposal
from bot.inbound.dispatch import Dispatcher
from bot.inbound.turn import Answer
from bot.store import answers, audit, audit_trail, proposals, tasks
from bot.store.engine import Sessions, until_free
from bot.tongue import _

# Never part of an audit row or of what makes two requests equal.
_ENVELOPE = ("event", "at", "actor", "key")
_PRIVATE = (
    "text",
    "evidence",
    "resolution",
    "password_hash",
    "picture",
    "pin_hash",
    "token_hash",
    "phone",
    "said",
)
AGREED = "proposal:"
_REFUSAL = ("refused", "words", "status", "state")


@cache
def matrix() -> Matrix:
    text = files("bot.domain").joinpath("permissions.yaml").read_text(encoding="utf-8")
    loaded: Matrix = yaml.safe_load(text)
    return loaded


async def do(
    dispatcher: Dispatcher,
    sessions: Sessions,
    command: Command,
    now: datetime,
    *,
    waits: bool = True,
) -> dict[str, Any]:
    """Perform the act, or give the stored answer of the same act; `waits` for it where it is under way.

    Raises Refusal: forbidden (403), key_reused (422) or whatever the rule says; a refusal is stored like an answer,
    unless it says Later.
    """
    if not asks(matrix(), command.permission, command.actor.kind):
        raise Refusal("forbidden", "你的角色不能做这件事", status=403)
    body = dump(command)
    facts = {name: value for name, value in body.items() if name not in _ENVELOPE}
    if command.undoes is None:
        del facts["undoes"]
    digest = hashlib.sha256(
        json.dumps([body["event"], facts], sort_keys=True).encode()
    ).hexdigest()

    async def once() -> dict[str, Any]:
        async with sessions.begin() as session:
            if not waits:
                await answers.alone(session, actor=str(command.actor), key=command.key)
            stored = await answers.begin(
                session, actor=str(command.actor), key=command.key, body_hash=digest, now=now
            )
            if stored is None:
                second = needs_second(matrix(), command.permission, command.actor.kind)
                if second:
                    stored = await propose(session, command, now)
                else:
                    stored = await _perform(dispatcher, session, command, now)
                await _note(session, command, facts, stored, now)
            return stored

    told = await until_free(once)
    if "refused" in told:
        raise _refusal(told)
    return told


async def _note(
    session: AsyncSession,
    command: Command,
    facts: dict[str, Any],
    told: dict[str, Any],
    now: datetime,
) -> None:
    """The answer beside its key, the audit row, and word to whoever pays what is owed now."""
    await answers.finish(session, actor=str(command.actor), key=command.key, answer=told)
    await audit.append(
        session,
        at=now,
        actor=str(command.actor),
        action=kind_of(command),
        subject=_subject(facts),
        detail={k: v for k, v in facts.items() if k not in _PRIVATE}
        | {name: told[name] for name in ("before", "after") if name in told}
        | {"refused": told.get("refused")},
        store=command.actor.store,
        undoes=None if "refused" in told else told.get("undoes", command.undoes),
    )
    await tasks.ask(session, tasks.PAY)


def _refusal(stored: dict[str, Any]) -> Refusal:
    facts = {name: value for name, value in stored.items() if name not in _REFUSAL}
    return Refusal(stored["refused"], stored["words"], status=stored["status"], facts=facts)


async def _perform(
    dispatcher: Dispatcher, session: AsyncSession, command: Command, now: datetime
) -> dict[str, Any]:
    key = f"{command.actor}|{command.key}"
    try:
        async with session.begin_nested():
            if isinstance(command, DecideProposal):
                return await _decide(dispatcher, session, command, now)
            await _not_yet_undone(session, command)
            result = await dispatcher.tell(session, command, key=key, now=now)
            await session.flush()
    except Later:
        raise
    except Refusal as refusal:
        return {"refused": refusal.reason, "words": refusal.words, "status": refusal.status}
    return result.facts if isinstance(result, Answer) else {}


async def propose(session: AsyncSession, command: Command, now: datetime) -> dict[str, Any]:
    """Not done, and not refused: whoever asked is told that somebody else has to agree.

    A handler answers with this where only its facts show that two people are needed.
    """
    number = await proposals.ask(
        session, kind=kind_of(command), body=dump(command), by=str(command.actor), now=now
    )
    words = "已经提交，等另一位有权限的人在「等第二个人」里同意；24 小时内有效"
    told = {"refused": "second_person", "words": words, "status": 202}
    return told | {"proposal_id": number}


def agreed(key: str) -> bool:
    """Whether this act is done with the yes of a second person."""
    return key.startswith(AGREED)


async def _decide(
    dispatcher: Dispatcher, session: AsyncSession, command: DecideProposal, now: datetime
) -> dict[str, Any]:
    """Somebody else, with the same right and nothing changed: then it is done as it was asked for."""
    proposal = await proposals.decide(
        session, command.proposal_id, agreed=command.agreed, by=str(command.actor), now=now
    )
    asked = load(proposal.body)
    assert isinstance(asked, Command)
    if not may(matrix(), asked.permission, command.actor.kind):
        raise Refusal("forbidden", "你的角色不能同意这件事", status=403)
    facts: dict[str, Any] = {"proposal_id": proposal.id, "state": proposal.state}
    if not command.agreed:
        return facts
    await _not_yet_undone(session, asked)
    if asked.undoes is not None:
        facts["undoes"] = asked.undoes
    result = await dispatcher.tell(session, asked, key=f"{AGREED}{proposal.id}", now=now)
    await session.flush()
    return (result.facts if isinstance(result, Answer) else {}) | facts


async def _not_yet_undone(session: AsyncSession, command: Command) -> None:
    """Whoever comes second, from whichever page, is told so and changes nothing."""
    if command.undoes is None:
        return
    await audit.hold(session)
    if await audit_trail.taken_back(session, [command.undoes]):
        raise Refusal("already_undone", _("这件事已经有人撤销了"))


def _subject(facts: dict[str, Any]) -> str:
    for name, value in facts.items():
        if name.endswith("_id") or name in {"code", "group", "name"}:
            return f"{name}:{value}"
    return ""
