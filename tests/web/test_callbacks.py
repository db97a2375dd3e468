"""Callbacks over a running server: believed, kept, and only then answered; what is odd gets one and the same no."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select
from wechatpy.crypto import WeChatCrypto
from yarl import URL

from bot.app import PARSERS
from bot.domain.delivery import Kept, Message, Owed, StaleCallback
from bot.events import FanMessaged
from bot.inbound.dispatch import Dispatcher
from bot.inbound.intake import Intake
from bot.inbound.router import Router
from bot.inbound.turn import Reply, Turn
from bot.platforms.envelope import signature
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.wecom.callback import WecomCallbacks
from bot.store import inbox
from bot.web.accounts import official_account, wecom_account
from bot.web.callbacks import ANSWER_SECONDS
from bot.web.desk import Desk
from bot.web.flood import BURST, FLOOD
from bot.web.server import build
from handlers import ROUTERS
from tests.platforms.forged import forgeries
from tests.platforms.posts import ADDED, APP, CORP, KEY, NOW, Post, a_post

HERE = Path(__file__).parent.parent / "platforms"
STAMP = str(int(NOW.timestamp()))
SAID = (
    f"<xml><ToUserName>gh_1</ToUserName><FromUserName>oFan</FromUserName><CreateTime>{STAMP}</CreateTime>"
    "<MsgType>text</MsgType><Content><![CDATA[你好]]></Content><MsgId>23</MsgId></xml>"
)
ADDED_NOW = ADDED.replace(b"1763697600", STAMP.encode())
ACCOUNTS = {
    "wecom_corp_id": CORP,
    "wecom_token": "tok3n",
    "wecom_aes_key": KEY,
    "official_app_id": APP,
    "official_token": "tok3n",
    "official_aes_key": KEY,
}


@dataclass
class House:
    """The bot behind its callbacks, as the platforms meet it."""

    bot: Any
    dispatcher: Dispatcher
    client: TestClient[Any, Any]

    async def hears(self, platform: str, post: Post, method: str = "POST") -> tuple[int, str]:
        answer = await self._ask(platform, post, method)
        return answer.status, await answer.text()

    async def refusal(
        self,
        platform: str,
        post: Post,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> tuple[Any, ...]:
        """All that an outsider sees, but for the hour."""
        answer = await self._ask(platform, post, method, headers)
        headers = {name: value for name, value in answer.headers.items() if name != "Date"}
        return answer.status, tuple(sorted(headers.items())), await answer.read()

    async def _ask(
        self, platform: str, post: Post, method: str, headers: dict[str, str] | None = None
    ) -> Any:
        where = URL.build(path=f"/callback/{platform}", query=post.query)
        return await self.client.request(method, where, data=post.body, headers=headers)

    async def kept(self) -> int:
        async with self.bot.session() as session:
            return sum((await inbox.counts(session)).values())

    async def said(self) -> list[str]:
        """What came in, in order, as it was written."""
        async with self.bot.session() as session:
            rows = await session.scalars(select(Kept).order_by(Kept.id))
            return [self.bot.vault.unseal(row.body, about=inbox.ABOUT) for row in rows]

    async def count(self, column: Any, *where: Any) -> int:
        async with self.bot.session() as session:
            return await session.scalar(select(func.count(column)).where(*where))

    async def works(self) -> None:
        while await self.dispatcher.drain(self.bot.sessions, self.bot.now):
            assert self.bot.bugs == []


@asynccontextmanager
async def a_house(bot, *, at: datetime = NOW, routers=ROUTERS, **accounts: str):
    settings = bot.settings.model_copy(update=ACCOUNTS | accounts)
    bot.clock.move_to(at)
    dispatcher = Dispatcher(
        routers=routers,
        parsers=PARSERS,
        vault=bot.vault,
        content=bot.content,
        settings=settings,
        alarm=bot.bugs.append,
    )
    intake = Intake(bot.sessions, bot.vault, bot.clock, nudge=lambda: None)
    desk = Desk(
        work=replace(bot.work, settings=settings),
        intake=intake,
        dispatcher=dispatcher,
        wecom=WecomCallbacks(wecom_account(settings), bot.clock),
        official=OfficialCallbacks(official_account(settings), bot.clock),
        nudge=lambda: None,
    )
    async with AsyncExitStack() as stack:
        client = TestClient(TestServer(build(desk)))
        await client.start_server()
        stack.push_async_callback(client.close)
        stack.push_async_callback(intake.close)
        yield House(bot, dispatcher, client)


@pytest.fixture
async def house(bot):
    async with a_house(bot) as house:
        yield house


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    return json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))


def peer(name: str) -> dict[str, Any]:
    return json.loads((HERE / "peers" / name).read_text(encoding="utf-8"))


def asks(told: dict[str, Any], *names: str, **more: str) -> Post:
    return Post({name: told[name] for name in names} | more, b"")


def envelope(cipher: str) -> bytes:
    return f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt>{cipher}</Encrypt></xml>".encode()


def moment(told: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(told["timestamp"]), UTC)


def plain_post(said: str, **changes: Any) -> Post:
    """To an Official Account in plain mode."""
    stamp = changes.get("stamp", STAMP)
    signed = changes.get("signature", signature("tok3n", stamp, "n"))
    return Post({"timestamp": stamp, "nonce": "n", "signature": signed}, said.encode())


async def test_the_documented_url_check_of_wecom_is_answered(bot, vectors):
    told = vectors["wecom"]
    check = told["url_check"]
    post = asks(check, "timestamp", "nonce", "msg_signature", "echostr")
    own = {
        "wecom_corp_id": told["receiveid"],
        "wecom_token": told["token"],
        "wecom_aes_key": told["encoding_aes_key"],
    }
    async with a_house(bot, at=moment(check), **own) as house:
        assert await house.hears("wecom", post, "GET") == (200, check["plain"])
        post.query["msg_signature"] = "0" * 40
        assert await house.hears("wecom", post, "GET") == (403, "forbidden")


async def test_the_documented_message_of_wecom_is_kept_as_it_was_written(bot, vectors):
    told = vectors["wecom"]
    message = told["message"]
    post = asks(message, "timestamp", "nonce", "msg_signature")
    post.body = envelope(message["encrypt"])
    own = {
        "wecom_corp_id": told["receiveid"],
        "wecom_token": told["token"],
        "wecom_aes_key": told["encoding_aes_key"],
    }
    async with a_house(bot, at=moment(message), **own) as house:
        assert await house.hears("wecom", post) == (200, "")
        (said,) = await house.said()
        assert message["plain_contains"] in said


async def test_the_documented_url_check_of_the_official_account_is_answered(bot, vectors):
    told = vectors["mp_url_check"]
    post = asks(told, "timestamp", "nonce", "signature", echostr="4711")
    async with a_house(bot, at=moment(told), official_token=told["token"]) as house:
        assert await house.hears("official", post, "GET") == (200, "4711")
        assert await house.kept() == 0


async def test_url_checks_sealed_by_independent_peers_are_answered_with_every_padding(bot):
    told = peer("vectors.json")
    own = {
        "wecom_corp_id": told["receiver"],
        "wecom_token": told["token"],
        "wecom_aes_key": told["key"],
    }
    async with a_house(bot, at=moment(told), **own) as house:
        for one in told["sealed"]:
            more = {"msg_signature": one["signature"], "echostr": one["encrypt"]}
            post = asks(told, "timestamp", "nonce", **more)
            assert await house.hears("wecom", post, "GET") == (200, one["text"])


@pytest.mark.parametrize("platform", ["wecom", "official"])
async def test_messages_sealed_by_independent_peers_are_kept_with_every_padding(bot, platform):
    told = peer("posts.json")
    own = {"wecom_corp_id": told["receiver"], "official_app_id": told["receiver"]}
    own |= {f"{p}_token": told["token"] for p in ("wecom", "official")}
    async with a_house(bot, at=moment(told), **own) as house:
        for one in told["sealed"]:
            post = asks(told, "timestamp", "nonce", msg_signature=one["signature"])
            post.body = envelope(one["encrypt"])
            status, _ = await house.hears(platform, post)
            assert status == 200
        # Both peers sealed the same texts: what is said twice is kept once.
        assert sorted(await house.said()) == sorted({one["text"] for one in told["sealed"]})


async def test_a_fan_in_secure_mode_reads_a_sealed_reply(house):
    theirs = WeChatCrypto("tok3n", KEY, APP)
    sealed = theirs.encrypt_message(SAID, "n0nce", STAMP)
    cipher = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    query = {"timestamp": STAMP, "nonce": "n0nce", "encrypt_type": "aes"}
    query["msg_signature"] = signature("tok3n", STAMP, "n0nce", cipher)
    status, reply = await house.hears("official", Post(query, sealed.encode()))
    assert status == 200
    part = {name: reply.split(f"<{name}>")[1].split(f"</{name}>")[0] for name in ("TimeStamp",)}
    part |= {
        name: reply.split(f"<{name}><![CDATA[")[1].split("]]>")[0]
        for name in ("Nonce", "MsgSignature")
    }
    plain = theirs.decrypt_message(reply, part["MsgSignature"], part["TimeStamp"], part["Nonce"])
    assert "<ToUserName><![CDATA[oFan]]></ToUserName>" in plain
    assert "<MsgType><![CDATA[text]]></MsgType>" in plain


async def test_a_fan_in_plain_mode_reads_a_plain_reply_once(bot):
    async with a_house(bot, official_aes_key="") as house:
        status, reply = await house.hears("official", plain_post(SAID))
        assert (status, "<Content><![CDATA[" in reply) == (200, True)
        assert await house.hears("official", plain_post(SAID)) == (200, "success")
        forged = plain_post(SAID.replace("23", "24"), signature="0" * 40)
        assert await house.hears("official", forged) == (403, "forbidden")
        assert await house.kept() == 1


async def test_a_reply_that_takes_too_long_is_not_waited_for(bot):
    slow, handled = Router(), asyncio.Event()

    @slow.on(FanMessaged)
    async def ponder(event: FanMessaged, turn: Turn) -> Reply:
        await asyncio.sleep(ANSWER_SECONDS + 0.2)
        handled.set()
        return Reply("too late")

    async with a_house(bot, routers=[slow]) as house:
        post = a_post(SAID.encode(), receiver=APP)
        assert await house.hears("official", post) == (200, "success")
        assert not handled.is_set()
        await asyncio.wait_for(handled.wait(), 5)
        await eventually(lambda: house.count(Owed.id, Owed.kind == "send_official"))
        assert await house.count(Kept.id, Kept.state == "handled") == 1


async def eventually(look) -> None:
    """Until it is 1."""
    for _ in range(200):
        if await look() == 1:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came")


async def test_what_nobody_is_owed_an_answer_for_is_answered_with_success(house):
    left = SAID.replace("<MsgType>text</MsgType>", "<MsgType>event</MsgType>").replace(
        "<Content><![CDATA[你好]]></Content>", "<Event>unsubscribe</Event>"
    )
    post = a_post(left.encode(), receiver=APP)
    assert await house.hears("official", post) == (200, "success")


def changed(**changes: str):
    def change(post: Post) -> None:
        post.query.update(changes)

    return change


def _doubled(name: str):
    return lambda post: post.query.add(name, post.query[name])


def _missing(name: str):
    return lambda post: post.query.pop(name)


def _body(spoil):
    def change(post: Post) -> None:
        post.body = spoil(post.body)

    return change


NAMES = ("msg_signature", "timestamp", "nonce")
HOSTILE = {
    **{f"missing {name}": _missing(name) for name in NAMES},
    **{f"doubled {name}": _doubled(name) for name in NAMES},
    "full-width timestamp": changed(timestamp="１７９５２３３６００"),
    "full-width nonce": changed(nonce="ｎ０ｎｃｅ"),
    "full-width signature": changed(msg_signature="４" * 40),
    "wrong signature": changed(msg_signature="0" * 40),
    "upper-case signature": lambda post: changed(
        msg_signature=post.query["msg_signature"].upper() + "A"
    )(post),
    "no body": _body(lambda body: b""),
    "not an envelope": _body(lambda body: b"hello"),
    "bad base64": _body(lambda body: body.replace(b"[CDATA[", b"[CDATA[!!", 2)),
    "two envelopes": _body(lambda body: body.replace(b"</xml>", body + b"</xml>")),
    "doctype outside": _body(lambda body: b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + body),
    "comment outside": _body(lambda body: b"<!-- -->" + body),
    "binary": _body(lambda body: bytes(range(256)) * 16),
}
"""What is done to a good callback, and makes it one that nobody may believe."""

MADE_SO = {
    "early": {"at": NOW + timedelta(seconds=301)},
    "late": {"at": NOW - timedelta(seconds=301)},
    "a year old": {"at": NOW - timedelta(days=365)},
    "another token": {"token": "other"},
    "another key": {"key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"},
    "another receiver": {"receiver": "ww9"},
    "no receiver": {"receiver": ""},
    "half a block": {"cipher": base64.b64encode(b"x" * 48).decode()},
    "urlsafe base64": {"cipher": "-_" * 22},
}
SEALED_SO = {
    "doctype inside": b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml><MsgType>&a;</MsgType></xml>",
    "laughter inside": b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml>&b;</xml>',
    "not text inside": b"\xff\xfe\x00",
    "too large": b"<xml><Content>" + b"x" * 200_000 + b"</Content></xml>",
}


def hostile_posts(receiver: str):
    for name, spoil in HOSTILE.items():
        post = a_post(ADDED_NOW, receiver=receiver)
        spoil(post)
        yield name, post
    for name, changes in MADE_SO.items():
        yield name, a_post(ADDED_NOW, **({"receiver": receiver} | changes))
    for name, plain in SEALED_SO.items():
        yield name, a_post(plain, receiver=receiver)


@pytest.mark.parametrize(("platform", "receiver"), [("wecom", CORP), ("official", APP)])
async def test_whatever_is_odd_gets_the_same_no_and_leaves_nothing(house, platform, receiver):
    answers = {name: await house.refusal(platform, post) for name, post in hostile_posts(receiver)}
    usual = answers["wrong signature"]
    assert (usual[0], usual[2]) == (403, b"forbidden")
    assert {name for name, answer in answers.items() if answer != usual} == set()
    assert await house.kept() == 0


@pytest.mark.parametrize(("platform", "receiver"), [("wecom", CORP), ("official", APP)])
async def test_generated_forgeries_get_the_same_no_and_leave_nothing(house, platform, receiver):
    answers = [
        (how, await house.refusal(platform, post))
        for how, post in forgeries(5, 60, receiver=receiver, now=NOW)
    ]
    usual = answers[0][1]
    assert (usual[0], usual[2]) == (403, b"forbidden")
    assert [how for how, answer in answers if answer != usual] == []
    assert await house.kept() == 0


@pytest.mark.parametrize("platform", ["wecom", "official"])
async def test_a_url_check_that_is_odd_gets_the_same_no(house, platform):
    post = a_post(b"hello")
    for changes in ({}, {"echostr": ""}, {"echostr": "４７"}, {"echostr": "A" * 44}):
        post.query.update(changes)
        assert await house.hears(platform, post, "GET") == (403, "forbidden")


async def test_a_platform_that_is_not_connected_is_refused_alike(shop, bot):
    client = shop.passer_by().client
    bot.clock.move_to(NOW)
    for platform in ("wecom", "official"):
        where = URL.build(path=f"/callback/{platform}", query=a_post(ADDED_NOW).query)
        for method in ("GET", "POST"):
            answer = await client.request(method, where, data=a_post(ADDED_NOW).body)
            assert (answer.status, await answer.text()) == (403, "forbidden")


@pytest.mark.parametrize("seconds", [299, -299])
async def test_a_clock_that_is_a_little_off_is_borne(house, seconds):
    post = a_post(ADDED_NOW, at=NOW + timedelta(seconds=seconds))
    assert await house.hears("wecom", post) == (200, "")
    assert await house.kept() == 1


async def test_a_recorded_callback_cannot_be_played_again_later(house):
    post = a_post(ADDED_NOW)
    assert await house.hears("wecom", post) == (200, "")
    house.bot.clock.advance(seconds=301)
    assert await house.hears("wecom", post) == (403, "forbidden")
    assert await house.kept() == 1


async def test_what_is_played_again_too_late_is_noted_once_and_gets_the_same_no(house):
    post, wrong = a_post(ADDED_NOW), a_post(ADDED_NOW)
    house.bot.clock.advance(seconds=301)
    wrong.query["msg_signature"] = "0" * 40
    usual = await house.refusal("wecom", wrong)
    varied = replace(post, body=post.body.replace(b"<xml>", b"<xml><Other>1</Other>"))
    for again in (post, post, varied, post):
        assert await house.refusal("wecom", again) == usual
    assert await house.count(StaleCallback.digest) == 1
    assert await house.hears("official", a_post(SAID.encode(), receiver=APP)) == (403, "forbidden")
    assert await house.count(StaleCallback.digest) == 2
    assert await house.kept() == 0
    page = await (await house.client.get("/metrics")).text()
    assert 'siyu_callbacks_quarantined{platform="wecom"} 1.0' in page


async def test_whoever_floods_is_shut_out_unread_and_the_platform_beside_him_is_not(house):
    wrong, good = a_post(ADDED_NOW), a_post(ADDED_NOW)
    wrong.query["msg_signature"] = "0" * 40
    flood = house.client.server.app[FLOOD]
    for _ in range(int(BURST)):
        flood.refuse("8.8.4.4")
    usual = await house.refusal("wecom", wrong)
    via = {"X-Forwarded-For": "1.2.3.4, 8.8.4.4"}
    assert await house.refusal("wecom", good, headers=via) == usual
    assert await house.refusal("wecom", good, method="GET", headers=via) == usual
    assert await house.kept() == 0
    assert (await house.refusal("wecom", good, headers={"X-Forwarded-For": "8.8.8.8"}))[0] == 200


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("platform", ["wecom", "official"])
async def test_other_methods_are_not_allowed(house, platform, method):
    status, _ = await house.hears(platform, a_post(ADDED_NOW), method)
    assert status == 405


async def test_fifty_at_once_are_one_event_with_one_effect(house):
    await house.bot.publishes()
    post = a_post(ADDED_NOW)
    answers = await asyncio.gather(*(house.hears("wecom", post) for _ in range(50)))
    assert set(answers) == {(200, "")}
    assert await house.kept() == 1
    await house.works()
    assert await house.hears("wecom", post) == (200, "")
    await house.works()
    assert await house.count(Owed.id, Owed.kind == "send_welcome") == 1


async def test_fifty_messages_at_once_get_one_reply(house):
    post = a_post(SAID.encode(), receiver=APP)
    answers = await asyncio.gather(*(house.hears("official", post) for _ in range(50)))
    texts = [text for _, text in answers]
    assert {status for status, _ in answers} == {200}
    assert (texts.count("success"), sum("<Encrypt>" in text for text in texts)) == (49, 1)
    assert await house.count(Message.id, Message.direction == "in") == 1


async def test_the_same_words_sealed_again_are_the_same_event(house):
    for _ in range(5):
        assert await house.hears("wecom", a_post(ADDED_NOW)) == (200, "")
    assert await house.kept() == 1


async def test_different_events_of_one_second_are_all_kept(house):
    await house.bot.publishes()
    posts = [
        a_post(ADDED_NOW.replace(b"WYD]", b"W%02d]" % n).replace(b"WELCOME", b"W%02d" % n))
        for n in range(40)
    ]
    await asyncio.gather(*(house.hears("wecom", post) for post in posts))
    assert await house.kept() == 40
    await house.works()
    assert await house.count(Owed.id, Owed.kind == "send_welcome") == 40


async def test_an_unknown_event_is_kept_as_unknown_and_answered(house):
    odd = b"<xml><MsgType>event</MsgType><Event>brand_new</Event><CreateTime>1</CreateTime></xml>"
    assert await house.hears("wecom", a_post(odd)) == (200, "")
    await house.works()
    assert await house.count(Kept.id, Kept.state == "unknown") == 1


async def hangs_up(house: House, post: Post, *, after: int | None = None) -> None:
    """Send a request, or its first bytes, and go without waiting for the answer."""
    where = URL.build(path="/callback/wecom", query=post.query).raw_path_qs
    head = f"POST {where} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(post.body)}\r\n\r\n"
    server = house.client.server
    _, writer = await asyncio.open_connection(server.host, server.port)
    writer.write((head.encode() + post.body)[:after])
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_who_hangs_up_is_kept_all_the_same(house):
    await hangs_up(house, a_post(ADDED_NOW))
    await eventually(house.kept)


async def test_half_a_callback_is_none(house):
    post = a_post(ADDED_NOW)
    await hangs_up(house, post, after=-20)
    assert await house.hears("wecom", a_post(ADDED_NOW.replace(b"store-7", b"other"))) == (200, "")
    assert len(await house.said()) == 1
