"""`siyu backup`, `siyu restore`: the whole shop in one sealed file, its keys under a passphrase if wanted; and back."""

from __future__ import annotations

import asyncio
import base64
import getpass
import hashlib
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from bot.cli.connect import before, write
from bot.cli.opened import opened
from bot.cli.talk import Failed, Misused, Talk
from bot.domain.refusals import Refusal
from bot.settings import Settings, load_settings
from bot.store import audit, backups
from bot.store.vault import Vault
from bot.tongue import _

FILE = click.Path(path_type=Path, dir_okay=False)
SHORTEST = 10
COST = {"n": 2**15, "r": 8, "p": 1}
Facts = dict[str, Any]


@click.command(help="把整个数据库写成一份加密的备份，写完从头读一遍；程序可以照常运行")
@click.argument("file", type=FILE)
@click.option("--with-keys", is_flag=True, help="连设置里的密钥一起，用口令锁住；口令从标准输入读")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def backup(file: Path, with_keys: bool, as_json: bool) -> None:
    if file.exists():
        raise Misused(_("%(file)s 已经在了，不会盖掉它。", file=file), f"siyu backup {file}.new")
    talk = Talk(as_json=as_json)
    settings = load_settings()
    head = {"siyu_backup": backups.FORMAT, "key": _print(settings.key), "keys": None}
    if with_keys:
        head["keys"] = _locked(settings, _passphrase())
    at, counts = asyncio.run(_backup(file, head, talk))
    rows = sum(counts.values())
    talk.say(
        _("✓ 备份好了，并从头读过一遍：%(rows)s 行，%(file)s", rows=f"{rows:,}", file=file),
        style="green",
    )
    if not with_keys:
        talk.say(_("  恢复它要用现在的 SIYU_SECRET_KEY：另存一份，不要和备份放在一起。"))
    talk.document({"file": str(file), "at": at, "rows": rows, "tables": counts})


async def _backup(file: Path, head: Facts, talk: Talk) -> tuple[str, backups.Counts]:
    async with opened() as to:
        line = json.dumps(head).encode() + b"\n"
        with talk.bar() as tell:
            await backups.write(
                to.sessions.engine, to.vault, file, now=to.now, head=line, tell=tell
            )
        first, counts = backups.check(file, to.vault)
        async with to.sessions.begin() as session:
            await audit.append(
                session,
                at=to.now,
                actor=f"system:cli:{getpass.getuser()}",
                action="backup",
                subject="database",
                detail={"rows": sum(counts.values()), "keys": head["keys"] is not None},
            )
        return str(first["at"]), counts


def _print(key: bytes) -> str:
    return hashlib.sha256(b"siyu backup" + key).hexdigest()[:12]


def _locked(settings: Settings, passphrase: str) -> Facts:
    """What a new machine needs to read the backup and to speak to the platforms."""
    names = [name for name in Settings.model_fields if name not in {"database_url", "clock_file"}]
    told = settings.model_dump(mode="json", include=set(names), exclude_defaults=True)
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, json.dumps(told).encode(), b"keys")
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    return {name: base64.b64encode(part).decode() for name, part in parts.items()}


def _unlocked(keys: Facts, passphrase: str) -> Facts:
    salt, nonce, sealed = (base64.b64decode(keys[name]) for name in ("salt", "nonce", "sealed"))
    try:
        told: Facts = json.loads(AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, b"keys"))
    except InvalidTag:
        raise Failed(_("口令不对。"), _("再试一次；口令是做备份时输入的那一个")) from None
    return told


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **COST).derive(passphrase.encode())


def _passphrase() -> str:
    if sys.stdin.isatty():
        said: str = click.prompt(_("口令"), hide_input=True, err=True)
    else:
        said = sys.stdin.readline().rstrip("\r\n")
    if len(said) < SHORTEST:
        raise Misused(
            _("口令至少 %(least)s 个字符。", least=SHORTEST),
            "echo … | siyu backup FILE --with-keys",
        )
    return said


@click.command(help="把备份恢复到一个空的数据库里；恢复以后先停着发送，等人看过再打开")
@click.argument("file", type=FILE)
@click.option("--keys", is_flag=True, help="先用口令取出备份里的密钥，写进 siyu.toml")
@click.option("-n", "--dry-run", is_flag=True, help="只从头读一遍，不写入")
@click.option("--json", "as_json", is_flag=True, help="输出一份 JSON")
def restore(file: Path, keys: bool, dry_run: bool, as_json: bool) -> None:
    talk, head = Talk(as_json=as_json), _head(file)
    if keys:
        _take_keys(file, head)
    settings = load_settings()
    if head["key"] != _print(settings.key):
        raise Failed(
            _("这份备份是用另一把 SIYU_SECRET_KEY 做的。"),
            f"siyu restore {file} --keys"
            if head["keys"]
            else _("把那时的 secret_key 放回 siyu.toml，再运行一次"),
        )
    try:
        first, counts = backups.check(file, Vault(settings.key))
        apart = {} if dry_run else asyncio.run(_restore(file, str(first["at"]), talk))
    except Refusal as refused:
        then = _("换一个空的数据库：SIYU_DATABASE_URL=… siyu restore %(file)s", file=file)
        raise Failed(refused.words, then) from None
    rows = sum(counts.values())
    at = datetime.fromisoformat(first["at"]).astimezone(settings.zone)
    talk.say(
        _("✓ %(at)s 的备份，%(rows)s 行，完整", at=f"{at:%Y-%m-%d %H:%M}", rows=f"{rows:,}")
        if dry_run
        else _("✓ 恢复了 %(at)s 的备份，%(rows)s 行", at=f"{at:%Y-%m-%d %H:%M}", rows=f"{rows:,}"),
        style="green",
    )
    if not dry_run:
        talk.say(_("  备份以后可能发出去的都算「结果不明」，不会再发一遍；所有发送先停着。"))
        talk.say(_("  接下来：siyu audit verify，siyu reconcile，看过以后在后台打开发送"))
    talk.document({"at": first["at"], "rows": rows, "tables": counts, "set_apart": apart})


def _head(file: Path) -> Facts:
    try:
        with file.open("rb") as stream:
            head = json.loads(stream.readline(100_000))
        if head["siyu_backup"] == backups.FORMAT:
            return dict(head)
    except FileNotFoundError:
        raise Misused(_("找不到文件 %(file)s。", file=file), "ls") from None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise Misused(_("%(file)s 不是 siyu 的备份。", file=file), "siyu backup FILE")


def _take_keys(file: Path, head: Facts) -> None:
    if not head["keys"]:
        raise Misused(
            _("这份备份里没有密钥。"),
            _("把那时的 secret_key 放回 siyu.toml，再运行 siyu restore %(file)s", file=file),
        )
    write(before() | _unlocked(head["keys"], _passphrase()))


async def _restore(file: Path, made_at: str, talk: Talk) -> Facts:
    async with opened() as to:
        with talk.bar() as tell:
            async with to.sessions.begin() as session:
                await backups.read(session, to.vault, file, tell)
                by = f"system:cli:{getpass.getuser()}"
                apart = await backups.set_apart(session, made_at=made_at, by=by, now=to.now)
    return dict(apart)
