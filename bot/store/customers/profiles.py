"""What we know of a person beside her ids, when two records become one, and when they part again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import STAGES, Customer, Secret
from bot.store.vault import Vault

SEALED = ("name", "phone", "birthday", "address")


def fold(kept: Customer, merged: Customer) -> dict[str, Any]:
    """Fill the gaps of the one with what the other knows. Returns column → [before, after] of what changed."""
    further = max(kept, merged, key=lambda one: STAGES.index(one.stage))
    after = {
        "gender": kept.gender or merged.gender,
        "region": kept.region or merged.region,
        "birthday_month": kept.birthday_month or merged.birthday_month,
        "stage": further.stage,
        "stage_inferred": further.stage_inferred,
        "personalised": kept.personalised and merged.personalised,
        "marketing_held": kept.marketing_held or merged.marketing_held,
        "last_active_at": _later(kept.last_active_at, merged.last_active_at),
    }
    changed: dict[str, Any] = {}
    for name, value in after.items():
        before = getattr(kept, name)
        if before != value:
            changed[name] = [_plain(before), _plain(value)]
            setattr(kept, name, value)
    return changed


def unfold(kept: Customer, changed: dict[str, Any]) -> None:
    """Put back what the merge changed and nobody has changed since."""
    for name, (before, after) in changed.items():
        if _plain(getattr(kept, name)) == after:
            moment = name == "last_active_at" and before is not None
            setattr(kept, name, datetime.fromisoformat(before) if moment else before)


async def fill_secrets(
    session: AsyncSession, vault: Vault, kept: Customer, merged: Customer
) -> list[str]:
    """Copy sealed facts that only the merged record has, under the key of the kept one."""
    await vault.load_keys(session, [kept.id, merged.id])
    ours = await session.get_one(Secret, kept.id, populate_existing=True)
    theirs = await session.get_one(Secret, merged.id, populate_existing=True)
    filled = []
    for name in SEALED:
        sealed = getattr(theirs, name)
        if sealed is None or getattr(ours, name) is not None:
            continue
        about = f"secret.{name}"
        text = await vault.unseal_for(session, merged.id, sealed, about=about)
        setattr(ours, name, await vault.seal_for(session, kept.id, text, about=about))
        filled.append(name)
    return filled


async def empty_secrets(session: AsyncSession, kept: Customer, filled: list[str]) -> None:
    ours = await session.get_one(Secret, kept.id, populate_existing=True)
    for name in filled:
        setattr(ours, name, None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment), default=None)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
