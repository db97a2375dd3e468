"""What happens to a case, each step written once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.clocks import LEVELS, next_mark, pause, resume
from bot.domain.cases.entities import Case, CaseStep
from bot.domain.refusals import Refusal
from bot.store import business_calendar
from bot.store.bulk import among
from bot.store.engine import dialect_of, upsert
from bot.store.family import family
from bot.store.together import together
from bot.store.vault import Vault

ABOUT = "case_step.text"


async def get(session: AsyncSession, case_id: int) -> Case:
    """Raises Refusal no_such_case."""
    case = await session.get(Case, case_id, with_for_update=True)
    if case is None:
        raise Refusal("no_such_case", "没有这条客诉", status=404)
    return case


async def add_step(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    kind: str,
    *,
    now: datetime,
    actor: str = "system:siyu",
    text: str | None = None,
    level: int | None = None,
) -> CaseStep | None:
    """None when this step was taken before, by whichever process."""
    sealed = None
    if text is not None:
        sealed = await vault.seal_for(session, case.customer_id, text, about=ABOUT)
    insert = upsert(session, CaseStep).values(
        case_id=case.id,
        kind=kind,
        level=case.level if level is None else level,
        at=now,
        actor=actor,
        text=sealed,
    )
    once = insert.on_conflict_do_nothing(index_elements=["case_id", "kind", "level"])
    step_id = await session.scalar(once.returning(CaseStep.id))
    return None if step_id is None else await session.get(CaseStep, step_id)


async def add_note(
    session: AsyncSession, vault: Vault, case: Case, *, text: str, actor: str, now: datetime
) -> None:
    """Her own words also end the waiting for her."""
    await numbered(session, vault, case, "note", now=now, actor=actor, text=text)
    if actor == "customer" and case.state == "waiting":
        resume(case, now, await business_calendar.load(session))
        await numbered(session, vault, case, "resumed", now=now, actor=actor)
        await look_again(session, case)


async def answer(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    *,
    text: str,
    actor: str,
    waits: bool,
    now: datetime,
) -> CaseStep:
    """Raises Refusal case_closed. `waits`: the customer has to do something next."""
    if case.state == "closed":
        raise Refusal("case_closed", "这条客诉已经关闭了")
    step = None
    if case.answered_at is None:
        case.answered_at, case.state = now, "answered"
        step = await add_step(
            session, vault, case, "answered", now=now, actor=actor, text=text, level=1
        )
    step = step or await numbered(
        session, vault, case, "answered", now=now, actor=actor, text=text
    )
    if waits:
        pause(case, now)
        await numbered(session, vault, case, "waiting", now=now, actor=actor)
    else:
        await look_again(session, case)
    return step


async def escalate(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    *,
    to: int,
    why: str,
    actor: str,
    now: datetime,
) -> CaseStep | None:
    """None when the case stands that high already."""
    if case.state == "closed" or case.level >= to:
        return None
    case.level = min(to, max(LEVELS))
    return await add_step(session, vault, case, "escalated", now=now, actor=actor, text=why)


async def step_of(session: AsyncSession, case_id: int, kind: str, level: int) -> CaseStep | None:
    found: CaseStep | None = await session.scalar(
        select(CaseStep).where(
            CaseStep.case_id == case_id, CaseStep.kind == kind, CaseStep.level == level
        )
    )
    return found


async def live_of(session: AsyncSession, customer_id: int) -> Case | None:
    """The newest case of hers that is not closed."""
    return await together(session, _live_of, await family(session, customer_id))


async def _live_of(session: AsyncSession, families: Sequence[Sequence[int]]) -> list[Case | None]:
    asked = {"records": sorted({one for hers in families for one in hers})}
    found = (await session.scalars(_live(dialect_of(session)), asked)).all()
    return [next((case for case in found if case.customer_id in hers), None) for hers in families]


@cache
def _live(dialect: str) -> Select[Case]:
    theirs = among(dialect, Case.customer_id, "records")
    return select(Case).where(theirs, Case.state != "closed").order_by(Case.id.desc())


async def due(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[Case]:
    """Cases whose clock must be looked at, locked for this transaction."""
    found = (
        select(Case)
        .where(Case.state != "closed", Case.next_check_at <= now)
        .order_by(Case.next_check_at, Case.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(found)).all()


async def look_again(session: AsyncSession, case: Case) -> None:
    """Set when the clock must come back to this case."""
    mark = next_mark(case, await passed(session, case.id))
    case.next_check_at = mark and mark.at


async def passed(session: AsyncSession, case_id: int) -> set[tuple[str, int]]:
    rows = await session.execute(
        select(CaseStep.kind, CaseStep.level).where(CaseStep.case_id == case_id)
    )
    return {(kind, level) for kind, level in rows}


async def words_of(
    session: AsyncSession, vault: Vault, case: Case, steps: Sequence[CaseStep]
) -> list[str]:
    """The clear words of steps, in order; empty where a step has none."""
    await vault.load_keys(session, [case.customer_id])
    return [
        vault.unseal_known(case.customer_id, step.text, about=ABOUT) if step.text else ""
        for step in steps
    ]


async def numbered(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    kind: str,
    *,
    now: datetime,
    actor: str,
    text: str | None = None,
) -> CaseStep:
    # Two processes must not count at once: the second would lose its words.
    await session.execute(select(Case.id).where(Case.id == case.id).with_for_update())
    taken = await session.scalar(
        select(func.count()).where(CaseStep.case_id == case.id, CaseStep.kind.like(f"{kind}-%"))
    )
    number = (taken or 0) + 1
    step = await add_step(
        session, vault, case, f"{kind}-{number}", now=now, actor=actor, text=text
    )
    if step is None:
        raise Refusal("try_again", "有人同时在处理这条客诉，请再点一次")
    return step
