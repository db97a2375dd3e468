"""The file that points a bot at this sandbox."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from bot.sandbox.stage import Stage

HERE = ("http://127.0.0.1", "http://localhost")
"""A bot whose callbacks come here shows its pages here too."""


def env_lines(stage: Stage, *, clock_file: Path) -> dict[str, str]:
    app, account = stage.world.corp.apps[0], stage.world.official
    base = stage.options.callback_base
    pages = {"SIYU_PUBLIC_URL": base} if base.startswith(HERE) else {}
    return pages | {
        "SIYU_WECOM_CORP_ID": stage.world.corp.corp_id,
        "SIYU_WECOM_AGENT_ID": str(app.agent_id),
        "SIYU_WECOM_SECRET": app.secret,
        "SIYU_WECOM_TOKEN": app.token,
        "SIYU_WECOM_AES_KEY": app.aes_key,
        "SIYU_WECOM_API_BASE": stage.base_url,
        "SIYU_OFFICIAL_APP_ID": account.app_id,
        "SIYU_OFFICIAL_SECRET": account.secret,
        "SIYU_OFFICIAL_TOKEN": account.token,
        "SIYU_OFFICIAL_AES_KEY": account.aes_key,
        "SIYU_OFFICIAL_API_BASE": stage.official_base_url,
        "SIYU_CLOCK_FILE": str(clock_file),
        "SIYU_SANDBOX_URL": stage.base_url,
    }


def welcome(stage: Stage) -> str:
    """What any SDK needs to be pointed here; these secrets open nothing but this sandbox."""
    app, account, base = (
        stage.world.corp.apps[0],
        stage.world.official,
        stage.options.callback_base,
    )
    flows = "（在走）" if stage.clock.running else "（停着）"
    kf = "、".join(f"{one.name} {one.open_kfid}" for one in stage.world.kf.values())
    to = f"{base.rstrip('/')}/callback/wecom 和 …/official" if base else "不发（--callback-base）"
    return f"""\
sandbox ready: WeCom {stage.base_url} · Official Account {stage.official_base_url} · \
clock {stage.clock.iso()}{flows}

企业微信        {stage.base_url}/cgi-bin/…
  CorpId        {stage.world.corp.corp_id}
  AgentId       {app.agent_id}
  Secret        {app.secret}
  Token         {app.token}
  AESKey        {app.aes_key}
公众号          {stage.official_base_url}/cgi-bin/…
  AppID         {account.app_id}（原始 ID {account.original_id}）
  AppSecret     {account.secret}
  Token         {account.token}
  AESKey        {account.aes_key}
微信客服        {kf or "没有账号"}
回调            {to}
控制            {stage.base_url}/__sandbox__/openapi.json
让事情发生      siyu trigger · siyu clock · siyu tail（加 --url {stage.base_url}）"""


def _secret(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


def write_env(stage: Stage, path: Path, *, clock_file: Path) -> None:
    """Keeps the secrets an earlier run wrote, so that a database made with them stays readable."""
    kept = dict(
        line.split("=", 1) for line in _lines(path) if "=" in line and not line.startswith("#")
    )
    own = {
        "SIYU_SECRET_KEY": kept.get("SIYU_SECRET_KEY") or _secret(32),
        "SIYU_SHOP_WEBHOOK_SECRET": kept.get("SIYU_SHOP_WEBHOOK_SECRET") or "whsec_" + _secret(24),
    }
    lines = env_lines(stage, clock_file=clock_file) | own
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
