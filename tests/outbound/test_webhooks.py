"""Other systems are told what happened: signed, once, again when they did not answer, and not for ever."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.refusals import Refusal
from bot.events.commands import Actor, FileCase, Subscribe, Unsubscribe
from bot.outbound import webhooks
from bot.platforms.outward import Outward, flaw, is_public
from bot.platforms.signing import verify_webhook
from bot.store import webhooks as listeners
from tests.builders import a_customer

OWNER = Actor(kind="owner", id="boss")


class Listener:
    """Another system's server, which writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        app = web.Application()
        app.router.add_post("/hook", self._hear)
        self.server = TestServer(app)

    async def _hear(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.heard]


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"webhook_private": True})


@pytest.fixture
async def listener():
    made = Listener()
    await made.server.start_server()
    yield made
    await made.server.close()


async def subscribes(bot, listener, *kinds: str) -> int:
    url = str(listener.server.make_url("/hook"))
    made = await bot.does(Subscribe(actor=OWNER, key=bot.key(), at=bot.now, url=url, kinds=kinds))
    return made["id"]


async def looks(bot, *, later: float = 20) -> None:
    bot.clock.advance(seconds=later)
    await bot.works(webhooks.tell_due)


async def test_what_happens_is_told_once_and_signed(bot, listener):
    async with bot.session() as session:
        await a_customer(session)  # before anybody listened
    hook = await subscribes(bot, listener, "customer.met", "case.opened", "touch.settled")
    async with bot.session() as session:
        customer = await a_customer(session, created_at=bot.now)
    await bot.does(
        FileCase(actor=OWNER, key="c", at=bot.now, customer_id=customer.id, text="线头很多")
    )
    for _ in range(3):
        await looks(bot)
    assert sorted(listener.kinds) == ["case.opened", "customer.met"]
    secret = webhooks.secret_of(bot.settings.key, hook)
    for headers, body in listener.heard:
        lower = {name.lower(): value for name, value in headers.items()}
        assert verify_webhook(secret, lower, body, bot.now)
        assert json.loads(body)["data"]["customer"] == customer.ref
        assert "线头" not in body.decode()


async def test_who_does_not_answer_is_told_again_and_in_the_end_no_more(bot, listener):
    hook, listener.status = await subscribes(bot, listener, "customer.met"), 500
    async with bot.session() as session:
        await a_customer(session, created_at=bot.now)
    await looks(bot)
    await looks(bot, later=5)
    await looks(bot, later=60)
    assert len(listener.heard) == 2
    await looks(bot, later=6 * 86400)
    async with bot.session() as session:
        assert (await listeners.by_id(session, hook)).state == "disabled"
    await looks(bot, later=86400)
    assert len(listener.heard) == 3


async def test_who_answers_at_last_has_failed_no_more(bot, listener):
    hook, listener.status = await subscribes(bot, listener, "customer.met"), 503
    async with bot.session() as session:
        await a_customer(session, created_at=bot.now)
    await looks(bot)
    listener.status = 204
    await looks(bot, later=400)
    async with bot.session() as session:
        assert (await listeners.by_id(session, hook)).failing_since is None
    assert len(listener.heard) == 2


async def test_nobody_is_told_after_the_end(bot, listener):
    hook = await subscribes(bot, listener, "customer.met")
    await bot.does(Unsubscribe(actor=OWNER, key="u", at=bot.now, webhook_id=hook))
    async with bot.session() as session:
        await a_customer(session, created_at=bot.now)
    await looks(bot)
    assert listener.heard == []
    with pytest.raises(Refusal):
        await bot.does(Unsubscribe(actor=OWNER, key="v", at=bot.now, webhook_id=hook))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://169.254.169.254/latest",
        "https://100.64.0.1/x",
        "https://10.1.2.3/x",
        "https://localhost./x",
        "https://2130706433/x",
        "https://intranet/x",
        "https://user@example.com/x",
        "https://example.com:22/x",
        "http://example.com/x",
        "file:///etc/passwd",
        "gopher://example.com/x",
        "https://",
        "https://example.com:port/x",
    ],
)
async def test_an_address_inside_is_no_address(url):
    assert flaw(url)
    assert await Outward().post(url, {}, b"", private=False) == 0


def test_public_addresses_are_public():
    assert flaw("https://hooks.example.com/x") == ""
    assert is_public("1.1.1.1")
    assert not is_public("0.0.0.0")
    assert not is_public("fe80::1%eth0")


async def test_a_name_that_leads_inside_is_not_written_to(listener):
    """`localtest.example` may say 127.0.0.1: what it leads to is looked at, not what it is called."""
    from bot.platforms.outward import PublicOnly

    with pytest.raises(OSError, match="public"):
        await PublicOnly().resolve("localhost", listener.server.port)
