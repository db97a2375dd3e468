"""`siyu …`: parse, call, print. Commands are loaded when they are used, so that help is quick."""

from __future__ import annotations

import gc
import importlib
import sys

import click

from bot.cli.help import spoken
from bot.tongue import TONGUES, _

COMMANDS = {
    "demo": ("bot.cli.demo:demo", "不用任何账号，先玩一家虚构的店"),
    "init": ("bot.cli.connect:init", "接入企业微信和公众号，生成设置"),
    "doctor": ("bot.cli.doctor:doctor", "检查接入，说出原因和修法"),
    "serve": ("bot.cli.serve:serve", "正式运行"),
    "migrate": ("bot.cli.serve:migrate", "把数据库升级到最新结构"),
    "import": ("bot.cli.imports:import_", "导入订单、顾客、商品"),
    "tiers": ("bot.cli.tiers:tiers", "计算和解释顾客等级"),
    "segment": ("bot.cli.segments:segment", "数一个分群规则命中多少人"),
    "campaign": ("bot.cli.campaigns:campaign", "预演、交给导购、暂停、停止活动"),
    "journey": ("bot.cli.journeys:journey", "拿过去的一年试一遍一条旅程"),
    "explain": ("bot.cli.explain:explain", "这位顾客为什么收到或没收到"),
    "guide": ("bot.cli.guides:guide", "导购请假、回来、值守"),
    "reconcile": ("bot.cli.reconcile:reconcile", "和企业微信对一遍顾客和导购，补上漏掉的"),
    "replay": ("bot.cli.serve:replay", "重新处理搁置的事件"),
    "check-content": ("bot.cli.content:check_content", "检查话术、规则和剧本"),
    "user": ("bot.cli.people:user", "添加、重设、停用后台用户"),
    "key": ("bot.cli.people:key", "添加 API 密钥"),
    "device": ("bot.cli.devices:device", "配对和收回门店的收银机"),
    "audit": ("bot.cli.audit:trail", "核对操作记录有没有被改过"),
    "backup": ("bot.cli.backups:backup", "把整个数据库写成一份加密的备份"),
    "restore": ("bot.cli.backups:restore", "把备份恢复到空的数据库里"),
    "export": ("bot.cli.own_data:export", "一位顾客的全部资料，写成一份 JSON"),
    "erase": ("bot.cli.own_data:erase", "删掉一位顾客的资料"),
    "config": ("bot.cli.config:config", "看和改 SIYU_… 设置"),
    "sandbox": ("bot.cli.sandbox:sandbox", "本机上的企业微信、公众号和微信客服"),
    "trigger": ("bot.cli.sandbox:trigger", "让沙盒里发生一件事"),
    "clock": ("bot.cli.sandbox:clock", "看和拨沙盒的时钟"),
    "tail": ("bot.cli.sandbox:tail", "看沙盒里的消息和接口"),
    "completion": ("bot.cli.completion:completion", "让 bash、zsh 或 fish 补全 siyu 的命令"),
    "version": ("bot.cli.completion:version", "显示版本"),
}


class Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _colon, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return spoken(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _(words)) for name, (_at, words) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(_("第一次用，先运行：siyu demo"))


@click.group(
    cls=Lazy,
    help="私域助手：认出谁该联系、替导购把话想好、把券发对人。",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--lang", type=click.Choice(TONGUES), help="说中文还是英文；不写就看 LANG")
@click.option("--no-color", is_flag=True, help="不用颜色；设置 NO_COLOR 也一样")
@click.option("--plain", is_flag=True, help="一行一条，用制表符隔开，没有进度条")
@click.option("-q", "--quiet", is_flag=True, help="只说结果和错误")
@click.version_option(None, "-V", "--version", package_name="siyu", help="显示版本")
def cli(**_manner: object) -> None:
    """Wherever its options stand in the line, `manner` has heard them already; here they are shown."""


def main() -> None:
    """The `siyu` command. 0 done, 1 failed, 2 usage, 130 interrupted; errors say what, why and what next."""
    from bot.cli.errors import explained

    # We make and drop many small objects; looking for cycles among each 700 of them is a sixth of all time.
    gc.set_threshold(100_000, 50, 100)
    for stream in (sys.stdout, sys.stderr):  # a console of another code page must not break a ✓
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(explained(cli))
