"""`siyu doctor`: what is wrong with this installation, why, and how to mend it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click

from bot.cli.completion import known
from bot.cli.talk import note
from bot.doctor import examine, in_words
from bot.doctor import report as doctor_report
from bot.tongue import _

FOUND_A_FAILURE = 3


@click.command(help="检查接入，说出原因和修法；有一项没通过时退出码是 3")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="把完整报告写进文件"
)
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
@click.pass_context
def doctor(context: click.Context, report: Path | None, as_json: bool) -> None:
    findings = asyncio.run(examine())
    failed = any(finding.state == "fail" for finding in findings)
    if report is not None:
        report.write_text(doctor_report(findings, known()), encoding="utf-8")
    if as_json:
        told = {"ok": not failed, "findings": [finding.as_json() for finding in findings]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo(in_words(findings))
    if report is not None:
        note(_("完整报告写在 %(file)s，里面没有密钥。", file=report))
    context.exit(FOUND_A_FAILURE if failed else 0)
