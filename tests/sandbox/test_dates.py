from __future__ import annotations

from email.utils import parsedate_to_datetime

from tests.sandbox.kit import START


async def test_answers_are_dated_by_the_sandboxs_clock(bench):
    for base in (bench.sandbox.base_url, bench.sandbox.official_base_url):
        async with bench.http.get(base + "/cgi-bin/gettoken") as answer:
            assert parsedate_to_datetime(answer.headers["Date"]) == START
