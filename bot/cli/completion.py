"""`siyu completion` and `siyu version`: small things that a terminal likes to have."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as of_package

import click
from click.shell_completion import get_completion_class

from bot.cli.talk import note
from bot.tongue import _

SHELLS = ("bash", "zsh", "fish")
WHERE = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/siyu.fish"}


@click.command(help="写出补全脚本，例如：siyu completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "siyu", "_SIYU_COMPLETE").source())
    note(_("把它接到 %(file)s 后面，再开一个终端。", file=WHERE[shell]))


@click.command(help="显示版本")
def version() -> None:
    click.echo(f"siyu {known()}")


def known() -> str:
    try:
        return of_package("siyu")
    except PackageNotFoundError:
        return _("未安装")
