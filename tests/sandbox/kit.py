"""A listening bot and a client for one sandbox, over real HTTP; opens envelopes with its own few lines of crypto."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.sandbox.clock import parse_moment
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.stage import Options
from bot.sandbox.world.reading import read_world
from bot.sandbox.world.spec import WorldSpec

START = parse_moment("2026-11-20T10:00:00+08:00")
EC = "/cgi-bin/externalcontact"


def open_envelope(encrypted: str, aes_key: str) -> tuple[str, str]:
    key = base64.b64decode(aes_key + "=")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = cipher.update(base64.b64decode(encrypted)) + cipher.finalize()
    plain = plain[: -plain[-1]]
    size = int.from_bytes(plain[16:20], "big")
    return plain[20 : 20 + size].decode(), plain[20 + size :].decode()


def sealed(plain: str, aes_key: str, receiver: str) -> str:
    key, raw = base64.b64decode(aes_key + "="), plain.encode()
    text = b"r" * 16 + len(raw).to_bytes(4, "big") + raw + receiver.encode()
    padding = 32 - len(text) % 32
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    done = cipher.update(text + bytes([padding]) * padding) + cipher.finalize()
    return base64.b64encode(done).decode()


def sealed_part(body: str) -> str:
    if body.startswith("{"):
        outer = json.loads(body)
        return outer.get("Encrypt") or outer.get("encrypt") or ""
    return ET.fromstring(body).findtext("Encrypt") or ""


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


@dataclass
class Heard:
    """One callback as it arrived."""

    path: str
    query: dict[str, str]
    encrypted: str
    plain: str
    receiver: str
    body: str = ""

    def __getitem__(self, tag: str) -> str:
        if self.plain.startswith("{"):
            return str(json.loads(self.plain).get(tag, ""))
        return ET.fromstring(self.plain).findtext(f".//{tag}") or ""

    @property
    def name(self) -> str:
        return ".".join(
            part for part in (self["Event"] or self["MsgType"], self["ChangeType"]) if part
        )


@dataclass
class Ear:
    """Stands where the bot would: answers with `status` and `reply`."""

    sandbox: Sandbox
    heard: list[Heard] = field(default_factory=list)
    orders: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    reply: str = ""
    hesitate: list[float] = field(default_factory=list)  # real seconds, one per next callback

    async def hear(self, request: web.Request) -> web.Response:
        world = self.sandbox.stage.world
        wecom = request.path.endswith("wecom")
        key = world.corp.apps[0].aes_key if wecom else world.official.aes_key
        body = await request.text()
        encrypted = sealed_part(body)
        plain, receiver = open_envelope(encrypted, key) if encrypted else (body, "")
        query = dict(request.query)
        self.heard.append(Heard(request.path, query, encrypted, plain, receiver, body))
        if self.hesitate:
            await asyncio.sleep(self.hesitate.pop(0))
        return web.Response(status=self.status, text=self.reply)

    async def order(self, request: web.Request) -> web.Response:
        """An order of the shop's system."""
        self.orders.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status if self.status != 200 else 202, text=self.reply)

    async def echo(self, request: web.Request) -> web.Response:
        """Answers the console's question when an address is saved."""
        word = request.query["echostr"]
        if request.path.endswith("wecom"):
            word, _ = open_envelope(word, self.sandbox.stage.world.corp.apps[0].aes_key)
        return web.Response(status=self.status, text=self.reply or word)

    @property
    def names(self) -> list[str]:
        return [heard.name for heard in self.heard]


class Bench:
    """One sandbox, one ear and one API client."""

    def __init__(self, world: WorldSpec | None = None, **options: Any) -> None:
        options.setdefault("clock", START)
        self.sandbox = Sandbox(Options(**options), world=world)
        self.ear = Ear(self.sandbox)

    async def __aenter__(self) -> Bench:
        app = web.Application()
        app.router.add_post("/callback/{platform}", self.ear.hear)
        app.router.add_get("/callback/{platform}", self.ear.echo)
        app.router.add_post("/api/v1/orders", self.ear.order)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        await self.sandbox.start()
        self.sandbox.point_at(f"http://127.0.0.1:{self._runner.addresses[0][1]}")
        self.http = aiohttp.ClientSession()
        self._tokens: dict[str, str] = {}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        await self.sandbox.stop()
        await self._runner.cleanup()

    @property
    def world(self):
        return self.sandbox.stage.world

    def customer(self, key: str):
        return self.world.customers[key]

    def external(self, key: str) -> str:
        return self.customer(key).external_userid

    async def raw(self, method: str, url: str, **options: Any) -> tuple[int, Any]:
        async with self.http.request(method, url, **options) as answer:
            if answer.content_length == 0:
                return answer.status, None
            return answer.status, await answer.json(content_type=None)

    async def token(self) -> str:
        corp = self.world.corp
        query = {"corpid": corp.corp_id, "corpsecret": corp.apps[0].secret}
        url = self.sandbox.base_url + "/cgi-bin/gettoken"
        return (await self.raw("GET", url, params=query))[1]["access_token"]

    async def official_token(self) -> str:
        account = self.world.official
        body = {
            "grant_type": "client_credential",
            "appid": account.app_id,
            "secret": account.secret,
        }
        url = self.sandbox.official_base_url + "/cgi-bin/stable_token"
        return (await self.raw("POST", url, json=body))[1]["access_token"]

    async def post(self, path: str, body: dict[str, Any], **query: str) -> dict[str, Any]:
        query.setdefault("access_token", await self.token())
        return (await self.raw("POST", self.sandbox.base_url + path, json=body, params=query))[1]

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        query.setdefault("access_token", await self.token())
        return (await self.raw("GET", self.sandbox.base_url + path, params=query))[1]

    async def official(self, path: str, body: dict[str, Any] | None = None, **query: str):
        query.setdefault("access_token", await self.official_token())
        url, method = self.sandbox.official_base_url + path, "GET" if body is None else "POST"
        return (await self.raw(method, url, json=body, params=query))[1]

    async def control(self, path: str, body: dict[str, Any] | None = None, **query: str):
        url = f"{self.sandbox.base_url}/__sandbox__/{path}"
        method = "GET" if body is None else "POST"
        return (await self.raw(method, url, json=body, params=query))[1]

    async def act(self, act: str, **args: Any) -> dict[str, Any]:
        return (await self.control("act", {"act": act, **args}))["results"][0]

    async def advance(self, seconds: float) -> dict[str, Any]:
        return await self.control("clock", {"advance": seconds})

    async def conversation(self, key: str) -> list[str]:
        state = await self.control("state", customer=key)
        return [line["text"] for line in state["conversation"]]

    def arrivals(self, **facts: Any) -> list[dict[str, Any]]:
        rows = self.sandbox.stage.log.rows("arrival")
        return [row for row in rows if facts.items() <= row.items()]


def world_with(**changes: Any) -> WorldSpec:
    """The built-in world with other settings."""
    spec = read_world(None)
    return spec.model_copy(update={"settings": spec.settings.model_copy(update=changes)})


def many_customers(count: int, guide: str = "WangFang") -> WorldSpec:
    spec = read_world(None).model_dump()
    spec["customers"] += [
        {"id": f"m{n:05}", "name": f"顾客{n}", "follows": [{"guide": guide}]} for n in range(count)
    ]
    return WorldSpec.model_validate(spec)
