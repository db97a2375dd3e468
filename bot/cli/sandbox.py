"""`siyu sandbox`, `clock`, `trigger`, `tail`: the platforms on this machine, and what happens on them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import click

from bot.cli import acting, telling
from bot.cli.control import found, url_option
from bot.cli.talk import Failed, Misused
from bot.sandbox import saying
from bot.sandbox.command import sandbox
from bot.tongue import _, listed

UNITS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86400,
    "秒": 1,
    "分": 60,
    "分钟": 60,
    "小时": 3600,
    "天": 86400,
}
POLL_SECONDS = 0.5


saying.through(_)

__all__ = ["clock", "sandbox", "tail", "trigger"]


@click.group(help="看和拨沙盒的时钟")
def clock() -> None:
    pass


@clock.command("show", help="现在几点，走不走，下一件事是什么时候")
@url_option
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def show(url: str | None, as_json: bool) -> None:
    _tell(found(url).read("clock"), as_json=as_json)


@clock.command("advance", help="往前拨，例如 90s、15m、2h、3d、1h30m；中间该发生的都会发生")
@click.argument("duration")
@url_option
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def advance(duration: str, url: str | None, as_json: bool) -> None:
    seconds = _seconds(duration)
    _tell(found(url).ask("clock", advance=seconds), as_json=as_json)


@clock.command("reset", help="拨回沙盒启动时的时刻")
@url_option
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def reset(url: str | None, as_json: bool) -> None:
    _tell(found(url).ask("clock", reset=True), as_json=as_json)


def _seconds(said: str) -> float:
    parts = re.findall(r"(\d+(?:\.\d+)?)(分钟|小时|秒|分|天|[smhd]?)", said)
    if not parts or "".join(number + unit for number, unit in parts) != said.replace(" ", ""):
        raise Misused(
            _("看不懂「%(said)s」。", said=said), _("要写成 90s、15m、2h、3d 或 1h30m 这样")
        )
    return sum(float(number) * UNITS.get(unit, 1) for number, unit in parts)


def _tell(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    running = _("在走") if report["running"] else _("停着")
    click.echo(_("%(now)s（%(running)s）", now=report["now"], running=running))
    for applied in report["applied"]:
        click.echo(_("  发生了：%(what)s", what=applied))
    if report["next_due"]:
        click.echo(_("  下一件事：%(at)s", at=report["next_due"]))


@click.command(help="让沙盒里发生一件事；不写 EVENT 就列出全部")
@click.argument("event", required=False)
@click.option("--customer", help="哪位顾客；新编号会成为一位新顾客")
@click.option("--guide", help="哪位导购")
@click.option("--text", help="说的话")
@click.option(
    "--set", "given", multiple=True, metavar="名=值", help="这件事的其他参数，可以写几个"
)
@url_option
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def trigger(
    event: str | None,
    customer: str | None,
    guide: str | None,
    text: str | None,
    given: Sequence[str],
    url: str | None,
    as_json: bool,
) -> None:
    control = found(url)
    acts = acting.names(control)
    if event is None:
        click.echo("\n".join(sorted(acts)))
        return
    name = _known(event, acts)
    said = {"customer": customer, "guide": guide, "text": text} | _pairs(given)
    act = acting.complete(control, name, {k: v for k, v in said.items() if v is not None})
    [result] = control.ask("act", **act)["results"]
    if as_json:
        click.echo(json.dumps({**act, "result": result}, ensure_ascii=False, indent=2))
    if not result.get("ok"):
        raise Failed(
            _("%(name)s 没有发生：%(why)s", name=name, why=result.get("error")),
            _("看世界里有谁：siyu trigger --help，或打开 /sandbox"),
        )
    if not as_json:
        click.echo(f"✓ {telling.act(act, result)}")


def _known(event: str, acts: Sequence[str]) -> str:
    name = acting.ALIASES.get(event, event)
    if name in acts:
        return name
    near = get_close_matches(event, [*acts, *acting.ALIASES], n=1)
    words = [_("没有 %(event)s 这件事。", event=event)]
    words += [_("  你是不是想运行：%(meant)s", meant=f"siyu trigger {near[0]}")] if near else []
    words += [_("  能发生的有：%(acts)s", acts=listed(sorted(acts)))]
    raise Misused("\n".join(words))


def _pairs(given: Sequence[str]) -> dict[str, Any]:
    wrong = next((pair for pair in given if "=" not in pair), None)
    if wrong is not None:
        raise Misused(_("--set 要写成 名=值，现在是「%(wrong)s」。", wrong=wrong))
    return {name: _value(value) for name, _, value in (pair.partition("=") for pair in given)}


def _value(said: str) -> Any:
    """Lists and flags as JSON; anything else is text."""
    return json.loads(said) if said[:1] in "[{" or said in {"true", "false"} else said


@click.command(help="看沙盒里的消息和接口，新的接着出来；Ctrl+C 停止")
@click.option("-n", "--lines", default=20, show_default=True, help="先看最近几条")
@click.option("--no-follow", is_flag=True, help="看完就结束")
@url_option
@click.option("--json", "as_json", is_flag=True, help="每条一行 JSON")
def tail(lines: int, no_follow: bool, url: str | None, as_json: bool) -> None:
    control, seen = found(url), 0
    rows = list(control.rows(0, 10**9))
    seen = rows[-1]["seq"] if rows else 0
    _print(rows[-lines:] if lines else [], as_json=as_json)
    while not no_follow:
        time.sleep(POLL_SECONDS)
        rows = list(control.rows(seen, 1000))
        seen = rows[-1]["seq"] if rows else seen
        _print(rows, as_json=as_json)


def _print(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else telling.row(row))
