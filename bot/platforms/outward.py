"""Posting to an address that somebody typed: public ones alone, looked up once, no redirects, little time."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

SECONDS = 5.0
"""Other periodic work waits so long."""
MOST_URL = 500


class Poster(Protocol):
    async def post(self, url: str, headers: dict[str, str], body: bytes, *, private: bool) -> int:
        """The status; 0 when nobody answered or the address is not to be written to."""
        ...


def is_public(address: str) -> bool:
    """Neither this machine nor its neighbours, however the address is written."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def flaw(url: str, *, private: bool = False) -> str:
    """What is wrong with an address to post to; empty when nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "不是一个网址"
    if len(url) > MOST_URL or not url.isprintable() or not parts.hostname:
        return "不是一个网址"
    if parts.username is not None or parts.fragment:
        return "不能带用户名或 # 后面的部分"
    if private:
        return "" if parts.scheme in {"http", "https"} else "只能是 http 或 https"
    if parts.scheme != "https" or port not in {None, 443, 8443}:
        return "只能是 https，端口 443 或 8443"
    return "" if _may_be_public(parts.hostname) else "不能是本机或内网的地址"


def _may_be_public(host: str) -> bool:
    """Names are looked at again when they are looked up."""
    try:
        return is_public(host)
    except ValueError:
        name = host.rstrip(".").lower()
        return "." in name and not name.endswith((".localhost", ".local", ".internal"))


class PublicOnly(ThreadedResolver):
    """What a name leads to now is what is connected to, and all of it must be public."""

    async def resolve(self, *args: Any, **options: Any) -> list[ResolveResult]:
        found = await super().resolve(*args, **options)
        if not all(is_public(each["host"]) for each in found):
            raise OSError("not a public address")
        return found


class Outward:
    async def post(self, url: str, headers: dict[str, str], body: bytes, *, private: bool) -> int:
        if flaw(url, private=private):
            return 0
        resolver = ThreadedResolver() if private else PublicOnly()
        connector = aiohttp.TCPConnector(resolver=resolver, family=socket.AF_UNSPEC, limit=1)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=aiohttp.ClientTimeout(total=SECONDS),
                ) as session,
                session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            return 0
