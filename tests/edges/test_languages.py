"""Languages: which one a request is answered in, how dates and numbers are written in it, and what the log keeps."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from plugin.language import in_tongue, n_
from plugin.pages import formats
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage.shops import Shop
from plugin.tongues import Library
from tests.conftest import settings_from
from tests.edges.languages import PSEUDO, TAG, pseudo, write_pseudo
from tests.edges.ledger_view import policy_changes
from tests.edges.visits import Merchant, Page
from tools.catalogue import FOLDER


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_pseudo(tmp_path)
    return settings_from(BACKSTOP_TRANSLATIONS=str(tmp_path))


def spoken(client: FlaskClient, path: str = "/privacy", **headers: str) -> tuple[str, str]:
    """Return `lang` and `dir` of a page."""
    root = re.search(r'<html lang="([^"]*)" dir="([^"]*)">', client.get(path, headers=headers).text)
    assert root is not None
    return root[1], root[2]


NAMED = {
    "de": "de",
    "de-CH": "de-CH",
    "de_AT": "de-AT",
    "DE-at": "de-AT",
    "de-XX": "de",
    "he": "he",
    "iw-IL": "he-IL",
    "en-GB": "en-GB",
    "fr": "en",
    "xx": "en",
    "../../de": "en",
    "de" * 40: "en",
    "": "en",
}
"""What the admin may call a language, and what a page calls its own then."""


def test_a_page_is_in_the_language_that_the_admin_names(client: FlaskClient) -> None:
    assert {wanted: spoken(client, f"/privacy?locale={wanted}")[0] for wanted in NAMED} == NAMED
    assert {wanted: spoken(client, **{"X-Locale": wanted})[0] for wanted in NAMED} == NAMED


def test_hebrew_runs_from_right_to_left(client: FlaskClient) -> None:
    assert spoken(client, "/privacy?locale=he") == ("he", "rtl")


@pytest.mark.parametrize(
    ("header", "lang"),
    [("fr-CH, fr;q=0.9, de;q=0.7, en;q=0.8", "en"), ("fr, de;q=0.5", "de"), ("*", "en"), ("%%", "en")],
)
def test_where_no_language_is_named_the_browsers_count(client: FlaskClient, header: str, lang: str) -> None:
    assert spoken(client, **{"Accept-Language": header})[0] == lang
    assert spoken(client, "/privacy?locale=en", **{"Accept-Language": header})[0] == "en"


def test_a_form_is_answered_in_the_language_of_its_page(client: FlaskClient, shop: Shop) -> None:
    client.environ_base["HTTP_X_LOCALE"] = TAG

    answer = Merchant(client).go("/alerts", alert_address="staff@example.com")

    assert Page(answer).one("meta", name="note")["content"] == pseudo("E-mails go to this address from now on.")


def test_one_reader_does_not_leave_their_language_to_the_next(client: FlaskClient, shop: Shop) -> None:
    merchant = Merchant(client)
    made_up = client.get("/switch-log.csv", headers={"X-Locale": TAG, "Authorization": f"Bearer {merchant.token()}"})

    assert next(csv.reader(StringIO(made_up.text)))[1] == pseudo("Staff user")
    assert next(csv.reader(StringIO(merchant.get("/switch-log.csv").text)))[1] == "Staff user"


def test_the_log_keeps_in_which_language_the_notice_was_confirmed(
    client: FlaskClient, services: Services, shop: Shop
) -> None:
    merchant, sentence = Merchant(client), "Your privacy policy may need changes before this is turned on."
    client.environ_base["HTTP_X_LOCALE"] = TAG
    shown = Page(merchant.get("/")).one("input", name="warning")["value"]
    form = {"on": "1", "place": "dashboard", "warning": shown, "ack": "yes", "mode": "recorded"}
    assert merchant.post("/offline-tracking", **form).status_code == 303
    del client.environ_base["HTTP_X_LOCALE"]

    text = merchant.get(f"/switch-log?text=2026-11-{PSEUDO}").text

    assert policy_changes(services, shop)[0]["warning_version"] == f"2026-11-{PSEUDO}"
    assert f'href="/switch-log?text=2026-11-{PSEUDO}#text"' in text
    assert pseudo(sentence) in text
    assert "Close the text" in text
    assert sentence in merchant.get("/switch-log?text=2026-11").text
    assert "data-text" not in merchant.get("/switch-log?text=2026-11-xx").text


def test_a_language_that_lacks_a_part_of_the_notice_shows_it_in_english(
    client: FlaskClient, services: Services, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / f"{PSEUDO}.po"
    lines = file.read_text().split("\n\n")
    file.write_text("\n\n".join(part for part in lines if "Your privacy policy may need changes" not in part))
    client.environ_base["HTTP_X_LOCALE"] = TAG
    merchant = Merchant(client)

    page = merchant.get("/").text
    merchant.post("/offline-tracking", on="1", place="dashboard", warning="2026-11", ack="yes", mode="recorded")

    assert pseudo("Talk to your privacy officer or legal counsel first") not in page
    assert "Talk to your privacy officer or legal counsel first" in page
    assert policy_changes(services, shop)[0]["warning_version"] == "2026-11"


@pytest.mark.parametrize(
    ("tag", "texts"),
    [
        ("en", ["24 Nov 2026, 13:01", "24 Nov 2026", "24 Nov", "1,234.5", "66.7%", "1,128.40 EUR", "1,200 JPY"]),
        ("en-GB", ["24 Nov 2026, 13:01", "24 Nov 2026", "24 Nov", "1,234.5", "66.7%", "1,128.40 EUR", "1,200 JPY"]),
        ("en-US", ["Nov 24, 2026, 1:01_PM", "Nov 24, 2026", "Nov 24", "1,234.5", "66.7%", "1,128.40 EUR", "1,200 JPY"]),
        ("de", ["24.11.2026, 13:01", "24.11.2026", "24. Nov.", "1.234,5", "66,7_%", "1.128,40_€", "1.200_¥"]),
        ("de-CH", ["24.11.2026, 13:01", "24.11.2026", "24. Nov.", "1'234.5", "66.7%", "EUR_1'128.40", "¥_1'200"]),
    ],
)
def test_dates_and_numbers_are_written_as_the_reader_is_used_to(tag: str, texts: list[str]) -> None:
    at = datetime(2026, 11, 24, 13, 1)  # noqa: DTZ001 - a time as a shop's clocks show it
    with in_tongue(Library(FOLDER).tongue([tag])):
        said = [formats.local_time(at), formats.day(at), formats.day_of_month(date(2026, 11, 24))]
        said += [formats.number(1234.5), formats.percent(0.6667)]
        said += [formats.money(Decimal("1128.4000"), "EUR"), formats.money(Decimal("1200.0000"), "JPY")]

    assert [text.replace("\u00a0", "_").replace("\u2019", "'") for text in said] == texts


def test_no_digit_of_an_amount_is_rounded_away() -> None:
    with in_tongue(Library(FOLDER).tongue(["de"])):
        assert formats.money(Decimal("1.23456"), "KWD") == "1,23456\u00a0KWD"
        assert formats.money(Decimal("7.5"), "KWD") == "7,500\u00a0KWD"


AND = "\u05d5"


@pytest.mark.parametrize(
    ("tag", "texts", "said"),
    [
        ("he", ["אב", "גד"], "אב וגד"),
        ("he", ["אב", "12"], f"אב {AND}־12"),
        ("he-IL", ["אב", "גד", "Meta"], f"אב, גד {AND}־Meta"),
        ("he", ["אב", "\u200f1,200 ¥"], f"אב {AND}־\u200f1,200 ¥"),
        ("he", ["12"], "12"),
        ("he", ["", ""], f" {AND}"),
        ("de", ["1", "2"], "1 und 2"),
        ("en", ["1", "2", "3"], "1, 2, and 3"),
    ],
)
def test_the_last_of_a_row_is_joined_as_the_language_joins_it(tag: str, texts: list[str], said: str) -> None:
    with in_tongue(Library(FOLDER).tongue([tag])):
        assert formats.all_of(texts) == said


WRONG = {
    "is no text": b"\xff\xfe\x00",
    "is no catalogue": b"these are\nno translations\n",
    "is written oddly": b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=none\\n"\n\nmsgid "A"\nmsgstr "B"\n',
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_a_file_that_is_no_catalogue_is_english_and_told_once(
    client: FlaskClient, shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / f"{PSEUDO}.po").write_bytes(content)

    for path in ("/", "/settings", "/privacy"):
        client.environ_base["HTTP_X_LOCALE"] = TAG
        answer = Merchant(client).get(path)
        assert answer.status_code == 200
        assert '<html lang="en" dir="ltr">' in answer.text

    assert [(record.msg, record.result) for record in caplog.records if record.name == "plugin.tongues"] == [  # type: ignore[attr-defined]  # what `extra` adds
        ("translations cannot be read; English is shown", f"{PSEUDO}.po")
    ]


def test_a_translation_with_wrong_places_is_left_out(
    client: FlaskClient, shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / f"{PSEUDO}.po"
    file.write_text(file.read_text().replace("%(dataset)s⟦", "%(datset)s⟦").replace("%(num)s⟦", "%(num)⟦"))
    client.environ_base["HTTP_X_LOCALE"] = TAG

    answer = Merchant(client).get("/")

    assert answer.status_code == 200
    assert "Last 30 days" in answer.text
    assert pseudo("Connected") in answer.text
    assert {record.msg for record in caplog.records} == {"a translation is left out: its places do not fit"}


def test_an_address_that_nobody_has_is_told_in_the_readers_language(client: FlaskClient) -> None:
    lost = {tag: client.get("/nowhere", headers={"Accept-Language": tag}) for tag in ("en", "de", "he")}
    refused = {tag: client.delete("/settings", headers={"X-Locale": tag}) for tag in ("en", "de", "he")}

    assert lost["en"].text == "There is no such page. Please open the app from your Shopify admin."
    assert refused["en"].text == "This address cannot be asked like this. Nothing was changed."
    assert "GET" in refused["de"].headers["Allow"]
    assert {answer.status_code for answer in lost.values()} == {404}
    assert {answer.status_code for answer in refused.values()} == {405}
    assert all(answer.mimetype == "text/plain" for answer in (*lost.values(), *refused.values()))
    assert len({answer.text for answer in (*lost.values(), *refused.values())}) == 6


def test_outside_a_request_everything_is_english() -> None:
    assert n_("%(num)s order", "%(num)s orders", 1200) == "1,200 orders"
