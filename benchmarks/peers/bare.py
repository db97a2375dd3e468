"""The limit: aiohttp that reads the body and answers as much as a sealed reply holds."""

import sys

from aiohttp import web

ANSWER = "x" * 700


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(text=ANSWER)


app = web.Application()
app.router.add_route("*", "/{path:.*}", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
