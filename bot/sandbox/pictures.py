"""What a browser sees at the addresses the platforms hand out: codes, uploaded pictures, landing pages."""

from __future__ import annotations

from html import escape
from io import BytesIO

import segno

from bot.sandbox.api import Call, Raw, Routes
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import MediaRoom

HTML = "text/html; charset=utf-8"
wecom, official = Routes(), Routes()


def _code(text: str) -> Raw:
    out = BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=6)
    return Raw(out.getvalue(), "image/png")


@wecom.get("/qr/*", needs_token=False)
def way(stage: Stage, call: Call) -> Raw:
    """A contact way's or join way's code; what a phone reads from it is its own address."""
    known = {**stage.world.contact_ways, **stage.world.join_ways}
    here = call.path.rpartition("/")[2] in known
    return _code(stage.base_url + call.path) if here else Raw(status=404)


def _picture(stage: Stage, call: Call) -> Raw:
    content = stage.world.room(MediaRoom).images.get(call.path.rpartition("/")[2])
    if content is None:
        return Raw(status=404)
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return Raw(content, kind)


wecom.get("/mmbiz/*", needs_token=False)(_picture)
official.get("/mmbiz/*", needs_token=False)(_picture)


def _landing(act: str) -> str:
    words = "这里在手机上会打开微信。在沙盒里，让一位顾客来做这件事："
    return f"<!doctype html><meta charset=utf-8><p>{words}<pre>{escape(act)}</pre>"


@wecom.get("/ca/*", needs_token=False)
def link_page(stage: Stage, call: Call) -> Raw:
    """An acquisition link, opened outside WeChat."""
    act = f"siyu trigger open_link --customer c0001 --set link={stage.base_url}{call.path}"
    return Raw(_landing(act).encode(), HTML)


@wecom.get("/kf/*", needs_token=False)
def kf_page(_stage: Stage, call: Call) -> Raw:
    """The link to a 微信客服 account, opened outside WeChat."""
    kf = call.path.rpartition("/")[2]
    scene = f" --set scene={call.maybe('enc_scene')}" if call.maybe("enc_scene") else ""
    act = f"siyu trigger enter_kf --customer c0001 --set kf={kf}{scene}"
    return Raw(_landing(act).encode(), HTML)


@official.get("/cgi-bin/showqrcode", needs_token=False)
def show_code(stage: Stage, call: Call) -> Raw:
    """The picture of a ticket from qrcode/create."""
    return _code(f"{stage.official_base_url}/q/{call.text('ticket')[:16]}")
