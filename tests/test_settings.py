"""Settings: every mistake is named at once with its mend, and no secret is ever shown."""

from __future__ import annotations

import base64
import os

import pytest

from bot.settings import Settings, SettingsError, load_settings
from tests.conftest import SECRET

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
WEBHOOK = "whsec_c2l5dS13ZWJob29rLWZvci11bml0LXJ1bnM="


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A folder of its own and none of this machine's settings."""
    for name in [name for name in os.environ if name.startswith("SIYU_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def mistakes(**given) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(**({"secret_key": SECRET} | given))
    return str(refused.value)


def test_a_secret_key_is_all_it_takes():
    found = load_settings(secret_key=SECRET)
    assert (len(found.key) >= 32, found.production, found.zone.key) == (
        True,
        False,
        "Asia/Shanghai",
    )


def test_nats_is_for_several_machines_and_its_password_is_never_shown():
    assert "SIYU_BROKER_URL" in mistakes(broker_url="redis://localhost")
    assert "PostgreSQL" in mistakes(broker_url="nats://localhost:4222")
    one_base = {"secret_key": SECRET, "database_url": "postgresql://localhost/siyu"}
    found = load_settings(**one_base, broker_url="nats://siyu:Xk29fQ@localhost:4222")
    assert "Xk29fQ" not in repr(found)


def test_every_mistake_is_named_at_once(tmp_path):
    told = mistakes(
        secret_key="",
        timezone="Asia/Peking",
        public_url="http://shop.example.com",
        shop_webhook_secret="whsec_???",
        wecom_corp_id="ww1",
        wecom_agent_id="many",
        wecom_token="QDG6eKtoken",
        wecom_aes_key="short",
        official_app_id="wx1",
        official_token="changeme",
    )
    named = {line.strip().partition("：")[0] for line in told.splitlines()[1:]}
    assert named == {
        "SIYU_SECRET_KEY",
        "SIYU_TIMEZONE",
        "SIYU_PUBLIC_URL",
        "SIYU_SHOP_WEBHOOK_SECRET",
        "SIYU_WECOM_AGENT_ID",
        "SIYU_WECOM_SECRET",
        "SIYU_WECOM_AES_KEY",
        "SIYU_OFFICIAL_SECRET",
        "SIYU_OFFICIAL_TOKEN",
    }


def coded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "changeme",
        "not base64!",
        "密钥" * 20,
        coded(b"only-thirty-one-bytes-of-random"),
        coded(bytes(32)),
        coded(b"abab" * 16),
    ],
)
def test_a_missing_short_or_sample_secret_key_is_refused(value):
    assert "SIYU_SECRET_KEY：" in mistakes(secret_key=value)


@pytest.mark.parametrize("name", ["wecom_secret", "wecom_token", "official_token"])
@pytest.mark.parametrize(
    "value", ["changeme", "your-token", "TEST-token-1", "xxxxxxxx", "aaaabbbb"]
)
def test_sample_secrets_are_refused(name, value):
    assert f"SIYU_{name.upper()}：看起来是示例值" in mistakes(**{name: value})


@pytest.mark.parametrize(
    "value",
    ["whsec_", "whsec_not base64", "whsec_c2hvcnQ=", "whsec_密钥密钥密钥", "whsec_changeme"],
)
def test_a_webhook_secret_that_cannot_sign_stops_the_start(value):
    assert "SIYU_SHOP_WEBHOOK_SECRET：" in mistakes(shop_webhook_secret=value)


@pytest.mark.parametrize("value", [KEY[:-1], KEY + "=", KEY[:-1] + "-", KEY[:-1] + "，"])
@pytest.mark.parametrize("name", ["wecom_aes_key", "official_aes_key", "wecom_aes_key_old"])
def test_an_aes_key_has_43_plain_characters(name, value):
    assert f"SIYU_{name.upper()}：EncodingAESKey" in mistakes(**{name: value})


def test_a_half_connected_platform_names_what_is_missing():
    told = mistakes(wecom_corp_id="ww1", official_app_id="wx1")
    for name in ("WECOM_SECRET", "WECOM_TOKEN", "WECOM_AES_KEY", "OFFICIAL_SECRET"):
        assert f"SIYU_{name}：没有填" in told
    assert "OFFICIAL_AES_KEY" not in told  # plain mode needs none


def test_a_movable_clock_is_not_for_production(tmp_path):
    clock = tmp_path / "clock.json"
    assert load_settings(secret_key=SECRET, clock_file=clock).clock_file == clock
    told = mistakes(clock_file=clock, public_url="https://shop.example.com")
    assert "SIYU_CLOCK_FILE：" in told


@pytest.mark.parametrize(
    ("url", "production"),
    [("", False), ("http://127.0.0.1:8765", False), ("https://siyu.example.com", True)],
)
def test_production_is_where_the_address_is_https(url, production):
    assert load_settings(secret_key=SECRET, public_url=url).production is production


def test_a_misspelt_setting_of_the_file_is_named(tmp_path):
    (tmp_path / "siyu.toml").write_text(f'secret_key = "{SECRET}"\nwecom_corpid = "ww1"\n')
    (tmp_path / "siyu.toml").chmod(0o600)
    with pytest.raises(SettingsError, match="SIYU_WECOM_CORPID：没有这个设置项"):
        load_settings()


def test_the_environment_outweighs_the_file(tmp_path, monkeypatch):
    (tmp_path / "siyu.toml").write_text(f'secret_key = "{SECRET}"\ntimezone = "Asia/Tokyo"\n')
    (tmp_path / "siyu.toml").chmod(0o600)
    assert load_settings().timezone == "Asia/Tokyo"
    monkeypatch.setenv("SIYU_TIMEZONE", "Asia/Urumqi")
    assert load_settings().timezone == "Asia/Urumqi"


def test_a_broken_file_is_said_to_be_broken(tmp_path):
    (tmp_path / "siyu.toml").write_text("secret_key = ")
    (tmp_path / "siyu.toml").chmod(0o600)
    with pytest.raises(SettingsError, match=r"siyu\.toml 读不懂"):
        load_settings()


@pytest.mark.skipif(os.name != "posix", reason="these bits are POSIX's")
def test_a_file_of_secrets_that_everybody_can_read_is_refused(tmp_path):
    (tmp_path / "siyu.toml").write_text(f'secret_key = "{SECRET}"\n')
    (tmp_path / "siyu.toml").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_settings()


SECRETS = {
    "secret_key": SECRET,
    "database_url": "postgresql://siyu:Pa55-of-the-house@db/siyu",
    "wecom_secret": "corp-app-key-of-the-house",
    "wecom_token": "QDG6eKtoken",
    "wecom_aes_key": KEY,
    "official_secret": "fans-app-key-of-the-house",
    "official_token": "f4nstoken",
    "shop_webhook_secret": WEBHOOK,
}


def test_settings_show_no_secret():
    found = Settings(**SECRETS)
    shown = f"{found!r} {found}"
    assert [name for name, secret in SECRETS.items() if secret in shown] == []


def test_mistakes_show_no_secret():
    spoilt = {name: f"{secret} 密" for name, secret in SECRETS.items()}
    told = mistakes(**spoilt, timezone="Nowhere/Land")
    assert [name for name, secret in SECRETS.items() if secret in told] == []


def test_settings_never_change():
    found = load_settings(secret_key=SECRET)
    with pytest.raises(ValueError, match="frozen"):
        found.timezone = "Asia/Tokyo"  # type: ignore[misc]
