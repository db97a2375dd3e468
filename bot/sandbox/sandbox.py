"""One running sandbox: builds the world, opens the two ports, and closes them again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from aiohttp import web
from pydantic import ValidationError

from bot.sandbox.address import Address
from bot.sandbox.api import Route, table_of
from bot.sandbox.callbacks import Courier
from bot.sandbox.clock import Agenda, Clock, parse_moment
from bot.sandbox.control import Control
from bot.sandbox.env import shop_secret, welcome, write_env
from bot.sandbox.envelope import Seal
from bot.sandbox.faults import Faults, Script
from bot.sandbox.log import Log
from bot.sandbox.mistakes import parse, told, unplaced
from bot.sandbox.official.catalog import ROOMS as OFFICIAL
from bot.sandbox.ports import bind_pair
from bot.sandbox.server import Desk
from bot.sandbox.shop import OrderDoor
from bot.sandbox.stage import Options, Stage
from bot.sandbox.timeline import Timeline
from bot.sandbox.wecom.catalog import ROOMS as WECOM
from bot.sandbox.world.build import build_world
from bot.sandbox.world.reading import read_world
from bot.sandbox.world.spec import Settings, WorldSpec
from bot.sandbox.world.state import World

WAITING = 4_096
"""Callers who may stand before the door: whoever finds no room there tries again later and later, and gives up."""


class Sandbox:
    """`await Sandbox(Options(…)).start()`, then `.base_url`, `.official_base_url`, `.stage`, `.stop()`."""

    def __init__(self, options: Options | None = None, *, world: WorldSpec | None = None) -> None:
        self.options = options or Options()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._spec = _changed(world or read_world(self.options.world), self.options.settings)
        self.stage = self._stage()
        self.timeline = Timeline(self.stage)
        self._runners: list[web.AppRunner] = []
        self._flow: asyncio.Task[None] | None = None

    def _stage(self) -> Stage:
        options = self.options
        self.clock_file = options.clock_file or self._clock_file()
        clock = Clock(self._start(), path=self.clock_file)
        agenda, log = Agenda(), Log(clock, options.log)
        courier = Courier(clock, agenda, log, timeout=options.callback_timeout)
        script = _script(options.faults)
        faults = Faults(script, start=clock.now())
        courier.faults = faults
        stage = Stage(options, self._world(clock), clock, agenda, log, faults, courier)
        stage.shop_secret = shop_secret(options.env_file)
        self._connect(stage)
        return stage

    def _clock_file(self) -> Path:
        env_file = self.options.env_file
        if env_file:
            return env_file.with_name(env_file.name + ".clock.json").resolve()
        self._scratch = tempfile.TemporaryDirectory(prefix="siyu-sandbox-")
        return Path(self._scratch.name) / "clock.json"

    def _start(self) -> datetime | None:
        given = parse_moment(self._spec.start) if self._spec.start else None
        return self.options.clock or given

    def _world(self, clock: Clock) -> World:
        return build_world(self._spec, seed=self.options.seed, start=clock.now())

    def _connect(self, stage: Stage) -> None:
        """Tells the courier where the callbacks of this world go."""
        base, app, official = (
            self.options.callback_base,
            stage.world.corp.apps[0],
            stage.world.official,
        )
        corp_id = stage.world.corp.corp_id
        wecom = Seal(token=app.token, aes_key=app.aes_key, receiver=corp_id, platform="wecom")
        account = Seal(
            token=official.token,
            aes_key=official.aes_key,
            receiver=official.app_id,
            platform="official",
        )
        prefix = base.rstrip("/")
        stage.courier.addresses = {
            "wecom": Address(prefix and prefix + "/callback/wecom", wecom, corp_id, app.agent_id),
            "official": Address(
                prefix and prefix + "/callback/official", account, official.original_id
            ),
        }
        stage.courier.orders = OrderDoor(prefix and prefix + "/api/v1/orders", stage.shop_secret)
        stage.courier.settings, stage.courier.names = stage.world.settings, stage.world.names

    def point_at(self, callback_base: str) -> None:
        """Where callbacks go from now on; for tests that start the bot after the sandbox."""
        self.options = replace(self.options, callback_base=callback_base)
        self._connect(self.stage)

    def reset(self) -> None:
        """The world as it was at the start; the log goes on."""
        stage = self.stage
        stage.agenda.clear()
        stage.courier.forget()
        stage.clock.reset()
        stage.world = self._world(stage.clock)
        self.set_faults(_script(self.options.faults))
        self._connect(stage)

    def set_faults(self, script: Script) -> None:
        self.stage.faults = Faults(script, start=self.stage.now())
        self.stage.courier.faults = self.stage.faults

    def tables(self) -> dict[str, tuple[str, dict[str, Route]]]:
        """What answers at which base URL."""
        return {
            "wecom": (self.base_url, table_of(WECOM)),
            "official": (self.official_base_url, table_of(OFFICIAL)),
        }

    @property
    def base_url(self) -> str:
        return self.stage.base_url

    @property
    def official_base_url(self) -> str:
        return self.stage.official_base_url

    async def start(self) -> Sandbox:
        stage = self.stage
        sockets = bind_pair(self.options.port, self.options.official_port)
        stage.base_url, stage.official_base_url = (
            f"http://127.0.0.1:{socket.getsockname()[1]}" for socket in sockets
        )
        desks = [Desk(stage, name, table) for name, (_, table) in self.tables().items()]
        for desk, socket in zip(desks, sockets, strict=True):
            app = web.Application(client_max_size=64 * 2**20)
            if desk.platform == "wecom":
                Control(self, self.timeline).mount(app)
            app.router.add_route("*", "/{path:.*}", desk.handle)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.SockSite(runner, socket, backlog=WAITING).start()
            self._runners.append(runner)
        stage.clock.save()
        if self.options.env_file:
            write_env(stage, self.options.env_file, clock_file=self.clock_file)
        self._flow = asyncio.create_task(self.timeline.flow())
        return self

    async def stop(self) -> None:
        if self._flow:
            self._flow.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flow
        await self.stage.courier.close()
        for runner in self._runners:
            await runner.cleanup()
        self.stage.log.close()
        if self._scratch:
            self._scratch.cleanup()


def _script(path: Path | None) -> Script:
    if path is None:
        return Script()
    try:
        return Script.model_validate(parse(path))
    except ValidationError as error:
        raise told(path, Script, error) from None


def _changed(spec: WorldSpec, given: dict[str, str]) -> WorldSpec:
    """Settings from the command line go before the file's."""
    try:
        settings = Settings.model_validate(spec.settings.model_dump() | given)
    except ValidationError as error:
        raise unplaced("--set", Settings, error) from None
    return spec.model_copy(update={"settings": settings})


async def serve(options: Options) -> None:
    """Runs until interrupted or cancelled."""
    sandbox = await Sandbox(options).start()
    stage, stopped = sandbox.stage, asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    print(welcome(stage), flush=True)  # noqa: T201 - its first line says that it is ready
    try:
        await stopped.wait()
    finally:
        await sandbox.stop()
