"""Click's help in the language of whoever reads: our words through the catalogue, click's own from here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click

from bot.tongue import _, tongue

HEADINGS = {"Options": "选项", "Commands": "命令", "Positional arguments": "参数"}
PLACEHOLDERS = {"[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 …"}
PHRASES = {
    "Show this message and exit.": "显示这份帮助",
    "[required]": "[必填]",
    "[default: ": "[默认：",
}


MISTAKES = (
    (r"Got unexpected extra arguments? \((.*)\)", r"多了参数：\1"),
    (r"(.*) is not a valid integer( range)?\.", r"\1 不是整数。"),
    (r"(.*) is not one of (.*)\.", r"\1 不在 \2 之中。"),
    (r"(.*) is not in the range (.*)\.", r"\1 不在 \2 之内。"),
    (r"(?:File|Path|Directory) (.*) does not exist\.", r"没有 \1 这个文件。"),
    (r"File (.*) is a directory\.", r"\1 是一个文件夹。"),
)


def _said(text: str, words: dict[str, str]) -> str:
    for english, chinese in words.items() if tongue() == "zh" else ():
        text = text.replace(english, chinese)
    return text


class Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        usage = "用法：" if tongue() == "zh" else "Usage: "
        super().write_usage(prog, _said(args, PLACEHOLDERS), prefix or usage)

    def write_heading(self, heading: str) -> None:
        colon = "：" if tongue() == "zh" else ":"
        self.write(f"{'':>{self.current_indent}}{_said(heading, HEADINGS)}{colon}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], *args: Any, **terms: Any) -> None:
        super().write_dl([(name, _said(words, PHRASES)) for name, words in rows], *args, **terms)


class Context(click.Context):
    formatter_class = Formatter


def spoken(command: click.Command) -> click.Command:
    """This command, and those below it, speak the language of this run and know -h."""
    command.context_class = Context
    command.context_settings.setdefault("help_option_names", ["-h", "--help"])
    command.help = _(_chinese(command, command.help))
    for param in command.params:
        if isinstance(param, click.Option):
            param.help = _(_chinese(param, param.help))
        param.metavar = _(_chinese(param, param.metavar, "metavar")) or None
    for below in getattr(command, "commands", {}).values():
        spoken(below)
    return command


def _chinese(thing: Any, said: str | None, what: str = "help") -> str:
    """As it was written: a second run in this process may speak another language."""
    key = f"_siyu_{what}"
    if not hasattr(thing, key):
        setattr(thing, key, said or "")
    written: str = getattr(thing, key)
    return written


def by_click(said: str) -> str:
    """What click says about values and arguments; our own words pass unchanged."""
    for english, chinese in MISTAKES if tongue() == "zh" else ():
        if match := re.fullmatch(english, said):
            return match.expand(chinese)
    return said
