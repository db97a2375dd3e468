import asyncio
import socket
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.calls import (
    CreateMassTask,
    GetCustomer,
    GetFan,
    GetJsTicket,
    GetOAuthFan,
    ImageCard,
    ListGuides,
    MarkTags,
    Refused,
    RemindMassTask,
    SendAppText,
    SendOfficial,
    SendWelcome,
    Sent,
    TryLater,
    Unclear,
)
from bot.clock import ManualClock
from bot.platforms.gateway import open_gateway as opening_gateway
from bot.platforms.http import Http
from bot.platforms.official import errcodes as official_errcodes
from bot.platforms.reasons import WORDS
from bot.platforms.request import get, post
from bot.platforms.verdicts import Done, Later
from bot.platforms.wecom import errcodes as wecom_errcodes
from tests.platforms.posts import NOW, WECOM
from tests.platforms.server import MemoryTokens, cut_off, too_slow

GET, WELCOME, TASK = (
    "/cgi-bin/externalcontact/get",
    "/cgi-bin/externalcontact/send_welcome_msg",
    "/cgi-bin/externalcontact/add_msg_template",
)
CUSTOMER = GetCustomer(external_userid="wm1")
MASS = CreateMassTask(sender="a", text="新品 🎁", external_userids=("wm1",))
HELLO = SendWelcome(welcome_code="W", text="你好")
TOKEN = "/cgi-bin/gettoken"


async def test_an_answer_comes_back_without_its_errcode(gateway, tiny):
    said = {"external_contact": {"external_userid": "wm1"}, "follow_user": [{"userid": "a"}]}
    tiny.answers[GET] = [{"errcode": 0, "errmsg": "ok", **said}]
    assert await gateway.perform(CUSTOMER) == Sent(said)
    assert tiny.seen[-1] == (
        "GET",
        GET,
        {"external_userid": "wm1", "access_token": "token-1"},
        None,
    )


async def test_chinese_and_emoji_travel_as_they_are(gateway, tiny):
    await gateway.perform(MASS)
    assert tiny.seen[-1][3]["text"]["content"] == "新品 🎁"


async def test_json_is_read_whatever_its_content_type(gateway, tiny):
    tiny.answers["/cgi-bin/user/info"] = ['{"subscribe": 1, "openid": "o1", "remark": "好"}']
    assert await gateway.perform(GetFan(openid="o1")) == Sent(
        {"subscribe": 1, "openid": "o1", "remark": "好"}
    )


async def test_calls_of_a_platform_we_have_no_account_on_are_refused(open_gateway):
    gateway = open_gateway(official=None)
    assert await gateway.perform(GetFan(openid="o1")) == Refused(0, "not_configured")


async def test_a_gateway_closes_what_it_opened(tiny, store, manual):
    facts = {"tokens": store, "clock": manual, "load_media": lambda name: b""}
    wecom = replace(WECOM, api_base=tiny.base)
    async with opening_gateway(wecom=wecom, official=None, **facts) as gateway:
        assert isinstance(await gateway.perform(CUSTOMER), Sent)
    with pytest.raises(RuntimeError, match="closed"):
        await gateway.perform(CUSTOMER)


async def test_what_cannot_be_sent_never_leaves(gateway, tiny):
    assert await gateway.perform(SendAppText(userids=("a",), text="")) == Refused(
        0, "incomplete", "text"
    )
    assert tiny.seen == []


# Lost answers


@pytest.mark.parametrize("answer", [502, 500, "<html>", '{"errcode": 0', "[]", "", cut_off])
async def test_a_lost_answer_is_unclear_unless_repeating_is_harmless(gateway, tiny, answer):
    tiny.answers[TASK] = tiny.answers[WELCOME] = [answer]
    assert isinstance(await gateway.perform(MASS), Unclear)
    assert isinstance(await gateway.perform(HELLO), TryLater)
    assert tiny.counts()[TASK] == tiny.counts()[WELCOME] == 1


async def test_a_slow_answer_is_not_waited_for(tiny, manual):
    http = Http(tiny.base, manual, seconds=0.1)
    tiny.answers["/x"] = [too_slow]
    assert (await http.send(get("/x"))).reason == "timeout"
    await http.close()


