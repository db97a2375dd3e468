"""Builders of callbacks: what a platform would send, sealed and signed, with one interesting change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from multidict import MultiDict

from bot.platforms.accounts import OfficialAccount, WecomAccount
from bot.platforms.envelope import aes_key, seal, signature

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CORP, APP = "ww0123456789abcdef", "wx0123456789abcdef"

WECOM = WecomAccount(
    corp_id=CORP, agent_id=1000002, secret="s3cret", tokens=("tok3n",), aes_keys=(KEY,)
)
OFFICIAL = OfficialAccount(app_id=APP, secret="s3cret", tokens=("tok3n",), aes_keys=(KEY,))


@dataclass
class Post:
    """One push; `query` and `body` may be spoilt before it is opened."""

    query: MultiDict[str]
    body: bytes


def a_post(plain: bytes, **changes: Any) -> Post:
    told = {"token": "tok3n", "key": KEY, "receiver": CORP, "at": NOW, "form": "xml"} | changes
    cipher = told.get("cipher") or seal(plain, key=aes_key(told["key"]), receiver=told["receiver"])
    stamp, nonce = str(int(told["at"].timestamp())), "n0nce"
    signed = signature(told["token"], stamp, nonce, cipher)
    body = (
        f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"
    )
    if told["form"] == "json":
        body = json.dumps({"tousername": "x", "encrypt": cipher})
    query = MultiDict({"msg_signature": signed, "timestamp": stamp, "nonce": nonce})
    return Post(query, body.encode())


ADDED = (
    b"<xml><ToUserName><![CDATA[ww0123456789abcdef]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    b"<CreateTime>1763697600</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    b"<Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType>"
    b"<UserID><![CDATA[zhangsan]]></UserID><ExternalUserID><![CDATA[wmEAlECwAAHibWYD]]></ExternalUserID>"
    b"<State><![CDATA[store-7]]></State><WelcomeCode><![CDATA[WELCOMECODE]]></WelcomeCode></xml>"
)
