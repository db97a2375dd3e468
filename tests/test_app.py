"""What the composition root decides: whose clock counts, which media may be read, what is asked again."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from aiohttp import web
from multidict import MultiDict

from bot.app import open_bot, read_media
from bot.calls import ListGuides
from bot.platforms.envelope import Untrusted, aes_key, seal, signature
from handlers import ROUTERS

AHEAD = 3600


@pytest.fixture
async def hasty(aiohttp_server):
    """A platform whose clock is an hour ahead of ours."""

    async def answer(_request: web.Request) -> web.Response:
        told = {"errcode": 0, "access_token": "t", "expires_in": 7200, "follow_user": []}
        return web.json_response(
            told, headers={"Date": formatdate(time.time() + AHEAD, usegmt=True)}
        )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return str((await aiohttp_server(app)).make_url(""))


def challenge(settings, moment: float) -> MultiDict[str]:
    stamp, key = str(int(moment)), aes_key(settings.wecom_aes_key)
    sealed = seal(b"hello", key=key, receiver=settings.wecom_corp_id)
    signed = signature(settings.wecom_token, stamp, "n", sealed)
    return MultiDict(msg_signature=signed, timestamp=stamp, nonce="n", echostr=sealed)


async def test_callbacks_are_fresh_by_the_platforms_clock(settings, hasty):
    settings = settings.model_copy(update={"wecom_api_base": hasty})
    async with open_bot(settings, ROUTERS) as bot:
        theirs = challenge(settings, time.time() + AHEAD)
        with pytest.raises(Untrusted):
            bot.desk.wecom.verify(theirs)
        await bot.work.platform.perform(ListGuides())
        assert bot.desk.wecom.verify(theirs) == "hello"


async def test_a_moved_clock_is_believed_alone(settings, hasty, tmp_path):
    clock = tmp_path / "clock.json"
    clock.write_text('{"now": "2026-11-20T10:00:00+08:00", "running": false}')
    settings = settings.model_copy(update={"wecom_api_base": hasty, "clock_file": clock})
    async with open_bot(settings, ROUTERS) as bot:
        await bot.work.platform.perform(ListGuides())
        assert bot.desk.wecom.verify(challenge(settings, bot.work.now().timestamp())) == "hello"


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "a/../../secret.txt", "link"])
def test_media_never_lie_outside_their_folder(tmp_path, name):
    folder = tmp_path / "media"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("no")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(FileNotFoundError):
        read_media(folder, name)


def test_media_are_read_by_name(tmp_path):
    (tmp_path / "a.png").write_bytes(b"picture")
    assert read_media(tmp_path, "a.png") == b"picture"