async def test_a_refused_connection_did_nothing_at_all(manual, unused_tcp_port):
    http = Http(f"http://127.0.0.1:{unused_tcp_port}", manual)
    lost = await http.send(get("/x"), "t0ken")
    assert not lost.arrived
    assert lost.outcome(post("/x")) == TryLater(0, "unreachable", timedelta(seconds=3))
    await http.close()


async def test_a_door_that_never_opens_let_nothing_in(manual):
    with ExitStack() as stack:
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # nobody lets them in, and there is no room to wait for more
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(door.getsockname())
        http = Http(f"http://127.0.0.1:{door.getsockname()[1]}", manual, seconds=0.4)
        lost = await http.send(get("/x"))
        await http.close()
    assert (lost.reason, lost.arrived) == ("unreachable", False)


async def test_a_redirect_is_not_followed_with_our_token(gateway, tiny):
    async def away(_request):
        raise web.HTTPFound("/elsewhere")

    tiny.answers[GET] = [away]
    assert isinstance(await gateway.perform(CUSTOMER), TryLater)
    assert "/elsewhere" not in tiny.counts()


async def test_an_unknown_path_is_a_refusal(gateway, tiny):
    tiny.answers[TASK] = [404]
    assert (await gateway.perform(MASS)).reason == "bad_request"


async def test_every_request_waits_for_its_turn(open_gateway, tiny):
    paced = []

    async def pace(account, request):
        paced.append((account, request.path))
        return TryLater(0, "held")

    assert (await open_gateway(pace=pace).perform(CUSTOMER)).reason == "held"
    assert paced == [(f"wecom:{WECOM.corp_id}", GET)]
    assert GET not in tiny.counts()


async def test_the_platforms_clock_is_compared_with_ours(gateway, tiny, manual):
    assert gateway.skew() == 0
    await gateway.perform(CUSTOMER)
    before = gateway.skew()
    manual.advance(minutes=20)
    await gateway.perform(ListGuides())
    assert gateway.skew() == pytest.approx(before - 1200, abs=5)


async def test_a_clock_more_than_a_minute_off_is_told_once_in_the_log(gateway, tiny, manual):
    manual.move_to(datetime.now(UTC))
    with capture_logs() as logs:
        await gateway.perform(CUSTOMER)
        manual.advance(minutes=-2)
        await gateway.perform(CUSTOMER)
        await gateway.perform(CUSTOMER)
    [told] = [line for line in logs if "clock" in line["event"]]
    assert told["seconds"] == pytest.approx(120, abs=5)


# Errcodes


@pytest.mark.parametrize(
    ("call", "code", "outcome"),
    [
        (HELLO, 41051, Sent({})),
        (HELLO, 41050, Refused(41050, "too_late", "why")),
        (HELLO, 41096, TryLater(41096, "in_progress", timedelta(seconds=1))),
        (HELLO, 45009, TryLater(45009, "rate_limited", timedelta(seconds=60))),
        (HELLO, -1, TryLater(-1, "busy", timedelta(seconds=5))),
        (MASS, 45033, TryLater(45033, "rate_limited", timedelta(seconds=2))),
        (MASS, 41048, Refused(41048, "empty_audience", "why")),
        (
            MarkTags(userid="a", external_userid="w", add=("t",)),
            45035,
            TryLater(45035, "conflict", timedelta(seconds=2)),
        ),
        (CUSTOMER, 84061, Refused(84061, "not_friend", "why")),
        (CUSTOMER, 48002, Refused(48002, "no_permission", "why")),
        (CUSTOMER, 987654, Refused(987654, "unknown_code", "why")),
        (RemindMassTask(msgid="m"), 41094, Refused(41094, "remind_limit", "why")),
        (SendOfficial(openid="o", text="x"), 45015, Refused(45015, "window_closed", "why")),
        (SendOfficial(openid="o", text="x"), 45047, Refused(45047, "window_full", "why")),
        (SendOfficial(openid="o", text="x"), 48002, Refused(48002, "customer_refuses", "why")),
    ],
)
async def test_an_errcode_becomes_an_outcome(gateway, tiny, call, code, outcome):
    said = {"errcode": code, "errmsg": "why, hint: [1-2-3], from ip: 10.0.0.1", "follow_user": []}
    tiny.answers = {
        path: [said] for path in (WELCOME, TASK, GET, "/cgi-bin/externalcontact/mark_tag")
    }
    tiny.answers |= {
        "/cgi-bin/externalcontact/remind_groupmsg_send": [said],
        "/cgi-bin/message/custom/send": [said],
    }
    assert await gateway.perform(call) == outcome


