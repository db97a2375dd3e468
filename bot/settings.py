"""Settings from the environment and `siyu.toml`, frozen; every mistake is named at once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.tongue import _

SAMPLES = (
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "sample",
    "example",
    "test",
    "your",
    "password",
    "xxxx",
)


Secret = Annotated[str, Field(repr=False)]
"""Never shown, not even where settings are printed whole."""


class SettingsError(Exception):
    """The settings cannot be used; the message lists every mistake with its mend."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SIYU_", toml_file="siyu.toml", extra="forbid", frozen=True
    )

    database_url: Secret = "sqlite+aiosqlite:///siyu.db"
    broker_url: Secret = "sql"
    """`sql`, or nats://… (tls://…) of a NATS server with JetStream, for several machines."""
    content_dir: Path = Path(__file__).resolve().parent.parent / "content"
    public_url: str = ""
    secret_key: Secret = ""
    timezone: str = "Asia/Shanghai"
    clock_file: Path | None = None
    sandbox_url: str = ""
    """The control API of a sandbox on this machine; it brings the page `/sandbox`, except in production."""
    shop_webhook_secret: Secret = ""
    webhook_private: bool = False
    """Tests only: webhooks may lead to this machine and its neighbours. Production never does."""

    wecom_corp_id: str = ""
    wecom_agent_id: int = 0
    wecom_secret: Secret = ""
    wecom_token: Secret = ""
    wecom_aes_key: Secret = ""
    wecom_token_old: Secret = ""
    wecom_aes_key_old: Secret = ""
    wecom_api_base: str = "https://qyapi.weixin.qq.com"

    official_app_id: str = ""
    official_secret: Secret = ""
    official_token: Secret = ""
    official_aes_key: Secret = ""
    official_token_old: Secret = ""
    official_aes_key_old: Secret = ""
    official_api_base: str = "https://api.weixin.qq.com"

    model_url: str = ""
    """An OpenAI-compatible address, as far as `/v1`. Empty: no model is asked anything."""
    model_key: Secret = ""
    model_name: Annotated[str, Field(validate_default=True)] = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def production(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def key(self) -> bytes:
        return base64.b64decode(self.secret_key)

    @property
    def shop(self) -> str:
        """A name that all processes of one shop share and no other shop has."""
        return f"siyu-{hashlib.sha256(self.key).hexdigest()[:8]}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if not value:
            raise ValueError(_("没有设置。用 `siyu init` 生成，或填 32 字节以上随机数的 base64"))
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(_("不是 base64。用 `siyu init` 重新生成")) from None
        if len(raw) < 32 or len(set(raw)) < 8:
            raise ValueError(_("太短或是示例值，至少要 32 字节随机数。用 `siyu init` 重新生成"))
        return value

    @field_validator(
        "wecom_secret", "wecom_token", "official_secret", "official_token", "shop_webhook_secret"
    )
    @classmethod
    def _not_a_sample(cls, value: str) -> str:
        plain = value.removeprefix("whsec_").lower()
        if value and (plain.startswith(SAMPLES) or len(set(plain)) < 6):
            raise ValueError(_("看起来是示例值，请换成后台里真正的值"))
        return value

    @field_validator(
        "wecom_aes_key", "official_aes_key", "wecom_aes_key_old", "official_aes_key_old"
    )
    @classmethod
    def _aes_key(cls, value: str) -> str:
        if value and len(value) != 43:
            raise ValueError(
                _(
                    "EncodingAESKey 应是 43 个字符，现在是 %(length)s 个，请从后台重新复制",
                    length=len(value),
                )
            )
        try:
            base64.b64decode(value + "=" * bool(value), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(_("EncodingAESKey 只有字母和数字，请从后台重新复制")) from None
        return value

    @field_validator("wecom_secret", "wecom_token", "wecom_aes_key")
    @classmethod
    def _wecom_whole(cls, value: str, info: ValidationInfo) -> str:
        return _wanted(value, info.data.get("wecom_corp_id"))

    @field_validator("official_secret", "official_token")
    @classmethod
    def _official_whole(cls, value: str, info: ValidationInfo) -> str:
        return _wanted(value, info.data.get("official_app_id"))

    @field_validator("shop_webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: str) -> str:
        try:
            raw = base64.b64decode(value.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(_("应是 whsec_ 加 base64，请从店铺系统重新复制")) from None
        if value and len(raw) < 16:
            raise ValueError(_("太短，至少要 16 字节随机数"))
        return value

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: str, info: ValidationInfo) -> str:
        if value != "sql" and not value.startswith(("nats://", "tls://")):
            raise ValueError("填 sql，或 NATS 的地址：nats://主机:4222")
        if value != "sql" and info.data.get("database_url", "").startswith("sqlite"):
            raise ValueError("NATS 是给几台机器用的，先把 SIYU_DATABASE_URL 换成 PostgreSQL")
        if value != "sql" and find_spec("taskiq_nats") is None:
            raise ValueError("没有装 NATS 的客户端，运行：pip install 'siyu[nats]'")
        return value

    @field_validator("public_url")
    @classmethod
    def _safe_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError(_("要用 https://（本机除外）"))
        return value

    @field_validator("model_url")
    @classmethod
    def _private_enough(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError(_("要用 https://（本机除外），顾客的问题会发到那里"))
        return value

    @field_validator("model_name")
    @classmethod
    def _named(cls, value: str, info: ValidationInfo) -> str:
        return _wanted(value, info.data.get("model_url"))

    @field_validator("clock_file")
    @classmethod
    def _real_clock(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value and info.data.get("public_url", "").startswith("https://"):
            raise ValueError(_("只能在测试里用，正式环境请去掉"))
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                _("没有「%(value)s」这个时区，例如 Asia/Shanghai", value=value)
            ) from None
        return value


def _wanted(value: str, account: str | None) -> str:
    if account and not value:
        raise ValueError(_("没有填"))
    return value


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process. Raises SettingsError naming every mistake at once."""
    _refuse_open_file(Path("siyu.toml"))
    try:
        return Settings(**overrides)
    except ValidationError as refused:
        lines = [_mistake(error) for error in refused.errors(include_input=False)]
    except tomllib.TOMLDecodeError as broken:
        lines = [_("siyu.toml 读不懂：%(broken)s", broken=broken)]
    raise SettingsError(_("设置有问题：\n") + "\n".join(f"  {line}" for line in lines))


def _refuse_open_file(path: Path) -> None:
    """Secrets that everybody on this machine can read are not secret. (Windows has no such bits.)"""
    if os.name == "posix" and path.exists() and path.stat().st_mode & 0o007:
        raise SettingsError(
            _(
                "设置有问题：\n  %(path)s 里有密钥，但这台机器上谁都能读。运行：chmod 600 %(path)s",
                path=path,
            )
        )


def _mistake(error: Any) -> str:
    name = "_".join(str(part) for part in error["loc"])
    words = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        words = _("没有这个设置项，请检查拼写")
    return _("SIYU_%(name)s：%(words)s", name=name.upper(), words=words) if name else words
