"""The sentences by which customers give and take back their consent."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Said(StrEnum):
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    IMPERSONAL = "impersonal"
    PERSONAL = "personal"
    MAYBE_OUT = "maybe_out"
    """The words are there, among others: stop now, and let a person read it."""


EXACT = {
    **dict.fromkeys(("退订", "td", "t", "取消订阅", "不要再发", "stop"), Said.OPT_OUT),
    **dict.fromkeys(("订阅", "同意接收"), Said.OPT_IN),
    **dict.fromkeys(("不要个性化", "关闭个性化"), Said.IMPERSONAL),
    **dict.fromkeys(("恢复个性化", "开启个性化"), Said.PERSONAL),
}
KEYS = {
    "consent_yes": Said.OPT_IN,
    "consent_no": Said.OPT_OUT,
    "personal_off": Said.IMPERSONAL,
    "personal_on": Said.PERSONAL,
}
"""Menu keys that mean the same as a sentence."""

# A lone T stands in too many words ("T恤") to mean anything inside a sentence.
_AMONG_OTHERS = re.compile(r"退订|取消订阅|不要再发|\b(?:td|stop)\b", re.ASCII)
_TRIMMED = " \t\r\n\u3000。.!！~～"


def said(text: str, menu_key: str | None = None) -> Said | None:
    """What these words mean for her consent; None when they are about something else."""
    if menu_key in KEYS:
        return KEYS[menu_key]
    words = unicodedata.normalize("NFKC", text).strip(_TRIMMED).casefold()
    if words in EXACT:
        return EXACT[words]
    return Said.MAYBE_OUT if _AMONG_OTHERS.search(words) else None
