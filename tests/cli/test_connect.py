"""`siyu init` writes settings that work and that only their owner can read."""

from __future__ import annotations

import tomllib

import pytest

from bot.settings import load_settings

WECOM = [
    *("--wecom-corp-id", "ww0123456789abcdef", "--wecom-agent-id", "1000002"),
    *("--wecom-secret", "a-real-one-from-the-console", "--public-url", "https://crm.qinghe.cn"),
]


def test_flags_are_enough_and_secrets_are_made_but_never_shown(run, tmp_path):
    done = run("init", *WECOM)
    assert done.code == 0, done.err
    file = tmp_path / "siyu.toml"
    written = tomllib.loads(file.read_text(encoding="utf-8"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(written["wecom_aes_key"]) == 43
    assert not any(str(written[name]) in done.out + done.err for name in written if "key" in name)
    assert "https://crm.qinghe.cn/callback/wecom" in done.err
    assert load_settings().wecom_agent_id == 1000002


def test_a_second_run_goes_on_from_the_first(run, tmp_path):
    run("init", *WECOM)
    first = tomllib.loads((tmp_path / "siyu.toml").read_text())
    run("init", "--official-app-id", "wx0123456789abcdef", "--official-secret", "fans-app-key-0")
    second = tomllib.loads((tmp_path / "siyu.toml").read_text())
    assert first.items() <= second.items()
    assert second["official_token"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "至少接一个"),
        (WECOM[:4], 2, "--wecom-secret"),
        ([*WECOM[:5], "changeme-changeme"], 1, "SIYU_WECOM_SECRET：看起来是示例值"),
        ([*WECOM[:6], "--public-url", "http://crm.qinghe.cn"], 1, "SIYU_PUBLIC_URL：要用 https"),
    ],
)
def test_without_a_terminal_it_never_asks_and_writes_nothing_half(
    run, tmp_path, words, code, said
):
    done = run("init", *words)
    assert done.code == code
    assert said in done.err
    assert not list(tmp_path.iterdir())


def test_from_the_environment(connected, sandbox):
    assert connected("init", "--from-env").code == 0
    assert load_settings().wecom_secret == sandbox.settings["SIYU_WECOM_SECRET"]


def test_a_file_that_everybody_can_read_is_refused(run, tmp_path):
    run("init", *WECOM)
    (tmp_path / "siyu.toml").chmod(0o644)
    done = run("migrate")
    assert done.code == 1
    assert "chmod 600" in done.err
