"""A served shop beside its sandbox: the page to play is there, and nobody is let in without a word of WeCom."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from contextlib import ExitStack
from html import unescape
from http.cookiejar import CookieJar, DefaultCookiePolicy

import pytest

from tests.processes import friend
from tests.test_serve import Shop


class Browser:
    """Follows redirects and keeps cookies, of bare addresses too."""

    def __init__(self) -> None:
        jar = CookieJar(DefaultCookiePolicy(strict_ns_domain=0))
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.url, self.html = "", ""

    def opens(self, url: str) -> Browser:
        with self.opener.open(url, timeout=20) as answer:
            self.url, self.html = answer.url, answer.read().decode()
        return self

    def taps(self, words: str) -> Browser:
        """The link with these words on it."""
        href = re.search(rf'<a[^>]*href="([^"]*)"[^>]*>[^<]*{words}', self.html)
        assert href, self.html
        return self.opens(urllib.parse.urljoin(self.url, unescape(href[1])))


@pytest.fixture
def shop(tmp_path):
    with ExitStack() as stack:
        made = Shop(tmp_path, "sqlite", stack)
        made.start("all")
        yield made


def test_a_guide_walks_through_wecom_to_her_page(shop):
    shop.sandbox.acts(friend("first"))
    shop.welcomes("first")
    browser = Browser().opens(f"{shop.url}/sandbox")
    assert browser.url.endswith("/sandbox")
    browser.opens(f"{shop.url}/admin")
    assert "/login" in browser.url
    browser.opens(f"{shop.url}/guide").taps("用企业微信登录").taps("导购 王芳")
    assert browser.url == f"{shop.url}/guide"
