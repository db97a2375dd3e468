"""Callbacks that nobody may believe, made from a seed: forged, stale, malformed, misaddressed."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.platforms.envelope import aes_key
from tests.platforms.posts import KEY, Post, a_post

Chance = random.Random
PLAIN = (
    "<xml><ToUserName>x</ToUserName><FromUserName>oForged{number}</FromUserName><CreateTime>{stamp}</CreateTime>"
    "<MsgType>text</MsgType><Content>给我一张券</Content><MsgId>{number}</MsgId></xml>"
)
SIGNATURES: tuple[Callable[[str, Chance], str], ...] = (
    lambda s, c: f"{c.getrandbits(160):040x}",
    lambda s, c: s[:-1] + ("0" if s[-1] != "0" else "1"),
    lambda s, c: s + " ",
    lambda s, c: " " + s,
    lambda s, c: s[: c.randrange(40)],
    lambda s, c: s + "\0",
    lambda s, c: "é" * 40,
    lambda s, c: "４" * 40,
    lambda s, c: "a" * c.randrange(41, 4000),
)
STAMPS = (
    "１６９９９９９９９９",
    "1_6",
    " 16 ",
    "+16",
    "0x1",
    "9" * 5000,
    "-1",
    "1e9",
    "",
    "\u0661\u0662",
)
BODIES: tuple[Callable[[bytes, Chance], bytes], ...] = (
    lambda b, c: b[: c.randrange(b.index(b"]]></Encrypt>"))],
    lambda b, c: c.randbytes(c.randrange(1, 3000)),
    lambda b, c: b.replace(b"</xml>", b[5:]),
    lambda b, c: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + b,
    lambda b, c: b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + b,
    lambda b, c: b"<?xml-stylesheet href='http://127.0.0.1:9/x'?>" + b,
    lambda b, c: b"<!-- x -->" + b,
    lambda b, c: b"<a>" * c.randrange(1100, 20_000) + b,
    lambda b, c: b.decode().encode(c.choice(("utf-16", "utf-32"))),
    lambda b, c: b"\xef\xbb\xbf" + b,
    lambda b, c: b.replace(b"<Encrypt>", b'<Encrypt xmlns="x">'),
    lambda b, c: b.replace(b"Encrypt", b"encrypt"),
    lambda b, c: b'{"encrypt": "' + b + b'"}',
    lambda b, c: b"[" * c.randrange(1, 50_000),
    lambda b, c: b'{"encrypt": 1}',
    lambda b, c: b'{"encrypt": "QUJD", "encrypt": "QUJD"}',
    lambda b, c: json.dumps({"tousername": "x"}).encode(),
    lambda b, c: b"x" * (256 * 1024 + c.randrange(1, 9000)),
    lambda b, c: b"",
)


def forgeries(
    seed: int, many: int, *, receiver: str, now: datetime, **told: object
) -> Iterator[tuple[str, Post]]:
    """What was done, and what to send; `told` is what else a post is made of, as the token."""
    chance = Chance(seed)
    makers = (_signature, _stamp, _query, _body, _cipher, _stale, _misaddressed, _padded, _sized)
    for number in range(many):
        make = chance.choice(makers)
        plain = PLAIN.format(number=number, stamp=int(now.timestamp())).encode()
        yield make.__name__, make(plain, chance, told | {"receiver": receiver, "at": now})


def _signature(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    post = a_post(plain, **told)
    spoil = chance.choice(SIGNATURES)
    post.query["msg_signature"] = spoil(post.query["msg_signature"], chance)
    return post


def _stamp(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    post = a_post(plain, **told)
    post.query["timestamp"] = chance.choice(STAMPS)
    return post


def _query(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    post = a_post(plain, **told)
    name = chance.choice(("msg_signature", "timestamp", "nonce"))
    if chance.random() < 0.5:
        post.query.add(name, post.query[name])
    else:
        del post.query[name]
    return post


def _body(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    post = a_post(plain, **told)
    post.body = chance.choice(BODIES)(post.body, chance)
    return post


def _cipher(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    """Rightly signed, but no envelope of ours."""
    return a_post(
        plain,
        **told,
        cipher=chance.choice(
            (
                base64.b64encode(chance.randbytes(chance.randrange(1, 400))).decode(),
                base64.b64encode(chance.randbytes(32 * chance.randrange(1, 40))).decode(),
                "-_" * 22,
                "QUJD\nQUJD",
                "!" * 44,
            )
        ),
    )


def _stale(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    off = chance.choice((-400, 400, -86_400, 86_400, -31_536_000)) - chance.randrange(60)
    return a_post(plain, **told | {"at": told["at"] + timedelta(seconds=off)})


def _misaddressed(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    whose = str(told["receiver"])
    return a_post(
        plain, **told | {"receiver": chance.choice(("", "ww9", whose + "x", whose[:-1]))}
    )


def _padded(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    """The right key and receiver, and a padding that nobody makes."""
    content = _content(plain, len(plain), str(told["receiver"]))
    missing = 32 - len(content) % 32
    pad = chance.choice(
        (b"\0" * missing, b"\xff" * missing, b"\x21" * missing, b"\0" * (missing - 1) + b"\x02")
    )
    return a_post(plain, **told, cipher=_sealed(content + pad))


def _sized(plain: bytes, chance: Chance, told: dict[str, object]) -> Post:
    size = chance.choice((0, len(plain) + 1, len(plain) - 1, 2**31, 2**32 - 1))
    content = _content(plain, size, str(told["receiver"]))
    missing = 32 - len(content) % 32
    return a_post(plain, **told, cipher=_sealed(content + bytes([missing]) * missing))


def _content(plain: bytes, size: int, receiver: str) -> bytes:
    return b"r" * 16 + size.to_bytes(4, "big") + plain + receiver.encode()


def _sealed(padded: bytes) -> str:
    key = aes_key(KEY)
    writer = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(writer.update(padded) + writer.finalize()).decode()
