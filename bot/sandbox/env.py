"""The file that points a bot at this sandbox."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from bot.sandbox.saying import _
from bot.sandbox.stage import Stage

HERE = ("http://127.0.0.1", "http://localhost")
"""A bot whose callbacks come here shows its pages here too."""
SHOP_SECRET = "SIYU_SHOP_WEBHOOK_SECRET"


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
    return _(
        WELCOME,
        base=stage.base_url,
        official=stage.official_base_url,
        clock=stage.clock.iso(),
        flows=_("（在走）") if stage.clock.running else _("（停着）"),
        corp=stage.world.corp.corp_id,
        agent=app.agent_id,
        secret=app.secret,
        token=app.token,
        aes=app.aes_key,
        fans=account.app_id,
        original=account.original_id,
        fans_secret=account.secret,
        fans_token=account.token,
        fans_aes=account.aes_key,
        shop=stage.shop_secret,
        kf=_("、").join(f"{one.name} {one.open_kfid}" for one in stage.world.kf.values())
        or _("没有账号"),
        to_shop=f"{base.rstrip('/')}/api/v1/orders" if base else _("不发（--callback-base）"),
        to=_("%(base)s/callback/wecom 和 …/official", base=base.rstrip("/"))
        if base
        else _("不发（--callback-base）"),
    )


WELCOME = """\
sandbox ready: WeCom %(base)s · Official Account %(official)s · clock %(clock)s%(flows)s

企业微信        %(base)s/cgi-bin/…
  CorpId        %(corp)s
  AgentId       %(agent)s
  Secret        %(secret)s
  Token         %(token)s
  AESKey        %(aes)s
公众号          %(official)s/cgi-bin/…
  AppID         %(fans)s（原始 ID %(original)s）
  AppSecret     %(fans_secret)s
  Token         %(fans_token)s
  AESKey        %(fans_aes)s
微信客服        %(kf)s
商城订单        %(to_shop)s
  签名密钥      %(shop)s
回调            %(to)s
控制            %(base)s/__sandbox__/openapi.json
让事情发生      siyu trigger · siyu clock · siyu tail（加 --url %(base)s）"""


def _secret(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


def shop_secret(path: Path | None) -> str:
    """What signs the orders of this world's shop."""
    return _kept(path).get(SHOP_SECRET) or "whsec_" + _secret(24)


def write_env(stage: Stage, path: Path, *, clock_file: Path) -> None:
    """Keeps the secrets an earlier run wrote, so that a database made with them stays readable."""
    own = {
        "SIYU_SECRET_KEY": _kept(path).get("SIYU_SECRET_KEY") or _secret(32),
        SHOP_SECRET: stage.shop_secret,
    }
    lines = env_lines(stage, clock_file=clock_file) | own
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _kept(path: Path | None) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
