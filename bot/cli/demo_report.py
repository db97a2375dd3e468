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
from bot.tongue import _

KINDS = {"benefit": "福利群", "interest": "兴趣群", "vip": "VIP 群"}
SOURCES = {
    "purchase": "购买",
    "group": "进群",
    "contact_way": "渠道码",
    "menu": "菜单",
    "keyword": "聊天里的词",
    "intent": "聊天的意思",
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
        TextColumn(_("  演这个月")),
        BarColumn(bar_width=36),
        MofNCompleteColumn(),
        TextColumn(_("天")),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=days)
        yield lambda day: bar.update(task, completed=day)


def print_report(report: dict[str, Any]) -> None:
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    out.print(
        _(
            "\n青禾衣坊的 %(days)s 天 · %(customers)s 位顾客 · 种子 %(seed)s · 用时 %(seconds)s 秒\n",
            days=report["days"],
            customers=f"{report['customers']:,}",
            seed=report["seed"],
            seconds=f"{report['duration_s']:.0f}",
        )
    )
    _counted(out, _("发生了什么"), report["events"], EVENTS, _("次"))
    _counted(out, _("顾客等级"), report["tiers"], {}, _("人"))
    _counted(out, _("等级变化"), report["moves"], {}, _("人次"))
    _counted(out, _("标签从哪来"), report["tags"], SOURCES, _("个"))
    _groups(out, report["groups"])
    touches = report["touches"]
    _counted(
        out,
        _("触达（排了 %(planned)s 条）", planned=f"{touches['planned']:,}"),
        touches["by_state"],
        STATES,
        _("条"),
    )
    out.print(
        _(
            "点开：%(opened)s 条触达；消息里的链接一共被点开 %(times)s 次\n",
            opened=f"{touches['opened']:,}",
            times=f"{touches['links_opened']:,}",
        )
    )
    reasons = {code: words(code) for code in touches["by_reason"]}
    _counted(out, _("没发的原因"), touches["by_reason"], reasons, _("条"))
    _sums(out, report)
    _promises(out, report)


def _counted(
    out: Console, title: str, counts: dict[str, int], names: dict[str, str], unit: str
) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(min_width=26)
    table.add_column(justify="right", min_width=8)
    for name, count in counts.items():
        if name in names or names is not EVENTS:
            table.add_row(_(names.get(name, name)), f"{count:,} {unit}")
    out.print(table)
    out.print()


def _groups(out: Console, groups: list[dict[str, Any]]) -> None:
    table = Table(title=_("社群"), title_justify="left", box=None, padding=(0, 2))
    for name in ("", _("成员"), _("邀请"), _("应邀进群")):
        table.add_column(name, justify="left" if not name else "right")
    for group in groups:
        kind = _(KINDS.get(group["kind"], group["kind"]))
        counts = (str(group[name]) for name in ("members", "invited", "joined"))
        table.add_row(kind, *counts)
    out.print(table)
    out.print()


def _sums(out: Console, report: dict[str, Any]) -> None:
    coupons, cases, lift = report["coupons"], report["cases"], report["lift"]
    out.print(
        _(
            "券：发出 %(issued)s，核销 %(redeemed)s，退回 %(returned)s",
            issued=f"{coupons['issued']:,}",
            redeemed=f"{coupons['redeemed']:,}",
            returned=f"{coupons['returned']:,}",
        )
    )
    earned = report["points"].get("earn", 0)
    out.print(_("积分：发出 %(earned)s", earned=f"{earned:,}"))
    out.print(
        _(
            "客诉：%(opened)s 件，其中升级 %(escalated)s 件，已结 %(closed)s 件",
            opened=cases.get("opened", 0),
            escalated=cases.get("escalated", 0),
            closed=cases.get("closed", 0),
        )
    )
    low, high = lift["low"] / 100, lift["high"] / 100
    out.print(
        _(
            "每人消费：联系过的 ¥%(treated)s，对照组 ¥%(holdout)s，差额 95%% 在 ¥%(low)s 到 ¥%(high)s 之间\n",
            treated=f"{lift['treated'] / 100:,.1f}",
            holdout=f"{lift['holdout'] / 100:,.1f}",
            low=f"{low:,.1f}",
            high=f"{high:,.1f}",
        )
    )


def _promises(out: Console, report: dict[str, Any]) -> None:
    kept = report["invariants"]
    out.print(
        _(
            "拿沙盒的记录逐条对过：%(kept)s / %(all)s 项承诺守住",
            kept=sum(kept.values()),
            all=len(kept),
        )
    )
    for name, held in kept.items():
        if not held:
            out.print(f"  ✗ {name}")
            for line in report.get("broken", {}).get(name, []):
                out.print(f"      {line}")
