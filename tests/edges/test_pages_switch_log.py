from __future__ import annotations

import csv
import hashlib
import io
import re

import pytest
from flask import render_template
from flask.testing import FlaskClient

from plugin.pages import words
from plugin.pages.switch_log import PLACES, _safe
from plugin.pages.words import WARNING_VERSION, WARNINGS
from plugin.services import Services
from plugin.storage import policy
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop
from tests.conftest import connect, install
from tests.edges.ledger_view import policy_changes
from tests.edges.visits import Merchant, Page

ON = {"on": "1", "warning": WARNING_VERSION, "ack": "yes", "place": "dashboard", "mode": "recorded"}
TEXTS = {"2026-11": "06233bd8029b96ac"}
"""What each version's text hashes to, its beginning: somebody has confirmed it, so it stays as it was."""


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def record(services: Services, shop: Shop, place: str, what: str = "alerts", new: str = "on") -> None:
    with services.database.transaction() as conn:
        policy.record(conn, shop.id, Staff("7001", place), services.clock.now(), (what, "off", new, None))


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_places_are_told_in_words(merchant: Merchant, services: Services, shop: Shop) -> None:
    for place in PLACES:
        record(services, shop, place)

    text = merchant.get("/switch-log").text

    assert all(words_of.replace("'", "&#39;") in text for words_of in PLACES.values())
    assert "<s-table-cell>order</s-table-cell>" not in text


def test_every_place_that_is_recorded_has_its_words(merchant: Merchant, services: Services, shop: Shop) -> None:
    merchant.post("/offline-tracking", **ON)
    merchant.post("/disconnect")

    assert {change["place"] for change in policy_changes(services, shop)} <= PLACES.keys()


def test_the_text_that_was_confirmed_can_be_read(merchant: Merchant, shop: Shop) -> None:
    merchant.post("/offline-tracking", **ON)
    [link] = [
        e for e in Page(merchant.get("/switch-log")).all("s-link") if f"text={WARNING_VERSION}" in (e.get("href") or "")
    ]

    shown = merchant.get(link["href"])

    assert Page(shown).all("s-section", data_text=WARNING_VERSION)
    assert "personally identifiable information" in shown.text
    assert "Talk to your privacy officer or legal counsel first" in shown.text


@pytest.mark.parametrize("version", ["2025-01", "../base", "", "2026-11%00"])
def test_a_version_that_never_was_shows_no_text(merchant: Merchant, shop: Shop, version: str) -> None:
    answer = merchant.get(f"/switch-log?text={version}")

    assert answer.status_code == 200
    assert "data-text" not in answer.text


def test_a_text_that_was_confirmed_is_not_changed_any_more(client: FlaskClient) -> None:
    with client.application.test_request_context():
        texts = {version: plain(render_template(f"warnings/{version}.html")) for version in WARNINGS}

    found = {version: hashlib.sha256(text.encode()).hexdigest()[:16] for version, text in texts.items()}
    assert found == TEXTS, "a changed text needs a new version, and the old one stays"
    assert WARNINGS[0] == words.WARNING_VERSION


def test_the_log_goes_on_page_by_page(
    merchant: Merchant, services: Services, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.pages.switch_log.PAGE", 2)
    for n in range(5):
        record(services, shop, "settings", new=str(n))

    pages = [Page(merchant.get("/switch-log"))]
    while older := pages[-1].all("s-link", id="older"):
        pages.append(Page(merchant.get(older[0]["href"])))

    assert [[row["data-new"] for row in page.all("s-table-row")] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]
    assert "The log ends here" in merchant.get("/switch-log?before=1").text
    assert "data-new" in merchant.get("/switch-log?before=x").text


def test_the_log_can_be_downloaded(merchant: Merchant, services: Services, shop: Shop) -> None:
    merchant.post("/offline-tracking", **ON)
    record(services, shop, "command line", "fields", "em,ph")
    record(services, shop, "settings", "test_code", "=HYPERLINK(1)")
    page = Page(merchant.get("/switch-log"))
    link = page.one("a", download="switch-log.csv")

    answer = merchant.get(link["href"])

    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="switch-log.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    head, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert head[:3] == ["Time", "Staff user", "Where"]
    assert [line[3] for line in lines] == ["Test code", "Identifiers sent", "Offline conversion tracking"]
    assert lines[0][5] == "'=HYPERLINK(1)"
    assert lines[1][5] == "Email, Phone"
    assert lines[2] == [
        "2026-11-24T13:00:00+01:00",
        "7001",
        "Dashboard",
        "Offline conversion tracking",
        "off",
        "on",
        WARNING_VERSION,
    ]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_no_cell_of_the_file_is_a_formula(cell: str) -> None:
    assert _safe(cell) == f"'{cell}"
    assert _safe("a=1") == "a=1"


def test_the_file_is_the_shops_own_and_takes_a_token(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient
) -> None:
    record(services, shop, "settings")
    connect(services, install(services, "other.myshopify.com"))

    stranger = Merchant(client, shop="other.myshopify.com").get("/switch-log.csv")

    assert b"E-mails" not in stranger.data
    assert client.get("/switch-log.csv").status_code == 302
    assert client.get("/switch-log.csv", headers={"Authorization": "Bearer x"}).status_code == 401
