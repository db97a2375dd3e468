"""`siyu tiers rehearse`: another rule on a day gone by, beside the live one."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from bot.cli.opened import Opened
from bot.cli.talk import Misused, Talk
from bot.domain.tier_rehearsal import TierOutlook, TierRehearsal
from bot.domain.tiers import TIERS, TierConfig
from bot.inbound.imports.report import harmless
from bot.store import tiers as store
from bot.tongue import _


def tried_rule(path: Path) -> TierConfig:
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TierConfig.read(written if isinstance(written, dict) else {})
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError) as wrong:
        raise Misused(_("%(path)s 不能用：%(wrong)s", path=path, wrong=wrong)) from None


def gifts_of(said: tuple[str, ...]) -> dict[str, int]:
    """`核心=50` is fifty yuan for everyone in 核心."""
    found = {}
    for one in said:
        tier, _is, yuan = one.partition("=")
        if tier not in TIERS or not yuan.replace(".", "", 1).isdecimal():
            raise Misused(_("--gift 要写成 核心=50 这样（元），现在是「%(one)s」。", one=one))
        found[tier] = round(float(yuan) * 100)
    return found


def tell(done: TierRehearsal, as_of: datetime, days: int, talk: Talk) -> None:
    whole = len(done.customers)
    if not whole:
        talk.say(_("那一天以前还没有付过款的顾客。换一个更晚的 --as-of。"))
        return
    moved = len(done.moved)
    talk.say(
        _("按 %(as_of)s 零点以前的订单预演，没有改动任何顾客。", as_of=f"{as_of:%Y-%m-%d}"),
        style="green",
    )
    talk.say(
        _(
            "  %(count)s 位顾客里，%(moved)s 位会换层（%(share)s）。",
            count=f"{whole:,}",
            moved=f"{moved:,}",
            share=f"{moved / whole:.1%}",
        )
    )
    heads = [
        _("分层"),
        _("现在的规则"),
        _("新规则"),
        _("进来"),
        _("离开"),
        _("之后 %(days)s 天消费", days=days),
        _("花在她们身上"),
    ]
    talk.table(heads, [_row(one) for one in done.tiers])
    talk.say(_("  “消费”是这些顾客后来真的花的钱，不是规则带来的钱；要知道带来多少，要留对照组。"))


def _row(one: TierOutlook) -> list[str]:
    return [
        one.tier,
        f"{one.before:,}",
        f"{one.after:,}",
        f"+{one.joins:,}",
        f"-{one.leaves:,}",
        f"¥{one.later_before_fen / 100:,.0f} → ¥{one.later_after_fen / 100:,.0f}",
        f"¥{one.cost_before_fen / 100:,.0f} → ¥{one.cost_after_fen / 100:,.0f}",
    ]


def facts(done: TierRehearsal, as_of: datetime, days: int) -> dict[str, Any]:
    names = TierOutlook.__dataclass_fields__
    return {
        "as_of": as_of.isoformat(),
        "days": days,
        "customers": len(done.customers),
        "moved": len(done.moved),
        "tiers": [{name: getattr(one, name) for name in names} for one in done.tiers],
    }


async def export(to: Opened, done: TierRehearsal, path: Path) -> None:
    """Who would move, by the ids that the shop knows."""
    moved = done.moved
    async with to.sessions.reading() as session:
        known = await store.names_of(session, done.customers[moved])
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["customer_id", "before", "after", "later_fen"])
        for i in moved.tolist():
            who = known[int(done.customers[i])]
            tiers = TIERS[done.before[i]], TIERS[done.after[i]]
            out.writerow([harmless(who), *tiers, int(done.later[i])])
