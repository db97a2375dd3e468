"""How each call of ours is said to the Official Account."""

from __future__ import annotations

from bot.calls import Call
from bot.platforms.official.requests.account import ACCOUNT
from bot.platforms.official.requests.context import Build, Context
from bot.platforms.official.requests.fans import FANS
from bot.platforms.official.requests.mass import MASS
from bot.platforms.official.requests.messages import MESSAGES
from bot.platforms.request import Request

BUILDS: dict[type[Call], Build] = {**MESSAGES, **MASS, **FANS, **ACCOUNT}


def build(call: Call, context: Context) -> Request:
    """Raises Unsendable for a call that the platform would refuse or misread."""
    return BUILDS[type(call)](call, context)
