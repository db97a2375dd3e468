from __future__ import annotations

from tests.sandbox.kit import EC


async def test_a_token_stays_the_same_while_it_is_valid(bench):
    first = await bench.token()
    await bench.advance(7000)
    assert await bench.token() == first
    await bench.advance(300)
    assert await bench.token() != first


async def test_an_expired_token_is_42001_and_a_foreign_one_40014_with_empty_fields(bench):
    old = await bench.token()
    await bench.advance(7201)
    assert (await bench.get(f"{EC}/get_follow_user_list", access_token=old))["errcode"] == 42001
    wrong = await bench.get(f"{EC}/get_follow_user_list", access_token="nonsense")
    assert (wrong["errcode"], wrong["follow_user"]) == (40014, [])


async def test_a_token_counts_only_in_the_query(bench):
    headers = {"Authorization": f"Bearer {await bench.token()}"}
    url = f"{bench.sandbox.base_url}{EC}/get_follow_user_list"
    assert (await bench.raw("GET", url, headers=headers))[1]["errcode"] == 41001


async def test_a_revoked_token_is_40014_and_the_next_one_works(bench):
    token = await bench.token()
    await bench.act("revoke_token", app="wecom")
    assert (await bench.get(f"{EC}/get_follow_user_list", access_token=token))["errcode"] == 40014
    assert (await bench.get(f"{EC}/get_follow_user_list"))["errcode"] == 0


async def test_wrong_secrets_and_unknown_paths(bench):
    base, corp_id = bench.sandbox.base_url, bench.world.corp.corp_id
    ask = base + "/cgi-bin/gettoken"
    wrong = await bench.raw("GET", ask, params={"corpid": corp_id, "corpsecret": "x"})
    nobody = await bench.raw("GET", ask, params={"corpid": "ww", "corpsecret": "x"})
    missing = await bench.raw("GET", ask, params={"corpid": corp_id})
    codes = [answer[1]["errcode"] for answer in (wrong, nobody, missing)]
    assert codes == [40001, 40013, 41004]
    assert await bench.raw("POST", base + "/cgi-bin/nowhere", json={}) == (404, None)


async def test_the_stable_token_and_the_old_one_live_apart(bench):
    stable = await bench.official_token()
    account = bench.world.official
    query = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
    first = await bench.raw(
        "GET", f"{bench.sandbox.official_base_url}/cgi-bin/token", params=query
    )
    await bench.raw("GET", f"{bench.sandbox.official_base_url}/cgi-bin/token", params=query)
    assert await bench.official_token() == stable
    assert "errcode" not in first[1]
    await bench.advance(301)
    late = await bench.official("/cgi-bin/tags/get", access_token=first[1]["access_token"])
    assert late["errcode"] == 42001
    assert "errcode" not in await bench.official("/cgi-bin/tags/get")


async def test_tokens_of_one_platform_are_worth_nothing_on_the_other(bench):
    wecom = await bench.token()
    assert (await bench.official("/cgi-bin/tags/get", access_token=wecom))["errcode"] == 40001


async def test_the_minute_limit_blocks_for_a_minute():
    from tests.sandbox.kit import Bench, world_with

    async with Bench(world_with(calls_per_minute=3)) as bench:
        codes = [(await bench.get(f"{EC}/get_follow_user_list"))["errcode"] for _ in range(4)]
        assert codes == [0, 0, 0, 45009]
        await bench.advance(61)
        assert (await bench.get(f"{EC}/get_follow_user_list"))["errcode"] == 0
