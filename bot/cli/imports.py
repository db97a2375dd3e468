"""`siyu import orders|customers|products FILE`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from bot.cli.opened import opened
from bot.cli.talk import Misused, Talk
from bot.inbound.imports import Report, Unreadable, Wish, import_file
from bot.inbound.imports.columns import WORDS
from bot.tongue import _, listed

SOME_REJECTED = 4
TABLES = {".csv", ".gz", ".xlsx", ".xls", ".ods", ".tsv", ".txt"}


@click.group("import", help="导入订单、顾客、商品：CSV、.csv.gz 或 Excel")
def import_() -> None:
    pass


def _command(kind: str, words: str) -> Callable[..., None]:
    @import_.command(kind, help=words)
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("-n", "--dry-run", is_flag=True, help="只检查，不写入")
    @click.option("--map", "said", multiple=True, metavar="列名=字段", help="指定某一列是什么")
    @click.option(
        "--source", default="file", show_default=True, help="来自哪个系统；订单号在其中唯一"
    )
    @click.option("--json", "as_json", is_flag=True, help="只在标准输出写一份 JSON")
    @click.pass_context
    def run(
        context: click.Context,
        file: Path,
        dry_run: bool,
        said: tuple[str, ...],
        source: str,
        as_json: bool,
    ) -> None:
        _there(file, f"siyu import {kind}")
        talk = Talk(as_json=as_json)
        asked = {"source": source, "columns": _said(said), "dry_run": dry_run}
        try:
            report = asyncio.run(_import(file, kind, asked, talk))
        except Unreadable as wrong:
            raise Misused(wrong.what + _("。"), wrong.then) from None
        _tell(report, talk)
        talk.document(report.facts())
        context.exit(SOME_REJECTED if report.rejected else 0)

    return run


orders = _command("orders", "导入订单，重复导入不会算两次")
customers = _command("customers", "导入顾客资料")
products = _command("products", "导入商品、品类和同款")


async def _import(file: Path, kind: str, asked: dict[str, Any], talk: Talk) -> Report:
    async with opened() as to:
        wish = Wish(kind, to.now, to.zone, **asked)
        with talk.bar() as tell:
            return await import_file(to.sessions, to.vault, file, wish, tell)


def _said(pairs: tuple[str, ...]) -> dict[str, str]:
    wrong = next((pair for pair in pairs if "=" not in pair), None)
    if wrong is not None:
        raise Misused(_("--map 要写成 列名=字段，现在是「%(wrong)s」。", wrong=wrong))
    return {name.strip(): field.strip() for name, _, field in (p.rpartition("=") for p in pairs)}


def _there(file: Path, command: str) -> None:
    """What is missing, what is there, and the command that was probably meant."""
    if file.is_file():
        return
    folder = file.parent
    beside = (
        sorted(p.name for p in folder.iterdir() if p.suffix in TABLES) if folder.is_dir() else []
    )
    words = [_("找不到文件 %(file)s。", file=file)]
    if beside:
        words.append(_("  这个文件夹里有：%(files)s", files=listed(beside[:8])))
    if meant := get_close_matches(file.name, beside, n=1):
        words.append(_("  你是不是想运行：%(meant)s", meant=f"{command} {folder / meant[0]}"))
    raise Misused("\n".join(words))


def _tell(report: Report, talk: Talk) -> None:
    found = listed(
        _("%(field)s（%(column)s）", field=_(WORDS[field]), column=name)
        for field, name in report.columns.items()
    )
    talk.say(
        _(
            "文件编码 %(encoding)s，%(rows)s 行，认出 %(columns)s 列：%(found)s",
            encoding=report.encoding,
            rows=f"{report.rows:,}",
            columns=len(report.columns),
            found=found,
        )
    )
    done = "%(count)s 行可以导入" if report.dry_run else "%(count)s 行已导入"
    counts = [_(done, count=f"{report.imported:,}")]
    counts += [_("%(count)s 行以前导过、跳过", count=f"{report.known:,}")] if report.known else []
    counts += (
        [_("%(count)s 行没有付款、不算", count=f"{report.unpaid:,}")] if report.unpaid else []
    )
    counts += (
        [_("%(count)s 行有问题没导", count=f"{report.rejected:,}")] if report.rejected else []
    )
    talk.say("✓ " + _("，").join(counts), style="green")
    told = [_(_NEW[report.kind], count=f"{report.new:,}")]
    if report.kind == "orders":
        told.append(_("新顾客 %(count)s 位", count=f"{report.customers:,}"))
    if report.consents:
        told.append(_("营销授权 %(count)s 份", count=f"{report.consents:,}"))
    talk.say(_("  其中%(new)s", new=_("，").join(told)))
    if report.problems:
        shown = [[str(p.row), p.column, p.content, p.why] for p in report.problems]
        talk.table([_("行"), _("列"), _("内容"), _("问题")], shown)
        talk.say(
            _(
                "  全部 %(count)s 行写在 %(file)s，改好后再导这个文件即可。",
                count=f"{report.rejected:,}",
                file=report.problem_file,
            )
        )
    if report.dry_run:
        talk.say(_("  没有写入任何数据。去掉 --dry-run 正式导入。"))


_NEW = {
    "orders": "新订单 %(count)s 笔",
    "customers": "新顾客 %(count)s 位",
    "products": "新商品 %(count)s 个",
}
