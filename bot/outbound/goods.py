"""What a journey's message may say of the one thing that began it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import Content
from bot.domain.browsing import ABOUT_GOODS, SEEN
from bot.domain.campaigns import Touch
from bot.store import browsing
from bot.store.gate import Standing


async def of_goods(
    session: AsyncSession, content: Content, going: Sequence[tuple[Touch, Standing]]
) -> dict[int, dict[str, Any]]:
    """By touch; asks nothing where no text speaks of goods, as most do not."""
    asking = [
        (touch, standing, touch.run_id)
        for touch, standing in going
        if touch.run_id is not None and _speaks(content, touch)
    ]
    runs = await browsing.of_runs(session, {run_id for _, _, run_id in asking})
    return {
        touch.id: _may_hear(runs.get(run_id, {}), standing) for touch, standing, run_id in asking
    }


def _speaks(content: Content, touch: Touch) -> bool:
    return speaks_of(content, touch.template, ABOUT_GOODS)


def speaks_of(content: Content, template: str | None, facts: Collection[str]) -> bool:
    text = content.templates.get(template or "")
    words = (text.body, *text.variants.values()) if text else ()
    return any(name in said for name in facts for said in words)


def _may_hear(facts: Mapping[str, Any], standing: Standing) -> dict[str, Any]:
    """What she looked at is spoken of only while she agrees to profiling; what she bought, unless she objects."""
    agreed = standing.consents.get("profiling", False)
    return {
        name: facts[name]
        for name in ABOUT_GOODS & facts.keys()
        if standing.personalised and (agreed or name != SEEN)
    }
