"""`siyu init`: ask what only people know, make the secrets, and write `siyu.toml` for its owner's eyes."""

from __future__ import annotations

import base64
import json
import os
import secrets
import string
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bot.cli.talk import Failed, Misused, note
from bot.settings import Settings, load_settings
from bot.tongue import _

FILE = Path("siyu.toml")
Answers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    words: str
    hint: str = ""
    of: str = ""
    """Asked only when this one was answered."""
    hidden: bool = False
    made: Callable[[], str] | None = None
    """What stands there when nobody answers."""
    needed: bool = True

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))


def _aes_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=").translate(_PLAIN)


# The consoles take letters and digits only; the last of 43 characters holds just four bits.
_PLAIN = str.maketrans("+/", "AB")
QUESTIONS = (
    Question("public_url", "平台能访问的网址", "例如 https://crm.example.com", needed=False),
    Question(
        "wecom_corp_id", "企业微信的企业 ID", "后台「我的企业」最下面；不接就回车", needed=False
    ),
    Question("wecom_agent_id", "自建应用的 AgentId", of="wecom_corp_id"),
    Question("wecom_secret", "自建应用的 Secret", of="wecom_corp_id", hidden=True),
    Question(
        "wecom_token", "回调 Token", "回车自动生成", of="wecom_corp_id", made=lambda: _letters(24)
    ),
    Question(
        "wecom_aes_key", "回调 EncodingAESKey", "回车自动生成", of="wecom_corp_id", made=_aes_key
    ),
    Question("official_app_id", "公众号的 AppID", "不接就回车", needed=False),
    Question("official_secret", "公众号的 AppSecret", of="official_app_id", hidden=True),
    Question(
        "official_token",
        "公众号回调 Token",
        "回车自动生成",
        of="official_app_id",
        made=lambda: _letters(24),
    ),
    Question(
        "official_aes_key",
        "公众号回调 EncodingAESKey",
        "回车自动生成",
        of="official_app_id",
        made=_aes_key,
    ),
)
MADE: dict[str, Callable[[], str]] = {
    "secret_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "shop_webhook_secret": lambda: "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
}


def _flags(command: Callable[..., None]) -> Callable[..., None]:
    for question in reversed(QUESTIONS):
        command = click.option(question.flag, help=question.words)(command)
    return command


@click.command(help="接入企业微信和公众号：问几个问题，生成密钥，写成 siyu.toml（只有自己能读）")
@click.option("--from-env", is_flag=True, help="不提问，把现在的 SIYU_… 环境变量写进文件")
@_flags
def init(from_env: bool, **flags: str | None) -> None:
    answers = before() | (_environment() if from_env else {})
    answers |= {name: said for name, said in flags.items() if said is not None}
    asking = sys.stdin.isatty() and not from_env
    for question in QUESTIONS:
        _settle(question, answers, asking=asking)
    if not answers.get("wecom_corp_id") and not answers.get("official_app_id"):
        raise Misused(
            _("企业微信和公众号至少接一个。"),
            "siyu init --wecom-corp-id … --wecom-agent-id … --wecom-secret …",
        )
    for name, made in MADE.items():
        answers[name] = answers.get(name) or made()
    load_settings(**answers)  # raises, naming every mistake, before anything is written
    write(answers)
    _tell_what_next(answers)


def before() -> Answers:
    """What an earlier run wrote: a second one goes on from there."""
    try:
        return tomllib.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as wrong:
        raise Failed(
            _("%(file)s 读不懂：%(wrong)s", file=FILE, wrong=wrong),
            _("改好它，或先移走：mv %(file)s %(file)s.old", file=FILE),
        ) from None


def _environment() -> Answers:
    names = {f"SIYU_{name.upper()}": name for name in Settings.model_fields}
    return {names[said]: value for said, value in os.environ.items() if said in names and value}


def _settle(question: Question, answers: Answers, *, asking: bool) -> None:
    if question.of and not answers.get(question.of):
        return
    if asking:
        answers[question.name] = _asked(question, answers.get(question.name))
    if not answers.get(question.name) and question.made:
        answers[question.name] = question.made()
    if not answers.get(question.name) and question.needed:
        raise Misused(
            _("缺少%(what)s。", what=_(question.words)), _("加上 %(flag)s …", flag=question.flag)
        )


def _asked(question: Question, had: Any) -> str:
    words = _(question.words) + (_("（%(hint)s）", hint=_(question.hint)) if question.hint else "")
    kept = _("，回车沿用原来的") if had else ""
    said: str = click.prompt(
        f"{words}{kept}" if question.hidden or not had else words,
        default=had or ("" if question.made or not question.needed else None),
        show_default=bool(had) and not question.hidden and question.made is None,
        hide_input=question.hidden,
        err=True,
        type=str,
    )
    return said.strip()


def write(answers: Answers) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    lines = [
        f"{name} = {_toml(name, value)}"
        for name, value in answers.items()
        if value not in ("", None)
    ]
    draft = FILE.with_suffix(".toml.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(
            _("# siyu init 写的。里面有密钥，别放进代码仓库。") + "\n" + "\n".join(lines) + "\n"
        )
    draft.replace(FILE)


def _toml(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    return (
        str(int(value)) if name == "wecom_agent_id" else json.dumps(str(value), ensure_ascii=False)
    )


def _tell_what_next(answers: Answers) -> None:
    url = str(answers.get("public_url") or _("https://你的域名")).rstrip("/")
    note(_("✓ 写好了 %(file)s，只有你能读。密钥没有显示在屏幕上。", file=FILE))
    places = {
        "wecom": ("wecom_corp_id", _("企业微信后台 → 自建应用 → 接收消息")),
        "official": ("official_app_id", _("公众平台 → 基本配置 → 服务器配置（安全模式）")),
    }
    for path, (wanted, where) in places.items():
        if answers.get(wanted):
            note(
                _(
                    "  %(where)s：网址填 %(url)s/callback/%(path)s",
                    where=where,
                    url=url,
                    path=path,
                )
            )
            note(
                _(
                    "    Token 和 EncodingAESKey 抄 %(file)s 里的 %(path)s_token 和 %(path)s_aes_key",
                    file=FILE,
                    path=path,
                )
            )
    note(_("  接下来：siyu user add 名字 --role owner，siyu serve，再运行 siyu doctor"))
