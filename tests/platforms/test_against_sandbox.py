"""Our client and our callbacks against the sandbox, which shares no code with them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.calls import (
    FileCard,
    GetFan,
    ImageCard,
    LinkCard,
    ListFans,
    ListGuides,
    ListKfAccounts,
    MenuItem,
    MiniProgramCard,
    Refused,
    SendKf,
    SendKfOnEvent,
    SendOfficial,
    SendWelcome,
    Sent,
    SyncKf,
)
from bot.clock import FileClock
from bot.events import CustomerAdded, Event, FanFollowed, FanMessaged, KfNudged, KfSessionEntered
from bot.platforms.accounts import OfficialAccount, WecomAccount
from bot.platforms.gateway import Gateway
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.official.replies import seal_reply, text_reply
from bot.platforms.wecom.callback import WecomCallbacks
from bot.platforms.wecom.kf_messages import parse_one
from tests.platforms.server import MemoryTokens

ROOT = Path(__file__).parents[2]


@dataclass
class Town:
    """A sandbox in its own process, our callbacks in this one."""

    env: dict[str, str]
    gateway: Gateway
    heard: list[Event] = field(default_factory=list)

    async def act(self, act: str, **facts: Any) -> dict[str, Any]:
        url = self.env["SIYU_WECOM_API_BASE"] + "/__sandbox__/act"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json={"act": act, **facts}) as answer,
        ):
            result = (await answer.json())["results"][0]
        assert result["ok"], result
        return result

    async def advance(self, *, days: int) -> None:
        url = self.env["SIYU_WECOM_API_BASE"] + "/__sandbox__/clock"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json={"advance": days * 86400}) as answer,
        ):
            assert answer.status == 200, await answer.text()

    def last(self, kind: type[Any]) -> Any:
        return [event for event in self.heard if isinstance(event, kind)][-1]


def _accounts(env: dict[str, str]) -> tuple[WecomAccount, OfficialAccount]:
    wecom = WecomAccount(
        corp_id=env["SIYU_WECOM_CORP_ID"],
        agent_id=int(env["SIYU_WECOM_AGENT_ID"]),
        secret=env["SIYU_WECOM_SECRET"],
        tokens=(env["SIYU_WECOM_TOKEN"],),
        aes_keys=(env["SIYU_WECOM_AES_KEY"],),
        api_base=env["SIYU_WECOM_API_BASE"],
    )
    official = OfficialAccount(
        app_id=env["SIYU_OFFICIAL_APP_ID"],
        secret=env["SIYU_OFFICIAL_SECRET"],
        tokens=(env["SIYU_OFFICIAL_TOKEN"],),
        aes_keys=(env["SIYU_OFFICIAL_AES_KEY"],),
        api_base=env["SIYU_OFFICIAL_API_BASE"],
    )
    return wecom, official


def _listen(app: web.Application, town: Town, clock: FileClock) -> None:
    wecom, official = _accounts(town.env)
    wecom_callbacks, official_callbacks = (
        WecomCallbacks(wecom, clock),
        OfficialCallbacks(official, clock),
    )

    async def from_wecom(request: web.Request) -> web.Response:
        town.heard.append(wecom_callbacks.open(request.query, await request.read()).event)
        return web.Response()

    async def from_official(request: web.Request) -> web.Response:
        event = official_callbacks.open(request.query, await request.read()).event
        town.heard.append(event)
        if not isinstance(event, FanMessaged):
            return web.Response(text="success")
        reply = text_reply(event, "收到", clock.now())
        return web.Response(text=seal_reply(reply, official, clock.now()))

    app.router.add_post("/callback/wecom", from_wecom)
    app.router.add_post("/callback/official", from_official)


async def _env(path: Path, process: asyncio.subprocess.Process) -> dict[str, str]:
    ready = await asyncio.wait_for(process.stdout.readline(), 20)
    assert b"ready" in ready
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())


@pytest.fixture
async def town(tmp_path, unused_tcp_port_factory) -> AsyncIterator[Town]:
    town = Town({}, None)
    ours = TestServer(web.Application())
    base = f"http://127.0.0.1:{unused_tcp_port_factory()}"
    command = [sys.executable, "-m", "bot.sandbox", "--port", str(_pair(unused_tcp_port_factory))]
    command += ["--env-file", str(tmp_path / "env"), "--callback-base", base]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        town.env = await _env(tmp_path / "env", process)
        clock = FileClock(Path(town.env["SIYU_CLOCK_FILE"]))
        _listen(ours.app, town, clock)
        ours.port = int(base.rpartition(":")[2])
        await ours.start_server()
        wecom, official = _accounts(town.env)
        town.gateway = Gateway(
            wecom=wecom,
            official=official,
            tokens=MemoryTokens(),
            clock=clock,
            load_media=lambda name: b"PNG" * 9,
        )
        yield town
        await town.gateway.close()
    finally:
        process.terminate()
        await process.wait()
        await ours.close()


def _pair(free: Any) -> int:
    """The sandbox takes this port and the next one."""
    while True:
        port = free()
        with socket.socket() as next_one, contextlib.suppress(OSError, OverflowError):
            next_one.bind(("127.0.0.1", port + 1))
            return port


async def test_a_friend_is_welcomed_once(town):
    await town.act("add_friend", customer="c0001", guide="WangFang", contact_way="store-s01")
    added = town.last(CustomerAdded)
    assert (added.userid, added.state) == ("WangFang", "store-s01")
    card = LinkCard(title="会员中心", url="https://example.com")
    welcome = SendWelcome(welcome_code=added.welcome_code, text="您好", attachments=(card,))
    assert await town.gateway.perform(welcome) == Sent({})
    assert await town.gateway.perform(welcome) == Sent(
        {}
    )  # 41051: it has arrived, whatever we remember


async def test_a_kf_customer_gets_a_welcome_and_five_answers(town):
    perform = town.gateway.perform
    account = (await perform(ListKfAccounts())).answer["account_list"][0]["open_kfid"]
    await town.act("enter_kf", customer="c0004", scene="s1")
    await town.act("say_kf", customer="c0004", text="退货")
    page = await perform(SyncKf(open_kfid=account, token=town.last(KfNudged).token))
    entered, asked = (parse_one(json.dumps(one).encode()) for one in page.answer["msg_list"])
    assert isinstance(entered, KfSessionEntered)
    assert asked.text == "退货"
    menu = (MenuItem(id="1", text="人工"),)
    welcome = SendKfOnEvent(code=entered.welcome_code, msgid="w", text="欢迎", menu=menu)
    assert isinstance(await perform(welcome), Sent)
    who = {"open_kfid": account, "external_userid": asked.external_userid, "text": "您好"}
    outcomes = [await perform(SendKf(**who, msgid=f"m{n}")) for n in range(6)]
    assert [type(outcome) for outcome in outcomes] == [Sent] * 5 + [Refused]
    assert outcomes[-1].reason == "window_full"


CARDS = (
    ImageCard(media="a.png"),
    LinkCard(title="图册", url="https://example.com", media="a.png"),
    MiniProgramCard(title="试衣间", appid="wx1", page="p", media="a.png"),
    FileCard(media="a.pdf"),
)


async def test_every_card_goes_to_kf_also_after_its_media_have_expired(town):
    perform = town.gateway.perform
    account = (await perform(ListKfAccounts())).answer["account_list"][0]["open_kfid"]
    for round_ in range(2):
        await town.act("say_kf", customer="c0004", text="在吗")
        page = await perform(SyncKf(open_kfid=account, token=town.last(KfNudged).token))
        asked = parse_one(json.dumps(page.answer["msg_list"][-1]).encode())
        who = {"open_kfid": account, "external_userid": asked.external_userid}
        for n, card in enumerate(CARDS):
            call = SendKf(**who, msgid=f"m{round_}{n}", card=card)
            assert isinstance(await perform(call), Sent), card
        await town.advance(days=4)


async def test_a_fan_gets_pictures_news_and_mini_programs_uploaded_to_her_own_platform(town):
    perform = town.gateway.perform
    await town.act("follow_official", customer="c0003", scene="store-7")
    await town.act("say_official", customer="c0003", text="在吗")
    openid = town.last(FanMessaged).openid
    image, link, mini, _file = CARDS
    calls = [SendOfficial(openid=openid, card=image), SendOfficial(openid=openid, card=mini)]
    for call in [*calls, SendOfficial(openid=openid, news=link)]:
        assert await perform(call) == Sent({}), call


async def test_a_fan_is_heard_answered_and_remembered(town):
    await town.act("follow_official", customer="c0003", scene="store-7")
    assert town.last(FanFollowed).scene == "store-7"
    await town.act("say_official", customer="c0003", text=" 券 ")
    fan = town.last(FanMessaged)
    assert fan.text == " 券 "
    assert (await town.gateway.perform(GetFan(openid=fan.openid))).answer["subscribe"] == 1
    assert await town.gateway.perform(SendOfficial(openid=fan.openid, text="您好")) == Sent({})


async def test_tokens_revoked_by_the_platform_are_replaced_unnoticed(town):
    assert isinstance(await town.gateway.perform(ListGuides()), Sent)
    for app in ("wecom", "official"):
        await town.act("revoke_token", app=app)
    outcomes = await asyncio.gather(
        *(town.gateway.perform(call) for call in [ListGuides(), ListFans()] * 4)
    )
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
