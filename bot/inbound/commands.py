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

from bot.domain.permissions import Matrix, may
from bot.domain.refusals import Refusal
from bot.events import dump, kind_of
from bot.events.commands import Command
from bot.inbound.dispatch import Dispatcher
from bot.inbound.turn import Answer
from bot.store import answers, audit, tasks
from bot.store.engine import Sessions, until_free

# Never part of an audit row or of what makes two requests equal.
_ENVELOPE = ("event", "at", "actor", "key")
_PRIVATE = ("text", "evidence", "resolution")
_REFUSAL = ("refused", "words", "status", "state")


@cache
def matrix() -> Matrix:
    text = files("bot.domain").joinpath("permissions.yaml").read_text(encoding="utf-8")
    loaded: Matrix = yaml.safe_load(text)
    return loaded


async def do(
    dispatcher: Dispatcher, sessions: Sessions, command: Command, now: datetime
) -> dict[str, Any]:
    """Perform the act, or give the stored answer of the same act.

    Raises Refusal: forbidden (403), key_reused (422) or whatever the rule says; a refusal is stored like an answer.
    """
    if not may(matrix(), command.permission, command.actor.kind):
        raise Refusal("forbidden", "你的角色不能做这件事", status=403)
    body = dump(command)
    facts = {name: value for name, value in body.items() if name not in _ENVELOPE}
    digest = hashlib.sha256(
        json.dumps([body["event"], facts], sort_keys=True).encode()
    ).hexdigest()

    async def once() -> dict[str, Any]:
        async with sessions.begin() as session:
            stored = await answers.begin(
                session, actor=str(command.actor), key=command.key, body_hash=digest, now=now
            )
            if stored is None:
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
            result = await dispatcher.tell(session, command, key=key, now=now)
            await session.flush()
    except Refusal as refusal:
        return {"refused": refusal.reason, "words": refusal.words, "status": refusal.status}
    return result.facts if isinstance(result, Answer) else {}


def _subject(facts: dict[str, Any]) -> str:
    for name, value in facts.items():
        if name.endswith("_id") or name in {"code", "group", "name"}:
            return f"{name}:{value}"
    return ""
