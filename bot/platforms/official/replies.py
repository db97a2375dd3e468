"""Passive replies: the answer to a push may itself be a message, if it comes within 5 s."""

from __future__ import annotations

import secrets
from datetime import datetime

from bot.events import FanEvent
from bot.platforms.accounts import OfficialAccount
from bot.platforms.envelope import aes_key, seal, signature
from bot.platforms.limits import cut

_TEXT_BYTES = 2048


def text_reply(event: FanEvent, text: str, now: datetime) -> str:
    return (
        f"<xml><ToUserName>{_cdata(event.openid)}</ToUserName>"
        f"<FromUserName>{_cdata(event.account)}</FromUserName>"
        f"<CreateTime>{int(now.timestamp())}</CreateTime>"
        "<MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(cut(text, _TEXT_BYTES))}</Content></xml>"
    )


def seal_reply(reply: str, account: OfficialAccount, now: datetime) -> str:
    """The reply to a push that came encrypted."""
    stamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
    cipher = seal(reply.encode(), key=aes_key(account.aes_keys[0]), receiver=account.app_id)
    sign = signature(account.tokens[0], stamp, nonce, cipher)
    return (
        f"<xml><Encrypt>{_cdata(cipher)}</Encrypt>"
        f"<MsgSignature>{_cdata(sign)}</MsgSignature>"
        f"<TimeStamp>{stamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
