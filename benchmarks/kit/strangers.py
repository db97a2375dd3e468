"""A platform that gives tokens and knows none of the customers it is asked about: `python strangers.py PORT`."""

from __future__ import annotations

import sys

from aiohttp import web

TOKEN = {"errcode": 0, "errmsg": "ok", "access_token": "bench", "expires_in": 7200}
NOBODY = {"errcode": 84061, "errmsg": "not external contact"}


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response(TOKEN if request.path.endswith("token") else NOBODY)


def main() -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
