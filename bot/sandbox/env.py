"""The file that points a bot at this sandbox."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from bot.sandbox.stage import Stage


def env_lines(stage: Stage, *, clock_file: Path) -> dict[str, str]:
    app, account = stage.world.corp.apps[0], stage.world.official
    return {
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
    }


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
