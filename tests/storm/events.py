"""A day of callbacks of a small town, as bodies: friends come and go, fans write, follow and leave."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import count

from bot.store.inbox import Arrival

WORDS = ("你好", "有没有优惠券", "退订", "订阅", "会员", "TD", "谢谢")
"""No complaints: their numbers, and what belongs to which, go by the order of hearing."""


def day(seed: int, many: int, start: datetime) -> list[Arrival]:
    """So many different events in the order of their moments."""
    chance, numbers = random.Random(seed), count(1)
    made: list[Arrival] = []
    moment = start
    for _ in range(many):
        moment += timedelta(seconds=chance.choice((0, 0, 1, 2, 7)))
        stamp = int(moment.timestamp())
        make = _of_customer if chance.random() < 0.5 else _of_fan
        made.append(make(chance, stamp, next(numbers)))
    return made


def same_second(many: int, at: datetime) -> list[Arrival]:
    """So many different messages of one fan within one second."""
    stamp = int(at.timestamp())
    return [_message("oFan", stamp, number, f"第 {number} 句") for number in range(many)]


def _of_customer(chance: random.Random, stamp: int, number: int) -> Arrival:
    kind = chance.choices(
        ("add_external_contact", "del_follow_user", "del_external_contact"), (6, 2, 1)
    )[0]
    body = (
        f"<xml><ToUserName>ww0123456789abcdef</ToUserName><FromUserName>sys</FromUserName>"
        f"<CreateTime>{stamp}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event>"
        f"<ChangeType>{kind}</ChangeType><UserID>guide{chance.randrange(6)}</UserID>"
        f"<ExternalUserID>wm{chance.randrange(150):06}</ExternalUserID>"
        f"<State>store-{chance.randrange(3)}</State><Seen>{number}</Seen></xml>"
    )
    return Arrival("wecom", body.encode())


def _of_fan(chance: random.Random, stamp: int, number: int) -> Arrival:
    openid = f"o{chance.randrange(150):06}"
    event = chance.choices(("text", "subscribe", "unsubscribe", "SCAN"), (6, 2, 1, 1))[0]
    if event == "text":
        return _message(openid, stamp, number, chance.choice(WORDS))
    body = (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>{stamp}</CreateTime><MsgType>event</MsgType><Event>{event}</Event>"
        f"<EventKey>s1</EventKey><Seen>{number}</Seen></xml>"
    )
    return Arrival("official", body.encode())


def _message(openid: str, stamp: int, number: int, text: str) -> Arrival:
    body = (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>{stamp}</CreateTime>"
        f"<MsgType>text</MsgType><Content>{text}</Content><MsgId>{number}</MsgId></xml>"
    )
    return Arrival("official", body.encode())
