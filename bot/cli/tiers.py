"""`siyu tiers run`, `siyu tiers rehearse` and `siyu tiers explain CUSTOMER`."""

from __future__ import annotations

import asyncio
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.cli import tiers_rehearse
from bot.cli.opened import Opened, opened
from bot.cli.talk import Misused, Talk, mistake
from bot.content import load_content
from bot.domain.influence import Influence
from bot.domain.segment_fields import STAGES
from bot.domain.tier_rehearsal import TierRehearsal
from bot.domain.tiers import TIERS, TierConfig
from bot.inbound.imports.report import harmless
from bot.store import tiers as store
from bot.store.tiers import Explanation, Rerun
from bot.tongue import _


@click.group(help="计算和解释顾客分层")
def tiers() -> None:
    pass


@tiers.command(help="给所有顾客重新分层")
@click.option(
    "--as-of", metavar="DATE", default=None, help="只看这一天零点以前的订单，例如 2026-03-01"
)
@click.option("--export", type=click.Path(path_type=Path, dir_okay=False), help="写成 CSV")
@click.option("--json", "as_json", is_flag=True, help="只在标准输出写一份 JSON")
def run(as_of: str | None, export: Path | None, as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    asyncio.run(_run(as_of, export, talk))


async def _run(as_of: str | None, export: Path | None, talk: Talk) -> None:
    async with opened() as to:
        moment = _midnight(as_of, to.zone) if as_of else to.now
        config = TierConfig.read(load_content(to.settings.content_dir).tiers)
        with talk.bar() as tell:
            done = await store.rerun(
                to.sessions,
                moment,
                config=config,
                zone=to.zone,
                progress=lambda count: tell(_("写入"), count, 0),
            )
        if export is not None:
            await _export(to, done, export)
    _tell(done, talk)
    talk.document(_facts(done, export))


def _midnight(said: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise Misused(
            _("--as-of 要写成 2026-03-01 这样，现在是「%(said)s」。", said=said)
        ) from None


async def _export(to: Opened, done: Rerun, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["customer_id", "tier", "score"])
        async with to.sessions.reading() as session:
            async for customer, tier, score in store.export_rows(session, done):
                out.writerow([harmless(customer), tier, repr(score)])


def _tell(done: Rerun, talk: Talk) -> None:
    whole = len(done.customers)
    if not whole:
        talk.say(_("还没有付过款的顾客。先导入订单：siyu import orders FILE"))
        return
    shares = [
        _(
            "%(tier)s %(count)s 位（%(share)s）",
            tier=_(name),
            count=f"{n:,}",
            share=f"{n / whole:.1%}",
        )
        for name, n in done.counts.items()
    ]
    talk.say(
        _("✓ %(count)s 位顾客分好了：%(tiers)s", count=f"{whole:,}", tiers=_("，").join(shares)),
        style="green",
    )
    if done.rehearsal:
        talk.say(_("  这一天在上次分层之前，只是预演，没有改动任何顾客。"))
    else:
        talk.say(
            _(
                "  %(moved)s 位换了分层，%(written)s 位有变化。",
                moved=f"{done.moved:,}",
                written=f"{done.written:,}",
            )
        )


def _facts(done: Rerun, export: Path | None) -> dict[str, Any]:
    return {
        "as_of": done.as_of.isoformat(),
        "customers": len(done.customers),
        "tiers": done.counts,
        "moved": done.moved,
        "written": done.written,
        "rehearsal": done.rehearsal,
        "export": str(export) if export else None,
    }


@tiers.command(help="换一套规则，在过去的某天预演：谁会换层，要花多少，她们后来花了多少")
@click.option(
    "--rule",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="和 content/tiers.yaml 一样写法的文件；不写就看现在的规则",
)
@click.option("--as-of", metavar="DATE", default=None, help="预演的那一天；不写是一年前")
@click.option("--days", type=click.IntRange(1, 3660), default=365, show_default=True)
@click.option("--gift", "gifts", multiple=True, metavar="分层=元", help="给这一层每人的成本")
@click.option("--export", type=click.Path(path_type=Path, dir_okay=False), help="会换层的人")
@click.option("--json", "as_json", is_flag=True, help="只在标准输出写一份 JSON")
def rehearse(
    rule: Path | None,
    as_of: str | None,
    days: int,
    gifts: tuple[str, ...],
    export: Path | None,
    as_json: bool,
) -> None:
    talk = Talk(as_json=as_json)
    tried = tiers_rehearse.tried_rule(rule) if rule else None
    given = tiers_rehearse.gifts_of(gifts)
    done, moment = asyncio.run(_rehearse(tried, as_of, days, given, export))
    tiers_rehearse.tell(done, moment, days, talk)
    talk.document(tiers_rehearse.facts(done, moment, days))


async def _rehearse(
    tried: TierConfig | None,
    as_of: str | None,
    days: int,
    gifts: dict[str, int],
    export: Path | None,
) -> tuple[TierRehearsal, datetime]:
    async with opened() as to:
        moment = _midnight(as_of, to.zone) if as_of else to.now - timedelta(days=days)
        live = TierConfig.read(load_content(to.settings.content_dir).tiers)
        async with to.sessions.reading() as session:
            done = await store.rehearsed(
                session,
                moment,
                days=days,
                rules=(live, tried or live),
                gifts=gifts,
                zone=to.zone,
            )
        if export is not None:
            await tiers_rehearse.export(to, done, export)
        return done, moment.astimezone(to.zone)


@tiers.command(help="这位顾客为什么在这一层")
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="只在标准输出写一份 JSON")
@click.pass_context
def explain(context: click.Context, customer: str, as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    found, influence, zone = asyncio.run(_explain(customer))
    if not found:
        talk.say(
            mistake(
                _("没有「%(who)s」这位顾客。", who=customer),
                _("siyu tiers explain 顾客编号、会员号、手机号或外部联系人 ID"),
            )
        )
        context.exit(1)
    for one in found:
        _tell_one(one, zone, talk)
        _tell_axes(one, influence, talk)
    talk.document([_facts_of(one) for one in found])


async def _explain(said: str) -> tuple[list[Explanation], Influence, ZoneInfo]:
    async with opened() as to, to.sessions.reading() as session:
        influence = TierConfig.read(load_content(to.settings.content_dir).tiers).influence
        found = await store.explain(session, to.vault, said, now=to.now, influence=influence)
        return found, influence, to.zone


def _tell_one(one: Explanation, zone: ZoneInfo, talk: Talk) -> None:
    tier, stats = one.tier, one.stats
    if tier is None or stats is None:
        talk.say(
            _(
                "顾客 %(ref)s 还没有分层：没有付过款的订单，或还没运行 siyu tiers run。",
                ref=one.customer.ref,
            )
        )
        return
    talk.say(
        _(
            "顾客 %(ref)s：%(tier)s（%(share)s），从 %(day)s 起",
            ref=one.customer.ref,
            tier=_(tier.tier),
            share=_(tier.share_class),
            day=_day(tier.since, zone),
        )
    )
    talk.say(f"  {tier.reason}")
    talk.say(
        _(
            "  买过 %(days)s 天、%(orders)s 笔，共 ¥%(amount)s",
            days=stats.days,
            orders=stats.orders,
            amount=f"{stats.amount_fen / 100:,.2f}",
        )
    )
    cells = f"R{tier.recency} F{tier.frequency} M{tier.monetary}"
    talk.say(
        _(
            "  价值 %(score)s，活跃 %(activity)s，逾期 %(overdue)s 倍，%(cells)s，%(star)s 星",
            score=f"{tier.score:.1f}",
            activity=f"{tier.activity:.2f}",
            overdue=f"{tier.overdue:.2f}",
            cells=cells,
            star=tier.star,
        )
    )
    for move in one.moves:
        talk.say(
            f"  {_day(move.at, zone)} {move.before or '新顾客'} → {move.after}：{move.reason}"
        )


def _tell_axes(one: Explanation, influence: Influence, talk: Talk) -> None:
    """What money does not say."""
    stage = STAGES[one.customer.stage]
    score = influence.score(*one.brought)
    koc = _("，是 KOC") if score >= influence.koc else ""
    inferred = _("（中间的没有看到，推断）") if one.customer.stage_inferred else ""
    talk.say(_("  关系阶段：%(stage)s", stage=f"{stage}{inferred}"))
    talk.say(
        _(
            "  影响力 %(score)s 分%(koc)s：%(words)s",
            score=score,
            koc=koc,
            words=influence.words(*one.brought),
        )
    )


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def _facts_of(one: Explanation) -> dict[str, Any]:
    tier, stats = one.tier, one.stats
    names = ["tier", "share_class", "score", "activity", "overdue", "rank", "reason"]
    names += ["recency", "frequency", "monetary", "star"]
    told: dict[str, Any] = {"customer": one.customer.ref, "tiers": list(TIERS)}
    told |= {"stage": one.customer.stage, "stage_inferred": bool(one.customer.stage_inferred)}
    told |= {"brought": one.brought._asdict()}
    if tier is not None:
        told |= {name: getattr(tier, name) for name in names} | {"since": tier.since.isoformat()}
    if stats is not None:
        told |= {name: getattr(stats, name) for name in ("days", "orders", "amount_fen")}
    return told | {
        "moves": [
            {"at": m.at.isoformat(), "before": m.before, "after": m.after, "reason": m.reason}
            for m in one.moves
        ]
    }
