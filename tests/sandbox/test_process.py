"""The sandbox as a process of its own, and wechatpy as a client that knows nothing of it."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from wechatpy.enterprise import WeChatClient

from bot.sandbox.acts.catalog import ACTS
from bot.sandbox.command import sandbox as sandbox_command
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.stage import Options
from bot.sandbox.world.reading import read_world
from bot.sandbox.world.spec import Settings, WorldSpec
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
    talk = (await process.communicate())[0].decode()
    assert "sandbox ready" in line
    assert all(settings[name] in talk for name in SHOWN)
    assert process.returncode == 0
    assert settings.keys() == SETTINGS
    assert settings["SIYU_WECOM_API_BASE"] in line
    assert "2026-11-20" in Path(settings["SIYU_CLOCK_FILE"]).read_text()


SHOWN = ["SIYU_WECOM_CORP_ID", "SIYU_WECOM_SECRET", "SIYU_OFFICIAL_AES_KEY"]
SETTINGS = {
    f"SIYU_WECOM_{name}"
    for name in ["CORP_ID", "AGENT_ID", "SECRET", "TOKEN", "AES_KEY", "API_BASE"]
}
SETTINGS |= {
    f"SIYU_OFFICIAL_{name}" for name in ["APP_ID", "SECRET", "TOKEN", "AES_KEY", "API_BASE"]
}
SETTINGS |= {"SIYU_CLOCK_FILE", "SIYU_SANDBOX_URL"}
SETTINGS |= {"SIYU_SECRET_KEY", "SIYU_SHOP_WEBHOOK_SECRET"}


async def test_secrets_of_an_earlier_run_are_kept(tmp_path):
    path = tmp_path / "bot.env"
    texts = []
    for _ in range(2):
        async with Bench(env_file=path):
            lines = path.read_text().splitlines()
            texts.append([line for line in lines if "http://" not in line])
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
    ("text", "words"),
    [
        ("guides:\n  - {userid: A}", "第 2 行 guides[0].name：缺少"),
        ("start: ''\ngides: []", "第 2 行 gides：没有这个名字，是不是想写 `guides`"),
        ("settings:\n  mass_quota: year", "第 2 行 settings.mass_quota：只能是 month、week、day"),
        ("groups:\n- name: 群\n  owner: B", "第 3 行 groups[0].owner：没有叫 B 的导购"),
        ("guides: [{", "第 1 行：不是 YAML"),
    ],
)
def test_a_mistake_in_a_world_file_is_told_with_its_line_and_its_mend(tmp_path, text, words):
    path = tmp_path / "world.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(f"{path} {words}")):
        read_world(path)


@pytest.mark.parametrize(
    ("given", "words"),
    [({"official_mode": "plian"}, "official_mode：只能是 plain"), ({"x": "1"}, "x：没有这个名字")],
)
def test_a_mistaken_setting_is_told(given, words):
    with pytest.raises(ValueError, match=words):
        Sandbox(Options(settings=given))


async def test_a_world_file_with_bare_names_gets_ids_in_the_platforms_shapes(tmp_path):
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


def test_the_description_names_every_act_setting_and_option():
    text = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    options = [option.opts[0] for option in sandbox_command.params]
    known = [*ACTS, *Settings.model_fields, *options, *WorldSpec.model_fields]
    assert [name for name in known if name not in text] == []
