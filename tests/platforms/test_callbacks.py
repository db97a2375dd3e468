from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from multidict import MultiDict

from bot.clock import ManualClock
from bot.events import CustomerAdded, FanMessaged, Unknown
from bot.platforms.accounts import OfficialAccount, WecomAccount
from bot.platforms.envelope import Untrusted, signature
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.wecom.callback import WecomCallbacks
from tests.platforms.posts import ADDED, APP, CORP, KEY, NOW, OFFICIAL, OLD_KEY, WECOM, a_post

HELLO = (
    b"<xml><ToUserName>gh_1</ToUserName><FromUserName>oFan</FromUserName><CreateTime>1763697600</CreateTime>"
    b"<MsgType>text</MsgType><Content><![CDATA[ hi ]]></Content><MsgId>23</MsgId></xml>"
)


def refused(callbacks, post) -> str:
    with pytest.raises(Untrusted) as refusal:
        callbacks.open(post.query, post.body)
    return refusal.value.reason


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_good_callback_becomes_its_event(wecom, form):
    post = a_post(ADDED, form=form)
    opened = wecom.open(post.query, post.body)
    assert opened.plain == ADDED
    assert isinstance(opened.event, CustomerAdded)
    assert opened.event.welcome_code == "WELCOMECODE"


def test_the_url_check_answers_the_plain_echo(vectors):
    told = vectors["wecom"]
    check = told["url_check"]
    account = WecomAccount(
        corp_id=told["receiveid"],
        agent_id=218,
        secret="",
        tokens=(told["token"],),
        aes_keys=(told["encoding_aes_key"],),
    )
    clock = ManualClock(datetime.fromtimestamp(int(check["timestamp"]), UTC))
    query = MultiDict(
        {name: check[name] for name in ("timestamp", "nonce", "msg_signature", "echostr")}
    )
    assert WecomCallbacks(account, clock).verify(query) == check["plain"]
    query["echostr"] = "Q" + check["echostr"][1:]
    with pytest.raises(Untrusted):
        WecomCallbacks(account, clock).verify(query)


def test_the_official_message_vector_opens(vectors):
    told = vectors["wecom"]
    message = told["message"]
    account = WecomAccount(
        corp_id=told["receiveid"],
        agent_id=218,
        secret="",
        tokens=(told["token"],),
        aes_keys=(told["encoding_aes_key"],),
    )
    clock = ManualClock(datetime.fromtimestamp(int(message["timestamp"]), UTC))
    query = MultiDict({name: message[name] for name in ("timestamp", "nonce", "msg_signature")})
    opened = WecomCallbacks(account, clock).open(
        query, f"<xml><AgentID>218</AgentID><Encrypt>{message['encrypt']}</Encrypt></xml>".encode()
    )
    assert opened.event.text == "hello"


def test_the_official_accounts_url_check_answers_the_echo_as_it_is(vectors):
    told = vectors["mp_url_check"]
    clock = ManualClock(datetime.fromtimestamp(int(told["timestamp"]), UTC))
    callbacks = OfficialCallbacks(replace(OFFICIAL, tokens=(told["token"],)), clock)
    query = MultiDict(
        {name: told[name] for name in ("timestamp", "nonce", "signature")} | {"echostr": "4711"}
    )
    assert callbacks.verify(query) == "4711"


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_a_parameter_missing_or_given_twice_is_refused(wecom, name):
    doubled, missing = a_post(ADDED), a_post(ADDED)
    doubled.query.add(name, doubled.query[name])
    del missing.query[name]
    assert refused(wecom, doubled) == refused(wecom, missing) == name


@pytest.mark.parametrize(
    "spoil", [str.upper, lambda s: " " + s, lambda s: s + "\n", lambda s: "", lambda s: "0" * 40]
)
def test_a_spoilt_signature_is_refused(wecom, spoil):
    post = a_post(ADDED)
    post.query["msg_signature"] = spoil(post.query["msg_signature"])
    refused(wecom, post)


@pytest.mark.parametrize("odd", ["é" * 40, "\x00" * 40, "a" * 1_000_000, "\udcff" * 40, "４" * 40])
def test_odd_characters_never_break_the_comparison(wecom, odd):
    for name in ("msg_signature", "timestamp", "nonce"):
        post = a_post(ADDED)
        post.query[name] = odd
        refused(wecom, post)


