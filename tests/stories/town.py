"""The bot of the stories with a whole world before it: the sandbox on loopback, called by the bot's own clients,
calling back on the bot's own routes, and one clock for both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from bot.app import PARSERS, read_media
from bot.calls import Call, Outcome, Sent
from bot.clock import Clock
from bot.content import Content
from bot.inbound.dispatch import BATCH
from bot.inbound.intake import Intake
from bot.outbound import kf_pull
from bot.platforms.gateway import Gateway, open_gateway
from bot.platforms.official.callback import OfficialCallbacks
from bot.platforms.query import no_skew
from bot.platforms.wecom.callback import WecomCallbacks
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.stage import Options
from bot.sandbox.world.spec import AppSpec, CorpSpec, KfSpec, OfficialSpec, WorldSpec
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tokens import SqlTokens
from bot.store.vault import Vault
from bot.web import callbacks, links, server
from bot.web.accounts import official_account, wecom_account
from bot.web.desk import Desk
from tests.harness import START, Bot

HERE = "127.0.0.1"
PATIENCE = 60.0
"""Real seconds: a busy machine is slow, not broken."""
KF = "wk-shop"
OFFICIAL_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class WorldClock(Clock):
    """What the sandbox's clock file tells a bot in a process of its own."""

    moved = True

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        return self._sandbox.stage.now().astimezone(UTC)


