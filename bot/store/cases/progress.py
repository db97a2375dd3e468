"""What follows from a case: people are called in, she is told, many alike become one event."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.cases.clocks import LEVELS, Mark, first_level, in_words
from bot.domain.cases.entities import Case, CaseStep
from bot.domain.customers import Guide
from bot.store.cases.assigning import hand_to
from bot.store.cases.mass import pause_campaigns, similar
from bot.store.cases.people import responders
from bot.store.cases.steps import add_step, escalate, step_of
from bot.store.cases.telling import Speaker, announce
from bot.store.vault import Vault

INTERNAL = "internal"
"""`CaseStep.told` of what only we need to know."""
_WARNING = {1: "还没有回应顾客，{at} 前要回应", 2: "还没有解决，{at} 前要解决"}


async def begin(
    session: AsyncSession, vault: Vault, content: Speaker, case: Case, now: datetime
) -> None:
    """Answer a new case at once: received, who will answer, by when. Harmless when done before."""
    opened = await step_of(session, case.id, "opened", 1)
    if opened is None or opened.told is not None:
        return
    until = in_words(case.answer_due)
    called = await call_in(
        session, vault, case, opened, why=f"有一条新客诉，{until} 前要回应", now=now
    )
    who = f"{called[0].name} " if called else "店里的同事"
    await announce(
        session, vault, content, case, opened, "cases/received", now=now, who=who, until=until
    )
    for alike in (alarmed := await similar(session, case, now)):
        await _as_mass(session, vault, content, alike, now)
    await pause_campaigns(session, alarmed)


async def fire(
    session: AsyncSession, vault: Vault, content: Speaker, case: Case, mark: Mark, now: datetime
) -> bool:
    """Pass one moment of a clock; False when another process has."""
    step = await add_step(session, vault, case, mark.kind, now=now, level=mark.level)
    if step is None:
        return False
    if mark.kind == "warned":
        step.told = INTERNAL
        due = case.answer_due if mark.level == 1 else case.resolve_due
        why = _WARNING[mark.level].format(at=in_words(due))
        await call_in(session, vault, case, step, why=why, now=now)
        return True
    above = max(mark.level, first_level(case)) + 1
    raised = await escalate(
        session, vault, case, to=above, why=mark.kind, actor="system:siyu", now=now
    )
    if raised is not None:
        raised.told = INTERNAL
        await call_in(session, vault, case, raised, why="超时未处理，已升级给你", now=now)
    template = "cases/late" if mark.level == 1 else "cases/escalated"
    team = LEVELS[case.level]
    await announce(session, vault, content, case, step, template, now=now, team=team)
    return True


async def call_in(
    session: AsyncSession, vault: Vault, case: Case, step: CaseStep, *, why: str, now: datetime
) -> list[Guide]:
    """Ask those in charge at the case's level, in WeCom and as a task; the first of them has it now."""
    called = list(await responders(session, case, case.level))
    if called:
        await hand_to(session, vault, case, called, step, why=why, now=now)
    return called


async def _as_mass(
    session: AsyncSession, vault: Vault, content: Speaker, case: Case, now: datetime
) -> None:
    raised = await escalate(session, vault, case, to=3, why="mass", actor="system:siyu", now=now)
    step = await add_step(session, vault, case, "mass", now=now, level=3)
    if step is None:
        return
    if raised is not None:
        raised.told = INTERNAL
    await call_in(
        session, vault, case, step, why="两小时内多人反映同样的问题，启动应急预案", now=now
    )
    await announce(session, vault, content, case, step, "cases/mass", now=now)
