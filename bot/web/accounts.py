"""Which accounts of the platforms these settings name."""

from __future__ import annotations

from bot.platforms.accounts import ModelAccount, OfficialAccount, WecomAccount
from bot.settings import Settings


def wecom_account(settings: Settings) -> WecomAccount:
    return WecomAccount(
        corp_id=settings.wecom_corp_id,
        agent_id=settings.wecom_agent_id,
        secret=settings.wecom_secret,
        tokens=_given(settings.wecom_token, settings.wecom_token_old),
        aes_keys=_given(settings.wecom_aes_key, settings.wecom_aes_key_old),
        api_base=settings.wecom_api_base,
    )


def official_account(settings: Settings) -> OfficialAccount:
    return OfficialAccount(
        app_id=settings.official_app_id,
        secret=settings.official_secret,
        tokens=_given(settings.official_token, settings.official_token_old),
        aes_keys=_given(settings.official_aes_key, settings.official_aes_key_old),
        api_base=settings.official_api_base,
    )


def model_account(settings: Settings) -> ModelAccount:
    return ModelAccount(url=settings.model_url, name=settings.model_name, key=settings.model_key)


def _given(*values: str) -> tuple[str, ...]:
    return tuple(value for value in values if value)