class Watched:
    """The real clients, and what came of each call."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.performed: list[Call] = []
        self.refused: list[tuple[Call, Outcome]] = []
        """What the platform did not do; a story that leaves any of it unread fails."""

    def sent(self, kind: type[Call]) -> list[Any]:
        """The calls of one type that were done, in order."""
        return [call for call in self.performed if type(call) is kind]

    async def perform(self, call: Call) -> Outcome:
        outcome = await self._gateway.perform(call)
        if isinstance(outcome, Sent):
            self.performed.append(call)
        else:
            self.refused.append((call, outcome))
        return outcome

    def refusals(self, kind: type[Call]) -> list[str]:
        """Why the platform did not do calls of this type; read once."""
        found = [outcome for call, outcome in self.refused if type(call) is kind]
        self.refused = [(call, why) for call, why in self.refused if type(call) is not kind]
        return [getattr(outcome, "reason", "") for outcome in found]


class Town(Bot):
    """`act` is what people do in the sandbox, and the bot has heard of it; `waits` is time that passes."""

    platform: Watched

    def __init__(
        self,
        sessions: Sessions,
        content: Content,
        settings: Settings,
        *,
        sandbox: Sandbox,
        gateway: Gateway,
    ) -> None:
        super().__init__(
            sessions,
            content,
            settings,
            clock=WorldClock(sandbox),
            platform=Watched(gateway),
            parsers=PARSERS,
        )
        self.sandbox, self.url = sandbox, ""
        self.people: aiohttp.ClientSession = aiohttp.ClientSession(sandbox.base_url)
        self.intake = Intake(sessions, self.vault, self.clock, nudge=self._nudge)
        self._news = False

    @property
    def world(self) -> Any:
        """How things stand on the platforms: to look at, and for what was so before a story begins."""
        return self.sandbox.stage.world

    def desk(self) -> Desk:
        return Desk(
            work=self.work,
            intake=self.intake,
            dispatcher=self.dispatcher,
            wecom=WecomCallbacks(wecom_account(self.settings), self.clock, skew=no_skew),
            official=OfficialCallbacks(official_account(self.settings), self.clock, skew=no_skew),
            nudge=self._nudge,
        )

    def _nudge(self) -> None:
        self._news = True

    async def act(self, act: str, **args: Any) -> dict[str, Any]:
        """Somebody does this in the sandbox, and the bot hears of it."""
        (result,) = (await self._asks("act", {"act": act, **args}))["results"]
        assert result["ok"], result["error"]
        await self.hears()
        return result

    async def acts(self, *acts: dict[str, Any]) -> None:
        """Many things at the same moment."""
        results = (await self._asks("act", {"acts": acts}))["results"]
        assert all(one["ok"] for one in results), results
        await self.hears()

    async def goes_wrong(self, *faults: dict[str, Any]) -> None:
        """From now on the platforms fail so; without a word, no more."""
        await self._asks("faults", {"faults": faults})

    async def _asks(self, path: str, wish: dict[str, Any]) -> dict[str, Any]:
        async with self.people.post(f"/__sandbox__/{path}", json=wish) as answer:
            assert answer.status == 200, await answer.text()
            said: dict[str, Any] = await answer.json()
            return said

    async def waits(self, **parts: float) -> None:
        """`waits(hours=2)`: whatever people do by themselves until then is heard of at its moment."""
        await self.reaches(self.now + timedelta(**parts))

    async def reaches(self, moment: datetime) -> None:
        wish = {"step": {"until": moment.isoformat()}}
        while (await self._asks("clock", wish))["applied"]:
            await self.hears()

    def unheard(self) -> list[dict[str, Any]]:
        """What was called back and not believed or not answered."""
        rows = self.sandbox.stage.log.rows("callback")
        return [row for row in rows if row["status"] not in (200, "lost")]

    async def hears(self) -> None:
        """Handle what was called back, and what it points to, until nothing is left."""
        await self.sandbox.stage.courier.settled(limit=PATIENCE)
        while self._news:
            self._news = False
            while await self.dispatcher.drain(self.sessions, self.now) == BATCH:
                pass
            self._news = await kf_pull.pull_due(self.work) > 0
        if self.bugs:
            raise self.bugs[0]


def _spec(settings: Settings) -> WorldSpec:
    """A world with these accounts and nobody in it."""
    app = AppSpec(
        agent_id=settings.wecom_agent_id,
        secret=settings.wecom_secret,
        token=settings.wecom_token,
        aes_key=settings.wecom_aes_key,
    )
    official = OfficialSpec(
        app_id=settings.official_app_id,
        secret=settings.official_secret,
        token=settings.official_token,
        aes_key=settings.official_aes_key,
    )
    return WorldSpec(
        corp=CorpSpec(corp_id=settings.wecom_corp_id, apps=[app]),
        official=official,
        kf=[KfSpec(name="青禾衣坊", open_kfid=KF)],
    )


@asynccontextmanager
async def open_town(
    sessions: Sessions, content: Content, settings: Settings
) -> AsyncIterator[Town]:
    """A sandbox with this bot's accounts, the bot before it, and the way back."""
    settings = settings.model_copy(update={"official_aes_key": OFFICIAL_KEY})
    options = Options(clock=START, callback_timeout=PATIENCE)
    sandbox = Sandbox(options, world=_spec(settings))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sandbox.stop)
        await sandbox.start()
        bases = {"wecom": sandbox.base_url, "official": sandbox.official_base_url}
        settings = settings.model_copy(
            update={f"{name}_api_base": url for name, url in bases.items()}
        )
        gateway = await stack.enter_async_context(
            open_gateway(
                wecom=wecom_account(settings),
                official=official_account(settings),
                tokens=SqlTokens(sessions, Vault(settings.key)),
                clock=WorldClock(sandbox),
                load_media=lambda name: read_media(content.dir / "media", name),
            )
        )
        town = Town(sessions, content, settings, sandbox=sandbox, gateway=gateway)
        stack.push_async_callback(town.intake.close)
        stack.push_async_callback(town.people.close)
        town.url = await stack.enter_async_context(_listening(town.desk()))
        sandbox.point_at(town.url)
        yield town


@asynccontextmanager
async def _listening(desk: Desk) -> AsyncIterator[str]:
    """Where platforms call and where links lead: all other routes take longer to lay out than most stories."""
    app = web.Application()
    server.furnish(app, desk)
    app.add_routes(callbacks.routes)
    app.add_routes(links.routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HERE, 0).start()
    try:
        yield f"http://{HERE}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
