"""A customer or a guide opens a link: a small browser that knows who holds the phone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import aiohttp

from bot.sandbox.acts.kinds import ActRefused, Args, customer_of, guide_of
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.oauth import issue_oauth_code
from bot.sandbox.world.build import fan_of

CONSENT = "/mp/subscribemsg"
AUTHORIZE = "/connect/oauth2/authorize"
LOCAL = ("127.0.0.1", "localhost")


async def view_link(stage: Stage, args: Args) -> Args:
    """Follows redirects on this machine; the platform's authorisation page answers for her."""
    person = customer_of(stage, args).id if "customer" in args else guide_of(stage, args).userid
    url = str(args["url"])
    # A page may ask who she is and must know her again; plain jars keep no cookies of bare addresses.
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=5), cookie_jar=aiohttp.CookieJar(unsafe=True)
    ) as browser:
        for _hop in range(10):
            url = _authorised(stage, url, person)
            if urlsplit(url).hostname not in LOCAL:
                return {"status": 0, "url": url}
            async with browser.get(url, allow_redirects=False) as page:
                if page.status not in (301, 302, 303, 307, 308):
                    return {"status": page.status, "url": url}
                url = urljoin(url, page.headers.get("Location", ""))
    raise ActRefused("too many redirects")


def _authorised(stage: Stage, url: str, person: str) -> str:
    parts = urlsplit(url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path == CONSENT and person in stage.world.customers:
        return _consented(stage, asked, person)
    if parts.path != AUTHORIZE:
        return url
    code = issue_oauth_code(stage, person, scope=asked.get("scope", "snsapi_base"))
    target = asked["redirect_uri"]
    query = urlencode({"code": code, "state": asked.get("state", "")})
    return f"{target}{'&' if '?' in target else '?'}{query}"


def _consented(stage: Stage, asked: Args, person: str) -> str:
    """She says yes to one message, and the page goes back to where it came from."""
    fan = fan_of(stage.world, stage.world.customers[person])
    fan.consents[f"{asked['template_id']} {int(asked['scene'])}"] += 1
    kept: Args = {
        name: asked[name] for name in ("template_id", "scene", "reserved") if name in asked
    }
    query: Args = {"openid": fan.openid, "action": "confirm", **kept}
    target = asked["redirect_url"]
    return f"{target}{'&' if '?' in target else '?'}{urlencode(query)}"


ACTS = {"view_link": view_link}
