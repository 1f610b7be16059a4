"""Pages under odd readers and odd forms: languages that a browser refuses, texts that no page of ours would send."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugin.pages import notice
from plugin.pages.changes import value_of
from plugin.pages.words import WARNING_VERSION
from plugin.services import Services
from plugin.storage import connections
from plugin.storage.shops import Shop
from plugin.tongues import _tongue
from tests.edges.ledger_view import policy_changes
from tests.edges.settings_form import save, shown
from tests.edges.visits import Merchant, Page, shop_of


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def asked(client: FlaskClient, tag: str) -> None:
    """Let the script's requests be those of a document in a language."""
    client.environ_base["HTTP_X_LOCALE"] = tag


def confirmation(merchant: Merchant, path: str = "/") -> dict[str, str]:
    """What the dialog of a page sends when it is confirmed."""
    page = Page(merchant.get(path))
    hidden = {name: page.one("input", name=name)["value"] for name in ("warning", "seen_mode")}
    return {"on": "1", "place": "dashboard", "ack": "yes", "mode": "recorded"} | hidden


def test_the_log_names_the_text_that_was_shown_and_not_the_answers_language(
    client: FlaskClient, merchant: Merchant, services: Services, shop: Shop
) -> None:
    asked(client, "de")
    form = confirmation(merchant)
    asked(client, "he")

    assert merchant.post("/offline-tracking", **form).status_code == 303

    assert policy_changes(services, shop)[0]["warning_version"] == f"{WARNING_VERSION}-de"


def test_a_tick_under_the_text_in_another_language_is_not_kept(
    client: FlaskClient, merchant: Merchant, shop: Shop
) -> None:
    asked(client, "de")
    form = confirmation(merchant) | {"mode": "x"}

    same = Page(merchant.post("/offline-tracking", **form))
    asked(client, "he")
    other = Page(merchant.post("/offline-tracking", **form))

    assert "checked" in same.one("s-checkbox", name="ack").attributes
    assert "checked" not in other.one("s-checkbox", name="ack").attributes
    assert other.one("input", name="warning")["value"] == f"{WARNING_VERSION}-he"


@pytest.mark.parametrize(
    "name", ["2026-11-xx", "2026-11-", "2026-11-en-de", "2025-01-de", "2026-11-../de", "2026-11\0"]
)
def test_a_text_that_was_never_shown_confirms_nothing(
    merchant: Merchant, services: Services, shop: Shop, name: str
) -> None:
    answer = merchant.post("/offline-tracking", **confirmation(merchant) | {"warning": name})

    assert answer.status_code == 422
    assert not shop_of(services).policy.tracking_on


def test_who_is_not_let_in_is_told_so_in_their_language(client: FlaskClient) -> None:
    said = {tag: client.post("/guide", headers={"X-Locale": tag}).text for tag in ("en", "de", "he")}

    assert said["en"] == "This page opens inside your Shopify admin only. Nothing was changed."
    assert len(set(said.values())) == len(said)


def test_what_nobody_foresaw_is_told_in_the_readers_language(
    client: FlaskClient, merchant: Merchant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("plugin.storage.overview.of", breaks)
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    said = {}
    for tag in ("en", "de", "he"):
        asked(client, tag)
        said[tag] = merchant.get("/").text.partition(".")[0]

    assert said["en"].startswith("Something went wrong on our side; nothing was changed")
    assert len(set(said.values())) == len(said)


@pytest.mark.parametrize(
    ("header", "lang"), [("fr, de;q=0", "en"), ("de;q=0, he;q=0.1", "he"), ("*;q=0", "en"), ("de;q=x, he", "he")]
)
def test_a_language_that_the_browser_refuses_is_none(client: FlaskClient, header: str, lang: str) -> None:
    assert f'<html lang="{lang}"' in client.get("/privacy", headers={"Accept-Language": header}).text


@pytest.mark.parametrize(
    "tag", ["../de", "..%2Fde", "de\0", "%", "%(x)s", "de-" * 20, "x" * 8000, "de/he", "\u05e2", '"><b>']
)
def test_an_odd_language_is_english_and_is_not_remembered(client: FlaskClient, tag: str) -> None:
    before = _tongue.cache_info().currsize

    answers = [client.get("/privacy", query_string={"locale": tag})]
    if tag.isascii() and tag.isprintable():
        answers.append(client.get("/privacy", headers={"X-Locale": tag}))

    assert all('<html lang="en" dir="ltr">' in answer.text for answer in answers)
    assert _tongue.cache_info().currsize <= before


@pytest.mark.parametrize(
    "was",
    ["9" * 5000 + " held", "done, orders: " + "9" * 5000, "\ud800", "<b>%(x)s</b>", "request " + "1" * 5000, "\0"],
)
def test_what_a_form_says_it_saw_is_printed_whatever_it_is(merchant: Merchant, shop: Shop, was: str) -> None:
    seen = json.loads(str(shown(Page(merchant.get("/settings")))["seen"])) | {"grace_minutes": was, "fields": was}

    answer = save(merchant, seen=json.dumps(seen))

    assert answer.status_code == 409
    assert "<b>" not in answer.text


def test_a_number_without_end_is_no_number_of_the_log(flask_app: Flask) -> None:
    with flask_app.test_request_context(headers={"X-Locale": "de"}):
        assert value_of("held_orders", "9" * 5000 + " held") == "9" * 5000 + " held"


def test_a_connection_that_ended_meanwhile_is_not_shown_beside_the_refusal(
    merchant: Merchant, services: Services, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = confirmation(merchant)
    is_present = notice.is_present

    def disconnected(name: str) -> bool:
        with services.database.transaction() as conn:
            connections.close(conn, shop_of(services).id, services.clock.now())
        return is_present(name)

    monkeypatch.setattr(notice, "is_present", disconnected)
    answer = merchant.post("/offline-tracking", **form)

    assert answer.status_code == 422
    assert Page(answer).page["data-connected"] == "no"
