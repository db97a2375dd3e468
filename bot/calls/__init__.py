"""What may go out: intents of ours; the wire requests live in `bot.platforms`."""

from bot.calls.acquisition import *
from bot.calls.app import *
from bot.calls.attachments import *
from bot.calls.group_chats import *
from bot.calls.intercepts import *
from bot.calls.kf import *
from bot.calls.media import *
from bot.calls.model import *
from bot.calls.moments import *
from bot.calls.official import *
from bot.calls.statistics import *
from bot.calls.transfers import *
from bot.calls.vocabulary import (
    CALLS,
    Call,
    Outcome,
    Refused,
    Sent,
    TryLater,
    Unclear,
    dump,
    kind_of,
    load,
)
from bot.calls.wecom import *
