"""The month's report for people, and its progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.domain.campaigns import STATES
from bot.domain.reasons import words

KINDS = {"benefit": "福利群", "interest": "兴趣群", "vip": "VIP 群"}
SOURCES = {
    "purchase": "购买",
    "group": "进群",
    "contact_way": "渠道码",
    "menu": "菜单",
    "keyword": "聊天",
    "link": "点开链接",
    "guide": "导购",
    "platform": "企业微信",
    "answer": "她自己说的",
    "rule": "规则",
}
EVENTS = {
    "order_reported": "订单",
    "customer_added": "加好友",
    "kf_message_received": "客服消息",
    "fan_messaged": "公众号消息",
    "fan_followed": "关注公众号",
    "menu_clicked": "点菜单",
    "group_members_joined": "进群",
    "group_members_left": "退群",
    "guide_deleted": "删除导购",
    "link_opened": "点开链接",
    "card_clicked": "点卡片",
}
PROMISES = {True: "✓", False: "✗"}


@contextmanager
def progress_bar(days: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere one plain line a day on stderr."""
    if not sys.stderr.isatty():
        said = [-1]

        def say(day: int) -> None:
            if day > said[0]:
                said[0] = day
                print(f"day {day} / {days}", file=sys.stderr, flush=True)

        yield say
        return
    columns = (
        TextColumn("  演这个月"),
        BarColumn(bar_width=36),
        MofNCompleteColumn(),
        TextColumn("天"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=days)
        yield lambda day: bar.update(task, completed=day)


def print_report(report: dict[str, Any]) -> None:
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    out.print(
        f"\n青禾衣坊的 {report['days']} 天 · {report['customers']:,} 位顾客 · 种子 {report['seed']}"
        f" · 用时 {report['duration_s']:.0f} 秒\n"
    )
    _counted(out, "发生了什么", report["events"], EVENTS, "次")
    _counted(out, "顾客等级", report["tiers"], {}, "人")
    _counted(out, "等级变化", report["moves"], {}, "人次")
    _counted(out, "标签从哪来", report["tags"], SOURCES, "个")
    _groups(out, report["groups"])
    touches = report["touches"]
    _counted(out, f"触达（排了 {touches['planned']:,} 条）", touches["by_state"], STATES, "条")
    out.print(
        f"点开：{touches['opened']:,} 条触达；消息里的链接一共被点开 {touches['links_opened']:,} 次\n"
    )
    reasons = {code: words(code) for code in touches["by_reason"]}
    _counted(out, "没发的原因", touches["by_reason"], reasons, "条")
    _sums(out, report)
    _promises(out, report)


def _counted(
    out: Console, title: str, counts: dict[str, int], names: dict[str, str], unit: str
) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(min_width=26)
    table.add_column(justify="right", min_width=8)
    for name, count in counts.items():
        if name in names or not names or unit != "次":
            table.add_row(names.get(name, name), f"{count:,} {unit}")
    out.print(table)
    out.print()


def _groups(out: Console, groups: list[dict[str, Any]]) -> None:
    table = Table(title="社群", title_justify="left", box=None, padding=(0, 2))
    for name in ("", "成员", "邀请", "应邀进群"):
        table.add_column(name, justify="left" if not name else "right")
    for group in groups:
        kind = KINDS.get(group["kind"], group["kind"])
        counts = (str(group[name]) for name in ("members", "invited", "joined"))
        table.add_row(kind, *counts)
    out.print(table)
    out.print()


def _sums(out: Console, report: dict[str, Any]) -> None:
    coupons, cases, lift = report["coupons"], report["cases"], report["lift"]
    out.print(
        f"券：发出 {coupons['issued']:,}，核销 {coupons['redeemed']:,}，退回 {coupons['returned']:,}"
    )
    earned = report["points"].get("earn", 0)
    out.print(f"积分：发出 {earned:,}")
    out.print(
        f"客诉：{cases.get('opened', 0)} 件，其中升级 {cases.get('escalated', 0)} 件，"
        f"已结 {cases.get('closed', 0)} 件"
    )
    low, high = lift["low"] / 100, lift["high"] / 100
    out.print(
        f"每人消费：联系过的 ¥{lift['treated'] / 100:,.1f}，对照组 ¥{lift['holdout'] / 100:,.1f}，"
        f"差额 95% 在 ¥{low:,.1f} 到 ¥{high:,.1f} 之间\n"
    )


def _promises(out: Console, report: dict[str, Any]) -> None:
    kept = report["invariants"]
    out.print(f"拿沙盒的记录逐条对过：{sum(kept.values())} / {len(kept)} 项承诺守住")
    for name, held in kept.items():
        if not held:
            out.print(f"  ✗ {name}")
            for line in report.get("broken", {}).get(name, []):
                out.print(f"      {line}")
