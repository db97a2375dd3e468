import hashlib
from datetime import timedelta

import pytest
from multidict import MultiDict

from bot.clock import ManualClock
from bot.events import FanMessaged
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.official.replies import seal_reply, text_reply
from bot.platforms.scan import encrypted
from bot.platforms.signing import js_signature, sign_webhook, verify_webhook
from bot.platforms.xml import parse
from tests.platforms.posts import NOW, OFFICIAL

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_c2l5dS13ZWJob29rLWZvci11bml0LXJ1bnM="
STAMP = int(NOW.timestamp())


def test_the_sdk_signature_of_the_documentation(vectors):
    told = vectors["jssdk"]
    given = (told["ticket"], told["noncestr"], int(told["timestamp"]))
    assert js_signature(*given, told["url"]) == told["signature"]
    assert js_signature(*given, told["url"] + "#top") == told["signature"]


def test_the_webhook_signature_of_the_standards_own_example():
    body = b'{"test": 2432232314}'
    made = sign_webhook(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def headers(signature: str, **changes: str) -> dict[str, str]:
    return {
        "webhook-id": "e1",
        "webhook-timestamp": str(STAMP),
        "webhook-signature": signature,
    } | changes


def test_one_good_signature_among_several_is_enough():
    good = sign_webhook(SECRET, "e1", STAMP, b"{}")
    assert verify_webhook(SECRET, headers(f"v1,AAAA v1a,x {good}"), b"{}", NOW)
    assert verify_webhook([OTHER, SECRET], headers(good), b"{}", NOW)


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"webhook-signature": ""}, b"{}"),
        ({"webhook-signature": "v1,é"}, b"{}"),
        ({"webhook-signature": "v2," + "A" * 44}, b"{}"),
        ({"webhook-id": "e2"}, b"{}"),
        ({"webhook-id": ""}, b"{}"),
        ({"webhook-timestamp": str(STAMP + 301)}, b"{}"),
        ({"webhook-timestamp": str(STAMP + 1)}, b"{}"),
        ({"webhook-timestamp": "１"}, b"{}"),
        ({}, b"{ }"),
    ],
)
def test_anything_else_is_not_from_the_shop(change, body):
    good = sign_webhook(SECRET, "e1", STAMP, b"{}")
    assert not verify_webhook(SECRET, headers(good) | change, body, NOW)


@pytest.mark.parametrize(
    ("seconds", "taken"), [(299, True), (-299, True), (301, False), (-301, False)]
)
def test_a_webhook_is_fresh_for_five_minutes(seconds, taken):
    good = headers(sign_webhook(SECRET, "e1", STAMP, b"{}"))
    assert verify_webhook(SECRET, good, b"{}", NOW + timedelta(seconds=seconds)) is taken


ASKED = FanMessaged(at=NOW, openid="oFan", account="gh_1", msgid="1", msgtype="text")


def test_a_passive_reply_turns_sender_and_receiver_around():
    reply = parse(text_reply(ASKED, "券 ]]> <b>", NOW).encode())
    assert (reply["ToUserName"], reply["FromUserName"]) == ("oFan", "gh_1")
    assert (reply["Content"], reply["CreateTime"]) == ("券 ]]> <b>", str(STAMP))


def test_a_long_reply_is_cut_between_characters():
    content = parse(text_reply(ASKED, "好" * 1000, NOW).encode())["Content"]
    assert content == "好" * 682


def test_a_sealed_reply_opens_as_a_callback_would():
    sealed = seal_reply("<xml><MsgType>text</MsgType></xml>", OFFICIAL, NOW)
    told = parse(sealed.encode())
    parts = sorted(["tok3n", told["TimeStamp"], told["Nonce"], encrypted(sealed.encode())])
    assert hashlib.sha1("".join(parts).encode()).hexdigest() == told["MsgSignature"]
    query = MultiDict(
        timestamp=told["TimeStamp"], nonce=told["Nonce"], msg_signature=told["MsgSignature"]
    )
    assert (
        OfficialCallbacks(OFFICIAL, ManualClock(NOW))
        .open(query, sealed.encode())
        .plain.startswith(b"<xml>")
    )
