"""Telling the customer: through a window that is open now, else by her guide with ready words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import Call, MenuItem, SendKf, SendOfficial
from bot.domain.cases.clocks import number
from bot.domain.cases.entities import Case, CaseStep
from bot.domain.delivery import Window
from bot.domain.levels import Levels
from bot.store import conversations, customers, facts, guide_tasks, outbox
from bot.store.family import surviving
from bot.store.vault import Vault

WHY = "顾客还不知道客诉的进展，程序现在没有可用的消息窗口，请你告诉她"
TELL_WITHIN = timedelta(hours=2)


class Speaker(Protocol):
    """The words of the brand, as `bot.content.Content` has them."""

    @property
    def brand(self) -> Any: ...

    @property
    def levels(self) -> Levels: ...

    def render(self, template: str, facts: Mapping[str, Any], /) -> str: ...


async def announce(
    session: AsyncSession,
    vault: Vault,
    content: Speaker,
    case: Case,
    step: CaseStep,
    template: str,
    *,
    now: datetime,
    menu: Sequence[MenuItem] = (),
    **more: str | None,
) -> str:
    """Tell her about this step in the brand's words."""
    her = await surviving(session, case.customer_id)
    known = await facts.gather(session, vault, content, [her], now)
    words = content.render(template, known[her] | {"case_no": number(case)} | more)
    return await tell(session, vault, case, step, words=words, now=now, menu=menu)


async def tell(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    step: CaseStep,
    *,
    words: str,
    now: datetime,
    menu: Sequence[MenuItem] = (),
) -> str:
    """Tell her once about this step; what was used, or why nothing was, is kept with the step."""
    if step.told is None:
        effect = f"case:{case.id}:{step.kind}:{step.level}:told"
        step.told = await _by_window(session, vault, case, effect, words, tuple(menu), now)
        step.told = step.told or await by_guide(session, vault, case, effect, words=words, now=now)
    return step.told


async def by_guide(
    session: AsyncSession, vault: Vault, case: Case, effect: str, *, words: str, now: datetime
) -> str:
    her = await surviving(session, case.customer_id)
    guide = await customers.guide_of(session, her)
    if guide is None:
        return "no_channel"
    await guide_tasks.ask(
        session,
        vault,
        key=effect,
        guide_id=guide.id,
        customer_id=her,
        kind="case_news",
        why=WHY,
        words=words,
        due_at=now + TELL_WITHIN,
        now=now,
    )
    return "guide"


async def _by_window(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    effect: str,
    words: str,
    menu: tuple[MenuItem, ...],
    now: datetime,
) -> str | None:
    her = await surviving(session, case.customer_id)
    for channel in _nearest_first(case.channel):
        window = await conversations.window(session, her, channel, now)
        if window is None:
            continue
        if not await conversations.use_window(session, her, channel, now):
            continue
        call = _call(window, channel, effect, words, menu)
        await outbox.owe(
            session,
            vault,
            call,
            effect=effect,
            now=now,
            lane="express",
            customer_id=her,
            expires_at=window.closes_at,
        )
        return channel
    return None


def _nearest_first(channel: str) -> tuple[str, ...]:
    """Where she spoke is where she looks."""
    return ("official", "kf") if channel == "official" else ("kf", "official")


def _call(
    window: Window, channel: str, effect: str, words: str, menu: tuple[MenuItem, ...]
) -> Call:
    if channel == "official":
        return SendOfficial(openid=window.address, text=words, menu=menu)
    open_kfid, _, external_userid = window.address.partition("|")
    msgid = hashlib.sha256(effect.encode()).hexdigest()[:32]
    return SendKf(
        open_kfid=open_kfid,
        external_userid=external_userid,
        msgid=msgid,
        text=words,
        menu=menu,
    )
