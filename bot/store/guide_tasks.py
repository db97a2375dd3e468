"""What a guide is asked to do: asked once, finished once, passed on when she leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Guide
from bot.domain.delivery import GuideTask
from bot.domain.refusals import Refusal
from bot.store.customers.follows import guide_of
from bot.store.engine import upsert
from bot.store.vault import Vault

ABOUT = "guide_task.words"
CONTACT = "contact"
"""The kind of a contact that was suggested, not asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An open task with its words in clear, for the guide's own eyes."""

    task: GuideTask
    words: str | None


async def ask(  # noqa: PLR0913 - one keyword per thing the guide needs to know
    session: AsyncSession,
    vault: Vault,
    *,
    key: str,
    guide_id: int,
    customer_id: int | None,
    kind: str,
    why: str,
    now: datetime,
    words: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """The same key is asked once."""
    insert = upsert(session, GuideTask).values(
        key=key,
        guide_id=guide_id,
        customer_id=customer_id,
        kind=kind,
        why=why,
        words=await _sealed(session, vault, customer_id, words),
        created_at=now,
        due_at=due_at,
        state="open",
    )
    await session.execute(insert.on_conflict_do_nothing(index_elements=["key"]))


async def open_of(session: AsyncSession, vault: Vault, guide_id: int) -> list[Asked]:
    """Her open tasks, the most urgent first."""
    query = (
        select(GuideTask)
        .where(GuideTask.guide_id == guide_id, GuideTask.state == "open")
        .order_by(GuideTask.due_at.asc().nulls_last(), GuideTask.id)
    )
    tasks = (await session.scalars(query)).all()
    await vault.load_keys(session, {t.customer_id for t in tasks if t.customer_id is not None})
    return [Asked(task, _words(vault, task)) for task in tasks]


async def counts(session: AsyncSession, guide_ids: Sequence[int]) -> dict[int, int]:
    """How many tasks each guide has open."""
    query = (
        select(GuideTask.guide_id, func.count())
        .where(GuideTask.guide_id.in_(guide_ids), GuideTask.state == "open")
        .group_by(GuideTask.guide_id)
    )
    return dict((await session.execute(query)).all())


async def finish(
    session: AsyncSession,
    task_id: int,
    *,
    done: bool,
    now: datetime,
    guide_id: int | None = None,
    outcome: str | None = None,
) -> GuideTask:
    """Raises Refusal no_such_task | finished. Nothing but an open task can be finished."""
    task = await session.get(GuideTask, task_id, with_for_update=True)
    if task is None or guide_id not in {
        None,
        task.guide_id,
    }:  # another guide's is as unknown as none
        raise Refusal("no_such_task", "没有这个任务，可能已经撤回", status=404)
    if task.state != "open":
        raise Refusal("finished", "这个任务已经处理过了")
    task.state = "done" if done else "skipped"
    task.done_at, task.outcome = now, outcome
    await session.flush()
    return task


async def note(
    session: AsyncSession,
    *,
    key: str,
    guide_id: int,
    customer_id: int,
    why: str,
    state: str,
    outcome: str | None,
    now: datetime,
) -> int:
    """A contact that nobody asked for with a task, written down as one that is over."""
    task = GuideTask(
        key=key,
        guide_id=guide_id,
        customer_id=customer_id,
        kind=CONTACT,
        why=why,
        created_at=now,
        state=state,
        done_at=now,
        outcome=outcome,
    )
    session.add(task)
    await session.flush()
    return task.id


async def withdraw(session: AsyncSession, *, customer_id: int, kinds: Sequence[str]) -> int:
    """Nobody needs to do these any more."""
    these = (
        GuideTask.customer_id == customer_id,
        GuideTask.kind.in_(kinds),
        GuideTask.state == "open",
    )
    gone = await session.scalars(
        update(GuideTask).where(*these).values(state="withdrawn").returning(GuideTask.id)
    )
    return len(gone.all())


async def pass_on(session: AsyncSession, guide: Guide) -> tuple[int, int]:
    """Give a leaving guide's open tasks to the customers' other guides, or to a colleague of her store;
    how many were passed on, and how many nobody could take."""
    tasks = await session.scalars(
        select(GuideTask).where(GuideTask.guide_id == guide.id, GuideTask.state == "open")
    )
    passed = left = 0
    for task in tasks.all():
        heir = await _heir(session, guide, task)
        if heir is None:
            task.state, task.outcome = "withdrawn", "no_heir"
            left += 1
        else:
            task.guide_id = heir.id
            passed += 1
    await session.flush()
    return passed, left


async def _heir(session: AsyncSession, guide: Guide, task: GuideTask) -> Guide | None:
    if task.customer_id is not None:
        other = await guide_of(session, task.customer_id)
        if other is not None and other.id != guide.id:
            return other
    colleagues = (
        select(Guide)
        .where(Guide.store_id == guide.store_id, Guide.id != guide.id, Guide.active)
        .order_by(Guide.id)
    )
    return (await session.scalars(colleagues)).first()


async def _sealed(
    session: AsyncSession, vault: Vault, customer_id: int | None, words: str | None
) -> bytes | None:
    if words is None:
        return None
    if customer_id is None:
        return vault.seal(words, about=ABOUT)
    return await vault.seal_for(session, customer_id, words, about=ABOUT)


def _words(vault: Vault, task: GuideTask) -> str | None:
    if task.words is None:
        return None
    if task.customer_id is None:
        return vault.unseal(task.words, about=ABOUT)
    return vault.unseal_known(task.customer_id, task.words, about=ABOUT)
