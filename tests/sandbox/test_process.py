"""The sandbox as a process of its own, and wechatpy as a client that knows nothing of it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest
from wechatpy.enterprise import WeChatClient

from tests.sandbox.kit import Bench

ROOT = Path(__file__).parents[2]


async def begin(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot.sandbox", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_says_one_line_and_writes_every_setting(tmp_path):
    env, clock = tmp_path / "bot.env", "2026-11-20T10:00:00+08:00"
    process = await begin("--env-file", str(env), "--clock", clock, "--seed", "5")
    line = (await process.stdout.readline()).decode()
    settings = dict(one.split("=", 1) for one in env.read_text().splitlines())
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert "sandbox ready" in line
    assert process.returncode == 0
    assert settings.keys() == SETTINGS
    assert settings["SIYU_WECOM_API_BASE"] in line
    assert "2026-11-20" in Path(settings["SIYU_CLOCK_FILE"]).read_text()


SETTINGS = {
    f"SIYU_WECOM_{name}"
    for name in ["CORP_ID", "AGENT_ID", "SECRET", "TOKEN", "AES_KEY", "API_BASE"]
}
SETTINGS |= {
    f"SIYU_OFFICIAL_{name}" for name in ["APP_ID", "SECRET", "TOKEN", "AES_KEY", "API_BASE"]
}
SETTINGS |= {"SIYU_CLOCK_FILE", "SIYU_SECRET_KEY", "SIYU_SHOP_WEBHOOK_SECRET"}


async def test_secrets_of_an_earlier_run_are_kept(tmp_path):
    path = tmp_path / "bot.env"
    texts = []
    for _ in range(2):
        async with Bench(env_file=path):
            own = [line for line in path.read_text().splitlines() if "API_BASE" not in line]
            texts.append(own)
    assert texts[0] == texts[1]


async def test_a_taken_explicit_port_ends_with_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await begin("--port", str(taken.getsockname()[1]))
        _, talk = await process.communicate()
    assert process.returncode == 1
    assert "无法监听" in talk.decode()


async def test_wechatpy_works_against_it(bench):
    corp = bench.world.corp

    class Client(WeChatClient):
        API_BASE_URL = bench.sandbox.base_url + "/cgi-bin/"

        def fetch_access_token(self):
            return self._fetch_access_token(
                url=self.API_BASE_URL + "gettoken",
                params={"corpid": corp.corp_id, "corpsecret": corp.apps[0].secret},
            )

    client = Client(corp.corp_id, corp.apps[0].secret)
    detail = await asyncio.to_thread(client.external_contact.get, bench.external("c0002"))
    sent = await asyncio.to_thread(client.message.send_text, 1000002, "WangFang", "早上好")
    assert detail["external_contact"]["name"] == "周予安"
    assert sent["errcode"] == 0
    assert bench.arrivals(channel="app", to="WangFang", text="早上好")


@pytest.mark.parametrize(
    "line", ["guides: [{userid: A}]", "gides: []", "settings: {mass_quota: year}"]
)
def test_a_mistaken_world_file_is_refused(tmp_path, line):
    from bot.sandbox.world.spec import read_world

    path = tmp_path / "world.yaml"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ValueError):
        read_world(path)


async def test_a_world_file_with_bare_names_gets_ids_in_the_platforms_shapes(tmp_path):
    from bot.sandbox.world.spec import read_world

    path = tmp_path / "world.yaml"
    path.write_text(
        "guides: [{userid: A, name: 甲}]\n"
        "customers: [{id: c1, name: 乙, fan: true, follows: [{guide: A, since: 2026-01-01}]}]\n"
        "groups: [{name: 群, owner: A, members: [c1]}]\n",
        encoding="utf-8",
    )
    async with Bench(read_world(path)) as bench:
        person, [group] = bench.customer("c1"), bench.world.groups
        assert (person.external_userid[:2], len(person.external_userid)) == ("wm", 32)
        assert (group[:2], len(group), len(person.fan.openid)) == ("wr", 32, 28)
        assert len(bench.world.corp.apps[0].aes_key) == 43
