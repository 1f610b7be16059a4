from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading

import pytest

from plugin import logs


def line(record: logging.LogRecord) -> dict[str, object]:
    found = json.loads(logs.JsonLines().format(record))
    assert isinstance(found, dict)
    return found


def record(name: str, text: str, *words: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.INFO, __file__, 1, text, words, None)
    made.__dict__.update(extra)
    return made


def test_only_listed_fields_get_out() -> None:
    found = line(record("plugin.pixel", "post kept", shop_id=7, email="ada@example.com", body="all of it"))

    assert found["event"] == "post kept"
    assert found["shop_id"] == 7
    assert "ada@example.com" not in json.dumps(found)
    assert "all of it" not in json.dumps(found)


@pytest.mark.parametrize(
    "secret",
    [
        "ada@example.com",
        "EAAtoken1234567",
        "shpat_0123456789abcdef",
        "shprt_0123456789abcdef",
        "a" * 64,
        "+44 20 7946 0958",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl",
    ],
)
def test_a_librarys_text_goes_through_the_net(secret: str) -> None:
    found = line(record("urllib3", "request for %s failed", secret))

    assert secret not in json.dumps(found)
    assert "[hidden]" in str(found["event"])


def test_our_own_events_are_constant_texts() -> None:
    found = line(record("plugin.jobs", "order %s judged", "ada@example.com"))

    assert found["event"] == "order %s judged"


def test_an_exception_shows_its_kind_and_places_but_no_text() -> None:
    try:
        int("ada@example.com")
    except ValueError:
        made = logging.LogRecord("app", logging.ERROR, __file__, 1, "unhandled error", (), sys.exc_info())

    found = line(made)

    assert found["error"] == "ValueError"
    assert "test_logs.py" in str(found["where"])
    assert "ada@example.com" not in json.dumps(found)


def test_libraries_speak_from_warning_up() -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        logs.set_up()

        assert logging.getLogger("procrastinate").getEffectiveLevel() == logging.WARNING
        assert logging.getLogger("plugin.jobs").getEffectiveLevel() == logging.INFO
    finally:
        logging.captureWarnings(capture=False)
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)


@pytest.mark.parametrize(
    "secret", ["ada@example.com", "EAAtoken1234567", "https://x.example/p?code=abc", "+44 20 7946 0958"]
)
@pytest.mark.parametrize("key", logs.WORDS)
def test_a_listed_word_goes_through_the_net_too(key: str, secret: str) -> None:
    found = line(record("plugin.jobs", "e-mail not sent", **{key: f"was {secret}"}))

    assert secret not in json.dumps(found)
    assert "[hidden]" in str(found[key])


def test_ids_stand_as_they_are_and_no_value_is_endless() -> None:
    attempt = "12345678-1234-1234-1234-123456789012"
    found = line(record("plugin.jobs", "orders sent", order_id=5_001_000_100_200, attempt=attempt, trace_id="A" * 900))

    assert (found["order_id"], found["attempt"]) == (5_001_000_100_200, attempt)
    assert len(str(found["trace_id"])) == logs.LONGEST


@pytest.mark.parametrize(
    "secret", ["postgresql://app:word@db.internal/x", f"k1:{'A' * 43}=", "GET /?id_token=abc&shop=x"]
)
def test_addresses_with_passwords_keys_and_queries_are_hidden(secret: str) -> None:
    said = str(line(record("psycopg.pool", secret))["event"])

    assert "[hidden]" in said
    assert not any(part in said for part in ("word", "A" * 43, "abc"))


def test_what_ends_a_process_or_a_thread_shows_no_text(capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import threading; from plugin import logs; logs.set_up();"
        "t = threading.Thread(target=lambda: int('ada@example.com')); t.start(); t.join(); int('bob@example.com')"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 1  # noqa: S603 - our own program

    told = [json.loads(text) for text in capfd.readouterr().err.splitlines()]
    assert [(one["event"], one["error"]) for one in told] == [("ended by an error", "ValueError")] * 2
    assert "example.com" not in json.dumps(told)


def test_the_web_servers_own_loggers_use_our_lines() -> None:
    server = logging.getLogger("_granian")
    before = logging.getLogger().handlers[:], logging.getLogger().level
    server.addHandler(logging.NullHandler())
    server.propagate = False
    try:
        logs.set_up()

        assert (server.handlers, server.propagate) == ([], True)
    finally:
        logging.captureWarnings(capture=False)
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
