"""wechatpy's own example: decrypt, parse, reply, encrypt; gunicorn with threads serves it."""

import os

from flask import Flask, request
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import TextReply

TOKEN, KEY, APP = (os.environ[name] for name in ("PEER_TOKEN", "PEER_KEY", "PEER_APP"))
app = Flask(__name__)


@app.get("/")
def up():
    return "ok"


@app.post("/callback")
def receive():
    crypto = WeChatCrypto(TOKEN, KEY, APP)
    query = request.args
    plain = crypto.decrypt_message(
        request.data, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    message = parse_message(plain)
    reply = TextReply(content="收到：" + message.content, message=message).render()
    return crypto.encrypt_message(reply, query["nonce"], query["timestamp"])