@pytest.mark.parametrize(
    "stamp",
    [
        "１７６３６９７６００",
        "1_763_697_600",
        " 1763697600 ",
        "+1763697600",
        "0x691f",
        "9" * 5000,
        "-1",
        "1e9",
        "",
    ],
)
def test_only_plain_digits_are_a_timestamp_even_when_well_signed(wecom, stamp):
    post = a_post(ADDED)
    cipher = post.body.split(b"CDATA[")[2].split(b"]")[0].decode()
    post.query["timestamp"] = stamp
    post.query["msg_signature"] = signature("tok3n", stamp, "n0nce", cipher)
    assert refused(wecom, post) == "timestamp"


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [
        (299, True),
        (-299, True),
        (301, False),
        (-301, False),
        (86_400, False),
        (-31_536_000, False),
    ],
)
def test_only_fresh_callbacks_are_taken(wecom, seconds, taken):
    post = a_post(ADDED, at=NOW + timedelta(seconds=seconds))
    if taken:
        assert wecom.open(post.query, post.body)
    else:
        assert refused(wecom, post) == "stale"


def test_a_wrong_clock_of_ours_is_corrected_by_the_measured_skew():
    ahead = WecomCallbacks(WECOM, ManualClock(NOW + timedelta(minutes=20)), skew=lambda: -1200.0)
    post = a_post(ADDED)
    assert ahead.open(post.query, post.body)


@pytest.mark.parametrize(
    "change",
    [
        {"token": "other"},
        {"key": OLD_KEY},
        {"receiver": "ww9"},
        {"receiver": ""},
        {"cipher": "QUJD"},
    ],
)
def test_another_corps_or_key_holders_callback_is_refused(wecom, change):
    refused(wecom, a_post(ADDED, **change))


def test_old_and_new_secrets_are_both_believed_during_rotation(manual):
    both = WecomCallbacks(replace(WECOM, tokens=("new", "tok3n"), aes_keys=(OLD_KEY, KEY)), manual)
    for change in ({"token": "new", "key": OLD_KEY}, {"token": "tok3n", "key": KEY}):
        post = a_post(ADDED, **change)
        assert both.open(post.query, post.body)


@pytest.mark.parametrize(
    "plain",
    [
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml>&a;</xml>",
        b"\xff\xfe",
        b"{" * 5000,
        b"<a>" * 200,
        b"plain words",
    ],
)
def test_hostile_content_in_a_good_envelope_is_refused(wecom, plain):
    assert refused(wecom, a_post(plain)) == "content"


def test_what_we_do_not_know_is_kept_as_unknown(wecom):
    post = a_post(
        b"<xml><MsgType>event</MsgType><Event>brand_new</Event><ChangeType>odd</ChangeType></xml>"
    )
    event = wecom.open(post.query, post.body).event
    assert isinstance(event, Unknown)
    assert (event.name, event.at) == ("event.brand_new.odd", NOW)


def test_an_event_from_the_future_happened_when_we_heard_of_it(wecom):
    post = a_post(ADDED.replace(b"1763697600", b"4000000000"))
    assert wecom.open(post.query, post.body).event.at == NOW


def test_with_an_aes_key_only_the_encrypted_part_is_believed(official):
    post = a_post(HELLO, receiver=APP)
    forged = HELLO.replace(b" hi ", b"forged").replace(b"</xml>", b"")
    body = forged + post.body.removeprefix(b"<xml>")
    opened = official.open(post.query, body)
    assert isinstance(opened.event, FanMessaged)
    assert (opened.event.text, opened.sealed) == (" hi ", True)
    plain = MultiDict({"timestamp": post.query["timestamp"], "nonce": "n"})
    plain["signature"] = signature("tok3n", plain["timestamp"], "n")
    with pytest.raises(Untrusted):
        official.open(plain, HELLO)


def test_plain_mode_reads_the_body_that_its_query_vouches_for(manual):
    callbacks = OfficialCallbacks(
        OfficialAccount(app_id=APP, secret="", tokens=("tok3n",)), manual
    )
    stamp = str(int(NOW.timestamp()))
    query = MultiDict(timestamp=stamp, nonce="n", signature=signature("tok3n", stamp, "n"))
    opened = callbacks.open(query, HELLO)
    assert (opened.event.text, opened.sealed) == (" hi ", False)
    query["signature"] = "0" * 40
    with pytest.raises(Untrusted):
        callbacks.open(query, HELLO)


def test_a_callback_of_wecom_is_not_one_of_the_official_account(official):
    refused(official, a_post(HELLO, receiver=CORP))
