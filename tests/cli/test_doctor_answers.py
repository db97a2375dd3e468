"""What doctor makes of each answer a platform may give; a small server plays the platform."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager, closing

import pytest
from aiohttp import web

from bot.clock import Clock
from bot.doctor import here, platforms, wecom
from bot.settings import Settings

KNOWN = {
    "database_url": "sqlite+aiosqlite:///none.db",
    "secret_key": "c2l5dS10ZXN0cy1vbmx5LW5vdC1mb3ItYW55LXNob3AtMDEyMw==",
    "wecom_corp_id": "ww0123456789abcdef",
    "wecom_agent_id": 1000002,
    "wecom_secret": "corp-app-key-for-unit-runs-000",
    "wecom_token": "QDG6eKtoken",
    "wecom_aes_key": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    "official_app_id": "wx0123456789abcdef",
    "official_secret": "fans-app-key-for-unit-runs-000",
    "official_token": "fanstoken",
    "public_url": "https://crm.qinghe.cn",
}
FINE = {
    "gettoken": {"access_token": "t", "expires_in": 7200},
    "stable_token": {"access_token": "t", "expires_in": 7200},
    "agent/get": {"agentid": 1000002, "close": 0, "redirect_domain": "crm.qinghe.cn"},
    "externalcontact/get_follow_user_list": {"follow_user": ["WangFang"]},
    "externalcontact/list": {"external_userid": ["wm1"]},
    "user/get": {"userid": "LiNa", "name": "李娜"},
    "kf/account/list": {"account_list": [{"open_kfid": "wk1", "name": "客服"}]},
}


@asynccontextmanager
async def platform(**answers):
    """Both platforms, answering as they do when all is well, but for `answers`."""
    known = FINE | {path.replace("__", "/"): answer for path, answer in answers.items()}

    async def answer(request):
        said = known[request.path.removeprefix("/cgi-bin/")]
        return web.json_response({"errcode": said} if isinstance(said, int) else said)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def wecom_says(*, guides=(), base=None, changes=None, **answers):
    """What doctor has to say, but for what is fine."""
    async with platform(**answers) as address:
        settings = Settings(**KNOWN | {"wecom_api_base": base or address} | (changes or {}))
        found = await wecom.wecom(settings, Clock(), guides)
    return [one for one in found if one.state != "ok"]


async def test_nothing_is_wrong_where_all_is_well():
    assert await wecom_says(guides=["WangFang"]) == []


@pytest.mark.parametrize(
    ("answers", "state", "words"),
    [
        ({"gettoken": 40001}, "fail", ["Secret 不对", "40001", "SIYU_WECOM_SECRET"]),
        ({"gettoken": 40091}, "fail", ["Secret 不对，或不是这个企业", "40091"]),
        ({"gettoken": 40013}, "fail", ["企业 ID 不对", "SIYU_WECOM_CORP_ID"]),
        (
            {"gettoken": {"errcode": 60020, "errmsg": "from ip: 203.0.113.9"}},
            "fail",
            ["203.0.113.9", "企业可信IP"],
        ),
        ({"gettoken": -1}, "fail", ["平台忙"]),
        ({"agent__get": 301002}, "fail", ["AgentId 不是这个 Secret 的应用"]),
        ({"agent__get": {"close": 1}}, "fail", ["应用被停用了"]),
        (
            {"agent__get": {"redirect_domain": "old.qinghe.cn"}},
            "warn",
            ["可信域名是 old.qinghe.cn", "50001", "网页授权及 JS-SDK"],
        ),
        ({"agent__get": {}}, "warn", ["可信域名没有填"]),
        (
            {"externalcontact__get_follow_user_list": 48002},
            "fail",
            ["没有这项权限", "可调用接口的应用"],
        ),
        ({"externalcontact__get_follow_user_list": 48006}, "fail", ["太久没有用"]),
        (
            {"externalcontact__get_follow_user_list": {"follow_user": []}},
            "warn",
            ["使用范围是空的"],
        ),
        ({"externalcontact__list": 60011}, "fail", ["不在应用的可见范围", "可见范围"]),
        ({"externalcontact__list": 48002}, "fail", ["没有这项权限"]),
        ({"kf__account__list": 48007}, "warn", ["微信客服没有交给这个应用"]),
        ({"kf__account__list": 95011}, "warn", ["独立版微信客服"]),
        ({"kf__account__list": {"account_list": []}}, "warn", ["没有客服账号"]),
        ({"gettoken": 987654}, "fail", ["平台返回 987654"]),
    ],
)
async def test_each_trap_has_its_cause_and_its_mend(answers, state, words):
    (trouble,) = await wecom_says(guides=["WangFang"], **answers)
    assert trouble.state == state
    assert all(word in trouble.in_words() for word in words), trouble.in_words()
    assert trouble.fix


async def test_a_guide_without_a_customer_yet_is_no_trouble():
    assert await wecom_says(externalcontact__list=84061) == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [(60111, "通讯录里没有这个成员"), (60011, "可见范围"), (FINE["user/get"], "使用范围")],
)
async def test_a_guide_of_ours_who_cannot_serve_is_named(answer, why):
    (trouble,) = await wecom_says(guides=["LiNa"], user__get=answer)
    assert trouble.state == "warn"
    assert "LiNa" in trouble.what
    assert why in trouble.in_words()


async def test_an_address_that_is_no_name_of_anything_is_told_from_a_closed_door():
    (unknown, lost) = await wecom_says(base="http://no-such-host.invalid")
    assert "不是 https" in unknown.why
    assert "域名 no-such-host.invalid 解析不了" in lost.why
    (closed,) = await wecom_says(base="http://127.0.0.1:9")
    assert "没有程序在听" in closed.why


async def official_says(*, aes_key=KNOWN["wecom_aes_key"], **answers):
    async with platform(**answers) as address:
        facts = KNOWN | {"official_api_base": address, "official_aes_key": aes_key}
        found = await platforms.official(Settings(**facts), Clock())
    return [one for one in found if one.state != "ok"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (40013, "AppID 不对"),
        (40125, "AppSecret 不对"),
        (40001, "是别的公众号的"),
        (40164, "白名单"),
        (48001, "已认证的服务号"),
    ],
)
async def test_each_refusal_of_the_official_account_too(code, words):
    (trouble,) = await official_says(stable_token=code)
    assert words in trouble.in_words()


async def test_an_official_account_in_plain_mode_is_told():
    (trouble,) = await official_says(aes_key="")
    assert trouble.what == "公众号：明文模式"
    assert "SIYU_OFFICIAL_AES_KEY" in trouble.fix


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1])
held.execute("pragma user_version")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows who has a file open")
async def test_two_programs_on_one_sqlite_file_are_noticed(tmp_path):
    path = tmp_path / "siyu.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("create table t (x)")
    settings = Settings(**KNOWN | {"database_url": f"sqlite+aiosqlite:///{path}"})
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    try:
        assert all(holder.stdout.readline() for holder in holders)
        found = await here.database(settings)
    finally:
        for holder in holders:
            holder.communicate()
    (shared,) = [one for one in found if "同时用着" in one.what]
    assert all(str(holder.pid) in shared.why for holder in holders)
    assert any("siyu migrate" in one.fix for one in found)  # and its structure is not ours