def test_every_reason_is_a_listed_word():
    tables = (
        wecom_errcodes.ERRCODES,
        wecom_errcodes.TOKEN_ERRCODES,
        official_errcodes.ERRCODES,
        official_errcodes.TOKEN_ERRCODES,
    )
    for verdict in (verdict for table in tables for verdict in table.values()):
        word = verdict.reason if isinstance(verdict, Later) else verdict
        assert word in WORDS or isinstance(verdict, Done)


@pytest.mark.parametrize("module", [wecom_errcodes, official_errcodes])
def test_no_code_means_two_things(module):
    codes = [code for codes in module._REFUSED.values() for code in codes]
    assert len(codes) == len(set(codes))


# Tokens


async def test_eight_callers_share_one_first_token(gateway, tiny):
    outcomes = await asyncio.gather(*(gateway.perform(CUSTOMER) for _ in range(8)))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert tiny.counts() == {TOKEN: 1, GET: 8}


async def test_a_revoked_token_is_refreshed_once_for_all_processes(open_gateway, tiny):
    gateways = [open_gateway() for _ in range(4)]
    await asyncio.gather(*(gateway.perform(CUSTOMER) for gateway in gateways))
    tiny.tokens += 1
    outcomes = await asyncio.gather(*(gateways[n % 4].perform(CUSTOMER) for n in range(8)))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert tiny.counts()[TOKEN] == 2


async def test_a_late_failure_does_not_replace_the_newer_token(open_gateway, tiny, store):
    first, second = open_gateway(), open_gateway()
    await first.perform(CUSTOMER)
    await second.perform(CUSTOMER)
    tiny.tokens += 1
    await first.perform(CUSTOMER)
    assert isinstance(await second.perform(CUSTOMER), Sent)
    assert tiny.counts()[TOKEN] == 2
    assert next(iter(store.rows.values())).version == 2


async def test_a_token_that_never_works_is_tried_again_exactly_once(gateway, tiny):
    tiny.answers[GET] = [{"errcode": 42001, "errmsg": "expired"}]
    assert await gateway.perform(CUSTOMER) == TryLater(42001, "bad_token", timedelta(minutes=1))
    assert tiny.counts()[GET] == 2


async def test_a_storm_of_bad_tokens_ends_at_the_breaker(gateway, tiny):
    tiny.answers[GET] = [{"errcode": 40014, "errmsg": "no"}]
    await asyncio.gather(*(gateway.perform(CUSTOMER) for _ in range(60)))
    assert tiny.counts()[TOKEN] <= 21


async def test_with_a_refused_token_nobody_asks_again(gateway, tiny, manual):
    tiny.answers[GET] = [{"errcode": 40014, "errmsg": "no"}]
    for _ in range(60):
        held = await gateway.perform(CUSTOMER)
    assert (type(held), held.reason) == (TryLater, "no_token")
    asked = tiny.counts()[GET]
    assert asked <= 42
    await gateway.perform(CUSTOMER)
    assert tiny.counts()[GET] == asked
    del tiny.answers[GET]
    manual.advance(seconds=61)
    assert isinstance(await gateway.perform(CUSTOMER), Sent)


class QuickClock(ManualClock):
    """Machine time that runs when it is told to."""

    seconds = 0.0

    def monotonic(self):
        return self.seconds


