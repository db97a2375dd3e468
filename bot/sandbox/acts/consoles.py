"""The administrator saves a callback address in the console: the platform asks it to echo a word first."""

from __future__ import annotations

import aiohttp

from bot.sandbox.acts.kinds import ActRefused, Args
from bot.sandbox.address import Address
from bot.sandbox.envelope import sign
from bot.sandbox.stage import Stage


async def check_callback(stage: Stage, args: Args) -> Args:
    """`platform`: wecom (the word is encrypted) or official (it is not)."""
    platform = str(args.get("platform", "wecom"))
    address = stage.courier.addresses.get(platform)
    if address is None or not address.url:
        raise ActRefused(f"no callback address for {platform}")
    word = str(stage.world.names.number(16, "echo", platform))
    query = _question(stage, platform, address, word)
    patience = aiohttp.ClientTimeout(total=stage.options.callback_timeout)
    async with (
        aiohttp.ClientSession(timeout=patience) as http,
        http.get(address.url, params=query, allow_redirects=False) as answer,
    ):
        said = await answer.text()
    if answer.status == 200 and said == word:
        return {"status": 200, "echoed": True}
    return {"ok": False, "status": answer.status, "error": _why(answer.status, said, word)}


def _question(stage: Stage, platform: str, address: Address, word: str) -> dict[str, str]:
    stamp, nonce = stage.clock.timestamp(), str(stage.world.names.number(10, "echo nonce"))
    if platform == "wecom":
        sealed = address.seal.encrypt(word)
        return {**address.seal.query(sealed, timestamp=stamp, nonce=nonce), "echostr": sealed}
    signature = sign(address.seal.token, str(stamp), nonce)
    return {"signature": signature, "timestamp": str(stamp), "nonce": nonce, "echostr": word}


def _why(status: int, said: str, word: str) -> str:
    if status != 200:
        return f"the address answered HTTP {status}, not 200"
    if word in said:
        return "the word came back with something around it (quotes, spaces or a newline)"
    return "another word came back: wrong Token, EncodingAESKey or receiver id"


ACTS = {"check_callback": check_callback}
