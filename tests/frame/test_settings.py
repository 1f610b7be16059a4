from __future__ import annotations

import base64
from pathlib import Path

import pytest

from plugin.settings import Settings, SettingsError

KEY = f"k1:{base64.b64encode(bytes(32)).decode()}"
PUBLIC = {
    "SHOPIFY_API_KEY": "key",
    "SHOPIFY_API_SECRET": "new, old",
    "BACKSTOP_URL": "https://app.example.com/",
    "BACKSTOP_KEYS": KEY,
    "DATABASE_URL": "postgresql://db.example.com/backstop",
}


def fault_of(**changes: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(PUBLIC | changes)
    return str(caught.value)


def test_sound_settings_are_read_and_their_secrets_stay_out_of_sight() -> None:
    settings = Settings.from_env(PUBLIC)

    assert settings.shopify_secrets == ("new", "old")
    assert settings.url == "https://app.example.com"
    assert settings.graph_url == "https://graph.facebook.com/v26.0"
    assert settings.sweep_period.total_seconds() == 15
    assert settings.lease.total_seconds() == 90
    assert settings.doubt_delay.total_seconds() == 60
    assert settings.retry_scale == 1
    assert not settings.is_local
    assert "db.example.com" not in repr(settings)
    assert "old" not in repr(settings)


def test_one_message_names_every_bad_variable_and_no_value() -> None:
    text = fault_of(
        SHOPIFY_API_SECRET=" , ",
        BACKSTOP_URL="gopher://hidden-value",
        BACKSTOP_KEYS="k1:hidden-value",
        BACKSTOP_SWEEP_SECONDS="hidden-value",
        BACKSTOP_TRUSTED_PROXIES="hidden-value",
        BACKSTOP_RETRY_SCALE="2",
        DATABASE_URL="mysql://hidden-value",
        SHOPIFY_ADMIN_URL_TEMPLATE="https://hidden-value",
    )

    for name in (
        "SHOPIFY_API_SECRET",
        "BACKSTOP_URL",
        "BACKSTOP_KEYS",
        "BACKSTOP_SWEEP_SECONDS",
        "BACKSTOP_TRUSTED_PROXIES",
        "BACKSTOP_RETRY_SCALE",
        "DATABASE_URL",
        "SHOPIFY_ADMIN_URL_TEMPLATE",
    ):
        assert name in text
    assert "hidden-value" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SHOPIFY_API_KEY": ""}, "SHOPIFY_API_KEY is not set"),
        ({"BACKSTOP_KEYS": ""}, "BACKSTOP_KEYS"),
        ({"BACKSTOP_KEYS": f"{KEY},{KEY}"}, "each name once"),
        ({"DATABASE_URL": ""}, "DATABASE_URL must name a PostgreSQL server"),
        ({"BACKSTOP_URL": "http://app.example.com"}, "must begin with https"),
        ({"META_GRAPH_URL": "http://127.0.0.1:9/v26.0"}, "META_GRAPH_URL may name a stand-in only"),
        ({"POLARIS_JS_URL": "http://127.0.0.1:9/p.js"}, "POLARIS_JS_URL may name a stand-in only"),
        ({"SHOPIFY_ADMIN_URL_TEMPLATE": "http://127.0.0.1:9/{shop}"}, "SHOPIFY_ADMIN_URL_TEMPLATE may name a stand-in"),
        ({"BACKSTOP_CLOCK_URL": "http://127.0.0.1:9/clock"}, "BACKSTOP_CLOCK_URL may be set only"),
        ({"BACKSTOP_LEASE_SECONDS": "0"}, "BACKSTOP_LEASE_SECONDS must be a number of seconds"),
        ({"BACKSTOP_KEYS_FILE": "/nowhere/keys"}, "BACKSTOP_KEYS_FILE must be a readable file"),
    ],
)
def test_each_fault_is_told(changes: dict[str, str], words: str) -> None:
    assert words in fault_of(**changes)


def test_a_key_file_wins_over_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"k2:{base64.b64encode(bytes([7] * 32)).decode()}\n{KEY}\n")
    file.chmod(0o400)

    settings = Settings.from_env(PUBLIC | {"BACKSTOP_KEYS_FILE": str(file)})

    assert [name for name, _ in settings.keys] == ["k2", "k1"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o600 | 0o004])
def test_a_key_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "keys"
    file.write_text(KEY)
    file.chmod(mode)

    assert "BACKSTOP_KEYS_FILE must be a file that only its owner may open" in fault_of(BACKSTOP_KEYS_FILE=str(file))


@pytest.mark.parametrize("text", ["", "k1", "k1:c2hvcnQ=", f"{KEY},{KEY}", f"k-1:{KEY[3:]}", f"{KEY}x", "k1:\ufffd"])
def test_a_file_that_does_not_hold_sound_keys_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    file.chmod(0o400)

    said = fault_of(BACKSTOP_KEYS_FILE=str(file))

    assert "BACKSTOP_KEYS_FILE must" in said
    assert KEY[3:] not in said


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    assert "BACKSTOP_KEYS_FILE must be a file" in fault_of(BACKSTOP_KEYS_FILE=str(tmp_path))


def test_a_token_for_metrics_that_can_be_guessed_is_refused() -> None:
    assert "BACKSTOP_METRICS_TOKEN must be at least 24" in fault_of(BACKSTOP_METRICS_TOKEN="secret")


def test_stand_ins_and_the_embedded_database_are_for_this_machine() -> None:
    here = {
        "BACKSTOP_URL": "http://app.localhost:8000",
        "DATABASE_URL": "",
        "BACKSTOP_CLOCK_URL": "http://127.0.0.1:9/c",
    }

    settings = Settings.from_env(PUBLIC | here | {"META_GRAPH_URL": "http://127.0.0.1:9/v26.0"})

    assert settings.is_local
    assert settings.clock_url == "http://127.0.0.1:9/c"