async def test_a_wrong_secret_is_tried_three_times_in_ten_minutes_and_no_debt_is_lost(
    open_gateway, tiny
):
    clock = QuickClock(NOW)
    gateway = open_gateway(clock=clock)
    tiny.secret = "changed"
    for _ in range(8):
        outcome = await gateway.perform(CUSTOMER)
        assert (type(outcome), outcome.reason) == (TryLater, "bad_secret")
        clock.seconds += 5
    assert tiny.counts() == {TOKEN: 3}
    clock.seconds += 600
    tiny.secret = "s3cret"
    assert isinstance(await gateway.perform(CUSTOMER), Sent)


async def test_callers_share_a_failure_instead_of_queueing_for_their_own(gateway, tiny):
    tiny.answers[TOKEN] = [502]
    outcomes = await asyncio.gather(*(gateway.perform(MASS) for _ in range(20)))
    assert {type(outcome) for outcome in outcomes} == {TryLater}
    assert tiny.counts() == {TOKEN: 1}


async def test_a_token_is_replaced_before_it_ends(gateway, tiny, manual):
    await gateway.perform(CUSTOMER)
    manual.advance(seconds=6850)
    await gateway.perform(CUSTOMER)
    assert tiny.counts()[TOKEN] == 1
    manual.advance(seconds=100)
    await gateway.perform(CUSTOMER)
    assert tiny.counts()[TOKEN] == 2


async def test_a_clock_that_is_moved_fast_does_not_look_like_a_storm(gateway, tiny, manual):
    for _ in range(40):
        manual.advance(seconds=7200)
        assert isinstance(await gateway.perform(CUSTOMER), Sent)
    assert tiny.counts()[TOKEN] == 40


async def test_a_dead_refresher_is_replaced_when_its_lease_is_over(gateway, tiny, store, manual):
    key = "wecom:ww0123456789abcdef:1000002"
    store.leases[key] = ("another process", manual.real() + 0.3)
    assert isinstance(await gateway.perform(CUSTOMER), Sent)


async def test_the_official_token_is_forced_only_when_the_platform_repeats_a_dead_one(
    gateway, tiny
):
    fan = GetFan(openid="o1")
    await gateway.perform(fan)
    tiny.answers["/cgi-bin/user/info"] = [{"errcode": 40001, "errmsg": "invalid credential"}]
    await gateway.perform(fan)
    assert tiny.forced == [False, False, True]
    await gateway.perform(fan)
    assert tiny.forced == [False, False, True, False]


@pytest.mark.parametrize(
    "answer",
    [502, "<html>", {"errcode": 0}, {"errcode": -1}, {"access_token": "", "expires_in": 1}],
)
async def test_without_a_token_nothing_is_sent(gateway, tiny, answer):
    tiny.answers[TOKEN] = [answer]
    assert isinstance(await gateway.perform(MASS), TryLater)
    assert tiny.counts()[TASK] == 0


async def test_no_secret_appears_in_reprs_outcomes_or_errors(
    gateway, tiny, store, unused_tcp_port, open_gateway
):
    away = open_gateway(
        wecom=replace(WECOM, api_base=f"http://127.0.0.1:{unused_tcp_port}"), tokens=MemoryTokens()
    )
    tiny.answers[GET] = [502]
    seen = [
        await away.perform(CUSTOMER),
        await gateway.perform(CUSTOMER),
        store.rows,
        WECOM,
        get("/x", corpsecret="s3cret"),
    ]
    assert "s3cret" not in repr(seen)
    assert "token-1" not in repr(seen)


# Media and tickets


async def test_media_are_uploaded_once_and_named_in_the_message(gateway, tiny, manual):
    tiny.answers["/cgi-bin/media/upload"] = [
        {"errcode": 0, "type": "image", "media_id": "M1", "created_at": "1"}
    ]
    call = SendWelcome(welcome_code="W", text="hi", attachments=(ImageCard(media="a.png"),))
    await asyncio.gather(*(gateway.perform(call) for _ in range(5)))
    assert tiny.counts()["/cgi-bin/media/upload"] == 1
    upload = next(seen for seen in tiny.seen if seen[1] == "/cgi-bin/media/upload")
    assert (upload[2]["type"], upload[3]) == (
        "image",
        {"name": "media", "filename": "a.png", "content": b"PNG"},
    )
    assert tiny.seen[-1][3]["attachments"] == [{"msgtype": "image", "image": {"media_id": "M1"}}]
    manual.advance(days=3)
    await gateway.perform(call)
    assert tiny.counts()["/cgi-bin/media/upload"] == 2


