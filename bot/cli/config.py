"""`siyu config`: the settings of this installation: which there are, where each comes from, and one changed."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import asdict, dataclass
from typing import Any

import click

from bot.cli.connect import FILE, before, write
from bot.cli.talk import Misused, Talk, note
from bot.settings import Settings, load_settings
from bot.tongue import _

WORDS = {"env": "环境变量", "file": "siyu.toml", "default": "默认"}


@dataclass(frozen=True, slots=True)
class Known:
    name: str
    value: str
    """Of a secret only that there is one, and a print of it to compare by."""
    source: str


@click.group(help="看和改 SIYU_… 设置")
def config() -> None:
    pass


@config.command("get", help="一项设置；不写名字就是全部。密钥只显示指纹")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def get(name: str | None, as_json: bool) -> None:
    settings = load_settings()
    wanted = [_field(name)] if name else list(Settings.model_fields)
    written = before()
    found = [_known(settings, one, written) for one in wanted]
    talk = Talk(as_json=as_json)
    if name:
        talk.say(found[0].value)
    else:
        heads = [_("设置"), _("值"), _("来自")]
        talk.table(heads, [[one.name, one.value or "—", _(WORDS[one.source])] for one in found])
    talk.document([asdict(one) for one in found])


def _field(said: str) -> str:
    """`public_url` or `SIYU_PUBLIC_URL`."""
    field = said.lower().removeprefix("siyu_")
    if field not in Settings.model_fields:
        raise Misused(_("没有 %(name)s 这个设置项。", name=said), _("看有哪些：siyu config get"))
    return field


def _known(settings: Settings, field: str, written: dict[str, Any]) -> Known:
    name = f"SIYU_{field.upper()}"
    source = "env" if os.environ.get(name) else "file" if field in written else "default"
    value = str(getattr(settings, field) or "")
    if value and _secret(field):
        value = f"set (sha256:{hashlib.sha256(value.encode()).hexdigest()[:8]})"
    return Known(name, value, source)


def _secret(field: str) -> bool:
    return not Settings.model_fields[field].repr


@config.command("set", help="把一项写进 siyu.toml；密钥不写在命令里，从标准输入读")
@click.argument("name")
@click.argument("value", required=False)
def change(name: str, value: str | None) -> None:
    field = _field(name)
    said = _said(field, value)
    answers = before() | {field: said}
    load_settings(**answers)  # raises, naming every mistake, before anything is written
    write(answers)
    note(_("✓ %(name)s 写进了 %(file)s；重新运行 siyu serve 才会用上", name=field, file=FILE))
    if os.environ.get(f"SIYU_{field.upper()}"):
        note(_("! 环境变量 SIYU_%(name)s 还在，会盖过它", name=field.upper()))


def _said(field: str, value: str | None) -> Any:
    if _secret(field):
        if value is not None:
            raise Misused(_("密钥不要写在命令里，别人看得见。"), f"siyu config set {field} < FILE")
        return _read_hidden(field)
    if value is None:
        raise Misused(_("缺少要写的值。"), f"siyu config set {field} …")
    if isinstance(Settings.model_fields[field].default, bool):
        return value.lower() in {"1", "true", "yes"}
    return value


def _read_hidden(field: str) -> str:
    if sys.stdin.isatty():
        said: str = click.prompt(field, hide_input=True, err=True)
        return said.strip()
    return sys.stdin.readline().strip()
