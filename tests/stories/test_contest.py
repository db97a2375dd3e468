"""Pictures that customers let us show, and whoever gets most votes."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from bot.domain.pictures import read_picture
from bot.domain.refusals import Refusal
from bot.events import Actor, EnterContest, ReadContestEntry, VoteInContest, WithdrawFromContest
from bot.outbound.games import end_due
from bot.store import contests
from tests.stories.life import Her, hires, somebody, until, writes

ONE_DATABASE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

OPERATOR = Actor(kind="operator", id="ops")


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def a_png(shade: int, *, taken: str = "") -> bytes:
    """One grey pixel, and what a camera may write beside it."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    beside = _chunk(b"tEXt", f"GPS\0{taken}".encode()) if taken else b""
    pixel = _chunk(b"IDAT", zlib.compress(bytes([0, shade])))
    whole = _chunk(b"IHDR", head) + beside + pixel + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + whole


async def enters(her: Her, picture: bytes, *, agreed: bool = True) -> str | int:
    """The number of her entry, or why not."""
    facts = {"game": "outfit", "text": "樱花树下", "picture": base64.b64encode(picture).decode()}
    try:
        told = await her.bot.does(EnterContest(**her.asks, **facts, agreed=agreed))
    except Refusal as refusal:
        return refusal.reason
    return int(told["entry_id"])


async def votes(her: Her, entry: object) -> str:
    return await her._does(VoteInContest(**her.asks, game="outfit", entry_id=int(str(entry))))


async def is_fine(bot, entry: object) -> None:
    command = {"actor": OPERATOR, "key": bot.key(), "at": bot.now}
    await bot.does(ReadContestEntry(**command, entry_id=int(str(entry)), fine=True))


async def shown(bot) -> list[int]:
    async with bot.session() as session:
        found = await contests.entries(session, bot.vault, bot.content.games.named("outfit"))
    return [entry.id for entry, _ in found]


async def test_tactic_062_pictures_with_their_rights_votes_and_a_prize(town):
    await hires(town, "boss", duty="manager")
    a, b, c = [await somebody(town, name) for name in ("a", "b", "c")]
    assert "/l/" in (await writes(town, a, "穿搭大赛"))[0].text
    assert await enters(a, a_png(1), agreed=False) == "no_rights"
    first = await enters(a, a_png(1, taken="31.23N"))
    assert await enters(b, a_png(1, taken="elsewhere")) == "same_picture"
    second = await enters(b, a_png(2))
    assert await shown(town) == []  # nobody has looked at them yet
    for entry in (first, second):
        await is_fine(town, entry)
    assert await shown(town) == [first, second]
    assert [await votes(a, first), await votes(a, second)] == ["own_entry", ""]
    assert [await votes(c, second), await votes(c, first)] == ["", "voted"]
    await town.works(end_due)
    assert await b.coupons("outfit-prize") == []
    await until(town, 2026, 4, 27, hour=10)
    await town.works(end_due, end_due)
    prizes = [len(await one.coupons("outfit-prize")) for one in (a, b, c)]
    assert prizes == [0, 1, 0]  # nobody wins without a vote
    assert await enters(c, a_png(3)) == "contest_over"


@ONE_DATABASE
async def test_tactic_062_who_takes_her_consent_back_is_seen_no_more(town):
    her, other = await somebody(town), await somebody(town, "b")
    entry = await enters(her, a_png(7))
    await is_fine(town, entry)
    await town.does(WithdrawFromContest(**her.asks, game="outfit"))
    assert await shown(town) == []
    assert await votes(other, entry) == "unknown_entry"
    async with town.session() as session:
        game = town.content.games.named("outfit")
        assert await contests.picture_of(session, town.vault, game, int(str(entry))) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff\xe1\x00",
        a_png(1)[:-6],
    ],
)
def test_only_whole_pictures_are_taken(data):
    with pytest.raises(Refusal, match="bad_picture"):
        read_picture(data)


def test_a_jpeg_loses_what_the_camera_wrote_beside_it():
    place = b"\xff\xe1\x00\x08Exif31"
    rest = b"\xff\xdb\x00\x04ab\xff\xda\x00\x02scan\xff\xd9"
    assert read_picture(b"\xff\xd8" + place + rest).bare == b"\xff\xd8" + rest
