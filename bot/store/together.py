"""What several handlers ask of the database at the same stage is asked once, for all of them.

A statement costs about the same for one event as for fifty. So the events of a batch may be handled side by side: each
goes on until it asks for something that can be asked for many, and waits there. When all wait, whatever they ask alike
becomes one call, and all go on with their answers. Everything else that a handler does is done at once and alone, as
if there were no others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from types import coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

One = TypeVar("One")
Answer = TypeVar("Answer")
Many = Callable[[AsyncSession, Sequence[One]], Awaitable[Sequence[Answer]]]
"""Asks for many at once; an answer for each of them, in their order."""

ABREAST = "siyu_abreast"
"""The savepoint of a session in which those who are side by side set out."""


@dataclass(frozen=True, slots=True)
class _Asked:
    many: Many[Any, Any]
    one: Any


@dataclass(frozen=True, slots=True)
class _Ended:
    result: Any


async def together(session: AsyncSession, many: Many[One, Answer], one: One) -> Answer:
    """The answer for this one; asked together with whoever asks the same of many side by side."""
    if _is_abreast(session):
        told: Answer = await _wait(_Asked(many, one))
        return told
    (answer,) = await many(session, [one])
    return answer


def _is_abreast(session: AsyncSession) -> bool:
    # Within a savepoint of one's own one is alone: what is undone with that must be one's own.
    inside = session.sync_session.get_nested_transaction()
    return ABREAST in session.info and session.info[ABREAST] is inside


async def side_by_side(
    session: AsyncSession, works: Sequence[Coroutine[Any, Any, Answer]]
) -> list[Answer]:
    """What becomes of each, in their order. The first that breaks breaks all: undoing is the caller's."""
    try:
        return await _abreast(session, works)
    finally:
        session.info.pop(ABREAST, None)
        for work in works:
            work.close()


@coroutine
def _wait(asked: _Asked) -> Generator[Any, Any, Any]:
    return (yield asked)


@coroutine
def _abreast(
    session: AsyncSession, works: Sequence[Coroutine[Any, Any, Any]]
) -> Generator[Any, Any, list[Any]]:
    results: list[Any] = [None] * len(works)
    ready: list[tuple[int, Any]] = [(place, None) for place in range(len(works))]
    while ready:
        asked: dict[Many[Any, Any], list[tuple[int, Any]]] = {}
        session.info[ABREAST] = session.sync_session.get_nested_transaction()
        for place, answer in ready:
            step = yield from _go_on(works[place], answer)
            if isinstance(step, _Asked):
                asked.setdefault(step.many, []).append((place, step.one))
            else:
                results[place] = step.result
        del session.info[ABREAST]
        ready = []
        for many, those in asked.items():
            answers = yield from many(session, [one for _, one in those]).__await__()
            ready += [(place, got) for (place, _), got in zip(those, answers, strict=True)]
    return results


def _go_on(work: Coroutine[Any, Any, Any], answer: Any) -> Generator[Any, Any, _Asked | _Ended]:
    """Until it asks or ends. What it waits for in between (the driver of the database) is waited for at once."""
    try:
        step = work.send(answer)
        while not isinstance(step, _Asked):
            try:
                given = yield step
            except BaseException as bug:  # noqa: BLE001 - it is his, whatever it is
                step = work.throw(bug)
            else:
                step = work.send(given)
    except StopIteration as end:
        return _Ended(end.value)
    return step
