"""Whether the language model that the settings name answers. Without it a person does: a doubt, no failure."""

from __future__ import annotations

from bot.doctor.finding import Finding, doubtful, fine
from bot.platforms.accounts import ModelAccount
from bot.platforms.model import chat
from bot.settings import Settings
from bot.tongue import _


async def model(settings: Settings) -> Finding:
    account = ModelAccount(
        url=settings.model_url, name=settings.model_name, key=settings.model_key
    )
    if await chat(account, "只回一个字：好", "在吗") is not None:
        return fine("model", _("模型 %(name)s 在回答", name=settings.model_name))
    return doubtful(
        "model",
        _("模型 %(name)s 没有在 3 秒里回答", name=settings.model_name),
        _("拿不准的问题都会转给同事"),
        _("检查 SIYU_MODEL_URL（写到 /v1）、SIYU_MODEL_NAME 和 SIYU_MODEL_KEY"),
    )
