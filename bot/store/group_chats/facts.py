"""What a message about a group chat may say: which one, and the code that leads into it now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.group_chats import GroupRule
from bot.domain.offers import day_words
from bot.store.group_chats.rooms import eligible, memberships, open_code
from bot.store.group_chats.rules import live_rules
from bot.tongue import speaking


async def facts_of(
    session: AsyncSession, touches: Sequence[Touch], now: datetime
) -> dict[int, dict[str, str]]:
    """By touch: `group`, `join_link` (absent where she is in already or nothing is open), and
    `until`, the last day of a member who is let go."""
    rules = await live_rules(session)
    texts = {str(rule.settings.get("template")) for rule in rules}
    codes: dict[str, str | None] = {}
    found: dict[int, dict[str, str]] = {}
    about = [each for each in touches if each.template in texts or ":" in (each.step or "")]
    inside = await memberships(session, {each.customer_id for each in about}) if about else set()
    for touch in about:
        rule = await _meant(session, touch, rules, now)
        if rule is None:
            continue
        if rule.key not in codes:
            codes[rule.key] = await open_code(session, rule)
        last_day = touch.planned_at + timedelta(days=rule.grace_days)
        with speaking("zh"):  # she is told, whoever looks on
            found[touch.id] = {"group": rule.name, "until": day_words(last_day)}
        code = codes[rule.key]
        if code and (touch.customer_id, rule.key) not in inside:
            found[touch.id]["join_link"] = code
    return found


async def _meant(
    session: AsyncSession, touch: Touch, rules: Sequence[GroupRule], now: datetime
) -> GroupRule | None:
    """Our own messages name the family in their step; a journey's text belongs to the first that takes her."""
    _, _, named = (touch.step or "").partition(":")
    for rule in rules:
        if rule.key == named:
            return rule
    for rule in rules:
        if rule.settings.get("template") == touch.template and await eligible(
            session, touch.customer_id, rule.key, now
        ):
            return rule
    return None
