"""A case gets into somebody's hands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import SendAppText
from bot.domain.cases.clocks import number
from bot.domain.cases.complaints import CATEGORIES
from bot.domain.cases.entities import Case, CaseStep
from bot.domain.customers import Guide
from bot.domain.refusals import Refusal
from bot.store import guide_tasks, outbox
from bot.store.cases.steps import numbered
from bot.store.vault import Vault


async def assign(
    session: AsyncSession, vault: Vault, case: Case, guide: Guide, *, actor: str, now: datetime
) -> CaseStep:
    """She has it from now on, and is told so; the clocks do not care. Raises Refusal case_closed | same_guide."""
    if case.state == "closed":
        raise Refusal("case_closed", "这条客诉已经关闭了")
    if case.assigned_to == guide.id:
        raise Refusal("same_guide", f"这件客诉已经在{guide.name}手里")
    step = await numbered(
        session, vault, case, "assigned", now=now, actor=actor, text=f"转给{guide.name}"
    )
    await guide_tasks.withdraw(session, customer_id=case.customer_id, kinds=("case",))
    await hand_to(session, vault, case, [guide], step, why="转给你了，请接手", now=now)
    return step


async def hand_to(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    guides: Sequence[Guide],
    step: CaseStep,
    *,
    why: str,
    now: datetime,
) -> None:
    """Each gets a task, all of them word in WeCom; the first of them has it now."""
    case.assigned_to = guides[0].id
    key = f"case:{case.id}:{step.kind}:{step.level}"
    said = f"客诉 {number(case)}（{CATEGORIES.get(case.category, case.category)}）：{why}"
    for guide in guides:
        await guide_tasks.ask(
            session,
            vault,
            key=f"{key}:{guide.id}",
            guide_id=guide.id,
            customer_id=case.customer_id,
            kind="case",
            why=said,
            due_at=case.answer_due if case.answered_at is None else case.resolve_due,
            now=now,
        )
    userids = tuple(guide.userid for guide in guides)
    call = SendAppText(userids=userids, text=f"{said}。打开工作台处理。")
    await outbox.owe(session, vault, call, effect=f"{key}:guides", now=now, lane="express")
