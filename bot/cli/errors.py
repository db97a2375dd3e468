"""How the command line fails: one sentence of what, one of why, and the next command."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeGuard

import click
from click import exceptions as wrongs

from bot.cli.help import by_click, spoken
from bot.cli.manner import heard, kept_to
from bot.cli.talk import Failed, Misused, mistake
from bot.tongue import _

INTERRUPTED = 130


def explained(command: click.Command, words: Sequence[str] | None = None) -> int:
    """Run it and return the exit code."""
    manner = heard(sys.argv[1:] if words is None else words, os.environ)
    with kept_to(manner):
        if manner.wrong:
            then = _("能用的有：%(languages)s", languages="--lang zh、--lang en")
            click.echo(mistake(_("不会说 %(language)s。", language=manner.wrong), then), err=True)
            return Misused.exit_code
        return _explained(spoken(command), manner.words)


def _explained(command: click.Command, said: list[str]) -> int:
    try:
        result = command.main(said, prog_name="siyu", standalone_mode=False)
    except wrongs.Exit as done:
        return done.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(_("已停止。数据是完整的，可以随时重新开始。"), err=True)
        return INTERRUPTED
    except click.ClickException as wrong:
        code = _told(wrong, said)
        if isinstance(wrong, Failed | Misused):
            _point(wrong.then, command, said)
        return code
    except Exception as wrong:  # noqa: BLE001 - what we know is explained, what we do not is raised again
        return _known(wrong, command, said)
    return result if isinstance(result, int) else 0


def _told(wrong: click.ClickException, said: list[str]) -> int:
    if isinstance(wrong, wrongs.NoArgsIsHelpError):
        click.echo(wrong.ctx.get_help() if wrong.ctx else "", err=True)
    elif isinstance(wrong, wrongs.UsageError):
        _misused(wrong, said)
    elif isinstance(wrong, Failed | Misused):
        wrong.show()
    else:
        click.echo(f"✗ {wrong.format_message()}", err=True)
    return wrong.exit_code


def _misused(wrong: wrongs.UsageError, said: list[str]) -> None:
    """What is wrong, the command that was probably meant, and where to read more."""
    click.echo(f"✗ {_words(wrong)}", err=True)
    if meant := _meant(wrong, said):
        click.echo(_("  你是不是想运行：%(meant)s", meant=meant), err=True)
    path = wrong.ctx.command_path if wrong.ctx else "siyu"
    click.echo(_("  看用法：%(path)s --help", path=path), err=True)


def _words(wrong: wrongs.UsageError) -> str:
    match wrong:
        case wrongs.NoSuchOption():
            words = _("没有 %(name)s 这个选项。", name=wrong.option_name)
        case wrongs.NoSuchCommand():
            words = _("没有 %(name)s 这个命令。", name=wrong.command_name)
        case wrongs.MissingParameter():
            words = _("缺少%(what)s。", what=_called(wrong).rstrip())
        case wrongs.BadParameter():
            words = _(
                "%(what)s的值不对：%(why)s", what=_called(wrong), why=by_click(wrong.message)
            )
        case wrongs.BadOptionUsage():
            words = _("选项 %(name)s 后面要跟一个值。", name=wrong.option_name)
        case _:
            words = by_click(wrong.message)
    return words


def _called(wrong: wrongs.BadParameter) -> str:
    if isinstance(wrong.param, click.Option):
        return _("选项 %(name)s ", name=wrong.param.opts[-1])
    if wrong.param is not None:
        return _("参数 %(name)s ", name=wrong.param.human_readable_name)
    return _("参数")


def _meant(wrong: wrongs.UsageError, said: list[str]) -> str:
    """The whole line again, with the nearest name in place of the unknown one."""
    unknown, names = _unknown(wrong)
    near = get_close_matches(unknown, names, n=1, cutoff=0.5)
    return shlex.join(["siyu", *(near[0] if w == unknown else w for w in said)]) if near else ""


def _unknown(wrong: wrongs.UsageError) -> tuple[str, list[str]]:
    """The name that means nothing here, and those that do."""
    group = wrong.ctx.command if wrong.ctx else None
    if isinstance(wrong, wrongs.NoSuchCommand) and isinstance(group, click.Group) and wrong.ctx:
        return wrong.command_name, group.list_commands(wrong.ctx)
    if isinstance(wrong, wrongs.NoSuchOption):
        return wrong.option_name, _options(wrong)
    return "", []


def _options(wrong: wrongs.UsageError) -> list[str]:
    params = wrong.ctx.command.get_params(wrong.ctx) if wrong.ctx else []
    return [name for param in params for name in param.opts if name.startswith("--")]


_NO_TABLES = ("no such table", "UndefinedTable")
_THEN = {
    "EmptyDatabase": "先导入订单：siyu import orders FILE；只要空表就运行：siyu migrate",
    "FileNotFoundError": "检查路径，或设置里的 SIYU_CLOCK_FILE、SIYU_CONTENT_DIR",
    "SettingsError": "用 siyu init 生成设置，或先用 siyu demo 看看",
    "Refusal": "改好再运行一次；看用法：siyu --help",
    "SchemaTooOld": "数据库是旧版本建的。先备份，再运行：siyu migrate",
    "ContentError": "按上面的提示改好文件，再运行：siyu check-content",
    "OperationalError": "看看数据库是否在运行、能不能写：siyu doctor",
    "PermissionError": "看看文件属于谁、能不能写",
}
_WHAT = {
    "EmptyDatabase": "数据库还是空的",
    "FileNotFoundError": "没有这个文件：{}",
    "SchemaTooOld": "数据库的结构不是这一版的（{}）",
    "OperationalError": "数据库连不上或不能写",
    "PermissionError": "没有权限：{}",
}


def _known(wrong: Exception, command: click.Command, said: list[str]) -> int:
    # By name: importing what may go wrong would make help slow.
    name = next((kind.__name__ for kind in type(wrong).__mro__ if kind.__name__ in _THEN), "")
    if any(sign in str(wrong) for sign in _NO_TABLES):
        name = "EmptyDatabase"
    if not name:
        raise wrong
    words = getattr(wrong, "words", None) or getattr(wrong, "filename", None) or wrong
    then = _(_THEN[name])
    code = failed(_(_WHAT.get(name, "{}")).format(words), then)
    _point(then, command, said)
    return code


def _point(then: str, command: click.Command, said: list[str]) -> None:
    """Whatever went wrong, the next command is named: the advice's own, or where the use of this one is told."""
    if "siyu" not in then:
        click.echo(_("  看用法：%(path)s --help", path=_path(command, said)), err=True)


def _path(command: click.Command, said: list[str]) -> str:
    """The part of the line that is the command's name."""
    names = ["siyu"]
    for word in said:
        inner = command.get_command(click.Context(command), word) if _is_group(command) else None
        if inner is None:
            break
        names.append(word)
        command = inner
    return " ".join(names)


def _is_group(command: click.Command) -> TypeGuard[click.Group]:
    return isinstance(command, click.Group)


def failed(what: str, then: str) -> int:
    click.echo(mistake(what, then), err=True)
    return 1