async def test_media_that_the_platform_forgot_are_uploaded_again(gateway, tiny):
    tiny.answers["/cgi-bin/media/upload"] = [
        {"errcode": 0, "media_id": "M1"},
        {"errcode": 0, "media_id": "M2"},
    ]
    tiny.answers[WELCOME] = [{"errcode": 40007, "errmsg": "invalid media_id"}, {"errcode": 0}]
    call = SendWelcome(welcome_code="W", text="hi", attachments=(ImageCard(media="a.png"),))
    assert await gateway.perform(call) == Sent({})
    assert tiny.seen[-1][3]["attachments"][0]["image"]["media_id"] == "M2"


async def test_each_platform_gets_its_own_media_and_renews_what_it_forgot(gateway, tiny):
    tiny.answers["/cgi-bin/media/upload"] = [
        {"errcode": 0, "media_id": "W"},
        {"media_id": "O1", "type": "image"},
        {"media_id": "O2", "type": "image"},
    ]
    custom = "/cgi-bin/message/custom/send"
    tiny.answers[custom] = [{"errcode": 40007, "errmsg": "invalid media_id"}, {"errcode": 0}]
    picture = ImageCard(media="a.png")
    await gateway.perform(SendWelcome(welcome_code="W", text="hi", attachments=(picture,)))
    assert tiny.seen[-1][3]["attachments"][0]["image"]["media_id"] == "W"
    assert await gateway.perform(SendOfficial(openid="o1", card=picture)) == Sent({})
    sent = [seen[3]["image"]["media_id"] for seen in tiny.seen if seen[1] == custom]
    assert sent == ["O1", "O2"]


async def test_a_missing_file_is_a_refusal_and_nothing_is_sent(gateway, tiny):
    call = SendWelcome(welcome_code="W", text="hi", attachments=(ImageCard(media="gone.png"),))
    assert await gateway.perform(call) == Refused(0, "bad_media", "gone.png")
    assert tiny.seen == []


async def test_tickets_are_asked_for_once_until_they_end(gateway, tiny, manual):
    tiny.answers["/cgi-bin/get_jsapi_ticket"] = [{"errcode": 0, "ticket": "T", "expires_in": 7200}]
    for _ in range(3):
        assert (await gateway.perform(GetJsTicket())).answer["ticket"] == "T"
    manual.advance(seconds=6901)
    await gateway.perform(GetJsTicket())
    assert tiny.counts()["/cgi-bin/get_jsapi_ticket"] == 2


async def test_a_fans_own_tokens_are_not_kept(gateway, tiny):
    path = "/sns/oauth2/access_token"
    tiny.answers[path] = [
        {"access_token": "A", "refresh_token": "R", "openid": "o1", "unionid": "u1", "scope": "s"}
    ]
    assert await gateway.perform(GetOAuthFan(code="C")) == Sent(
        {"openid": "o1", "unionid": "u1", "scope": "s"}
    )
    assert tiny.seen[-1][2] == {
        "appid": "wx0123456789abcdef",
        "secret": "s3cret",
        "code": "C",
        "grant_type": "authorization_code",
    }
    tiny.answers[path] = [{"errcode": 40163, "errmsg": "code been used"}]
    assert (await gateway.perform(GetOAuthFan(code="C"))).reason == "bad_code"


async def test_many_at_once_all_leave_and_nobody_queues_until_he_is_late(tiny, manual):
    # Who finds no room before the door knocks again after a second.
    http = Http(tiny.base, manual, seconds=4)
    waiting, all_here = [], asyncio.Event()

    async def meet(_request):
        waiting.append(1)
        if len(waiting) == 150:
            all_here.set()
        await all_here.wait()
        return web.json_response({"errcode": 0})

    tiny.answers["/x"] = [meet]
    said = await asyncio.gather(*(http.send(get("/x")) for _ in range(150)))
    assert said == [{"errcode": 0}] * 150
    await http.close()
