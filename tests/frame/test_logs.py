from __future__ import annotations

import json
import logging
import sys

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
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
