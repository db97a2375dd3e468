"""What we are on each platform: ids, secrets and where its API answers. Secrets never show in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomAccount:
    corp_id: str
    agent_id: int
    secret: str = field(repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)
    """Callback tokens, newest first; two while one is being replaced."""
    aes_keys: tuple[str, ...] = field(default=(), repr=False)
    """EncodingAESKeys of 43 characters, newest first."""
    api_base: str = "https://qyapi.weixin.qq.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialAccount:
    app_id: str
    secret: str = field(repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)
    aes_keys: tuple[str, ...] = field(default=(), repr=False)
    """Empty means plain mode; with one set, nothing but `<Encrypt>` is believed."""
    api_base: str = "https://api.weixin.qq.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAccount:
    """An OpenAI-compatible server."""

    url: str
    name: str
    key: str = field(default="", repr=False)
