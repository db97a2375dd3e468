"""How each call of ours is said to WeCom: names, nesting and limits as the platform documents them."""

from __future__ import annotations

from bot.calls import Call
from bot.platforms.request import Request
from bot.platforms.wecom.requests.acquisition import ACQUISITION
from bot.platforms.wecom.requests.app import APP
from bot.platforms.wecom.requests.cards import CARDS
from bot.platforms.wecom.requests.contacts import CONTACTS
from bot.platforms.wecom.requests.context import Build, Context
from bot.platforms.wecom.requests.groups import GROUPS
from bot.platforms.wecom.requests.intercepts import INTERCEPTS
from bot.platforms.wecom.requests.kf import KF
from bot.platforms.wecom.requests.mass import MASS
from bot.platforms.wecom.requests.media import MEDIA
from bot.platforms.wecom.requests.moments import MOMENTS
from bot.platforms.wecom.requests.statistics import STATISTICS
from bot.platforms.wecom.requests.tags import TAGS
from bot.platforms.wecom.requests.transfers import TRANSFERS
from bot.platforms.wecom.requests.ways import WAYS

BUILDS: dict[type[Call], Build] = {
    **CONTACTS,
    **TAGS,
    **WAYS,
    **MASS,
    **GROUPS,
    **MOMENTS,
    **TRANSFERS,
    **ACQUISITION,
    **INTERCEPTS,
    **STATISTICS,
    **MEDIA,
    **CARDS,
    **APP,
    **KF,
}


def build(call: Call, context: Context) -> Request:
    """Raises Unsendable for a call that the platform would refuse or misread."""
    return BUILDS[type(call)](call, context)
