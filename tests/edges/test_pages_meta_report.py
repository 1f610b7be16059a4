"""What the pages say of Meta's figures: plainly what differs, quietly what cannot be read, and one banner at a time."""

from __future__ import annotations

import html

import pytest
from flask.testing import FlaskClient

from plugin.pages import reports as pages
from plugin.recovery.dataset_report import Counts, Figures, Key, Ledger, Quality, Report, Told
from plugin.recovery.pixel_health import Finding, Health, Trouble
from plugin.services import Services
from plugin.storage import connections, pixel_health, reports
from plugin.storage.shops import Shop
from tests.conftest import install
from tests.edges.ledger_view import switch_on
from tests.edges.visits import Merchant, Page

GOOD = Quality(Told.COUNTED, None, 6.4, 0.0, 75.0, (Key("event_id", 100.0, 98.5, None),))
ADDRESS = "/settings#meta-report"


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client)


def told(services: Services, shop: Shop, report: Report) -> None:
    assert shop.connection is not None
    with services.database.transaction() as conn:
        assert reports.keep(conn, shop.id, shop.connection, report, services.clock.now())


def counted(services: Services, meta: Counts, ledger: Ledger, quality: Quality = GOOD) -> Report:
    return Report(Told.COUNTED, quality, figures=Figures(int(services.clock.now().timestamp()), meta, ledger))


def foreign(services: Services, shop: Shop, count: int = 12) -> None:
    told(services, shop, counted(services, Counts(0, count + 3, 3), Ledger(sent=3, settled=3, most=3, orders=9)))


def section(merchant: Merchant) -> tuple[Page, str]:
    answer = merchant.get("/settings")
    return Page(answer), html.unescape(" ".join(answer.text.split()))


def banners(page: Page) -> list[str]:
    return [
        banner["heading"]
        for banner in page.all("s-banner")
        if banner.get("heading") and "legal" not in banner["heading"]
    ]


def test_every_empty_has_its_own_words() -> None:
    assert pages.BADGES.keys() == set(Told)
    assert pages.EMPTY.keys() == {None, *Told} - {Told.COUNTED}
    assert pages.NO_QUALITY.keys() == set(Told) - {Told.COUNTED}
    for said in (pages.BADGES, pages.EMPTY, pages.NO_QUALITY):
        assert len(set(said.values())) == len(said)


def test_before_connecting_there_is_nothing_to_say(merchant: Merchant, services: Services) -> None:
    install(services)

    for path in ("/", "/settings"):
        page = Page(merchant.load(path))
        assert not page.all("s-section", id="meta-report")
        assert not [one for one in page.elements if "data-second-sender" in one.attributes]


def test_before_the_first_reading_the_page_says_so(merchant: Merchant, shop: Shop) -> None:
    page, text = section(merchant)

    assert page.one("s-section", id="meta-report")["data-told"] == "never"
    assert "have not been read yet" in text
    assert "Event coverage stays low by design" in text


def test_what_agrees_is_shown_and_no_finding(merchant: Merchant, services: Services, shop: Shop) -> None:
    ledger = Ledger(sent=12, settled=10, most=12, pixel=80, pixel_settled=70, orders=100)
    told(services, shop, counted(services, Counts(78, 12, 12), ledger))

    page, text = section(merchant)

    found = page.one("s-section", id="meta-report")
    assert (found["data-told"], found["data-findings"], found["data-foreign"]) == ("counted", "0", "0")
    for said in (
        "Recovered: 12 orders sent; Meta counts 12 purchases of this app.",
        "Pixel: it reported 80 purchases; Meta counts 78 purchases from browsers.",
        "Servers: Meta counts 12 purchases, none of them another sender's.",
        "Match quality of this app's purchases: 6.4 of 10.",
        "Event coverage: 0% (Meta's goal: 75%).",
        "Event coverage stays low by design",
        "carry event_id, by which Meta drops copies: 100% from browsers, 98.5% from servers.",
        "As Meta told it on 24 Nov 2026, 13:00.",
    ):
        assert said in text
    assert not page.all(data_remedy="")


@pytest.mark.parametrize(
    ("meta", "ledger", "line", "words"),
    [
        (Counts(0, 4, 4), Ledger(sent=12, settled=10, most=12), "recovered", "6 fewer than it should be by now"),
        (Counts(0, 30, 30), Ledger(sent=12, settled=10, most=12), "recovered", "18 more than this shop's orders"),
        (Counts(40, 0, 0), Ledger(pixel=80, pixel_settled=70, orders=90), "pixel", "30 fewer, beyond a day's delay"),
        (Counts(160, 0, 0), Ledger(pixel=80, pixel_settled=70, orders=90), "pixel", "Another Meta pixel most likely"),
        (Counts(0, 9, 2), Ledger(sent=2, settled=2, most=2), "others", "Somebody else sends purchases"),
    ],
)
def test_what_cannot_be_explained_is_said_plainly(
    merchant: Merchant, services: Services, shop: Shop, meta: Counts, ledger: Ledger, line: str, words: str
) -> None:
    told(services, shop, counted(services, meta, ledger))

    page, text = section(merchant)

    assert [one["data-line"] for one in page.all("s-list-item", data_finding="yes")] == [line]
    assert words in text
    assert page.one("s-section", id="meta-report")["data-findings"] == "1"


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (Report(Told.NOT_PERMITTED, Quality(Told.NOT_PERMITTED, "200"), "200"), "but not read its figures"),
        (Report(Told.NO_DATA, Quality(Told.NO_DATA)), "no figures of this dataset yet"),
        (Report(Told.ERROR, Quality(Told.ERROR), "80004"), "did not tell the dataset's figures"),
    ],
)
def test_the_three_empties_are_three_sentences(
    merchant: Merchant, services: Services, shop: Shop, report: Report, words: str
) -> None:
    told(services, shop, report)

    page, text = section(merchant)

    assert len(page.all("s-paragraph", data_empty=report.told.value)) == 1
    assert words in text
    assert (f"(Meta's code: {report.code})" in text) == (report.code is not None)
    assert page.page["data-connected"] == "yes"
    assert "Needs a new" not in text


def test_another_sender_is_a_banner_with_what_to_do(merchant: Merchant, services: Services, shop: Shop) -> None:
    foreign(services, shop)

    dashboard = merchant.get("/")
    page, text = section(merchant)

    assert banners(Page(dashboard)) == ["Somebody else sends purchases to this dataset"]
    assert "Meta counted 12 purchases from servers that this app did not send" in " ".join(dashboard.text.split())
    assert Page(dashboard).all("s-button", href=ADDRESS)
    assert page.all(data_remedy="")
    assert "“Facebook & Instagram” app" in text


@pytest.mark.parametrize("path", ["/", "/settings"])
def test_the_dialog_warns_before_switching_on(merchant: Merchant, services: Services, shop: Shop, path: str) -> None:
    assert not Page(merchant.get(path)).all("s-paragraph", data_second_sender="12")
    foreign(services, shop)

    answer = merchant.get(path)

    assert len(Page(answer).all("s-paragraph", data_second_sender="12")) == 1
    dialog = answer.text.partition('<s-modal id="privacy-warning"')[2].partition("</s-modal>")[0]
    assert 'data-second-sender="12"' in dialog
    assert dialog.index("data-second-sender") < dialog.index('name="ack"')


def test_it_warns_as_well_while_the_switch_is_on(merchant: Merchant, services: Services, shop: Shop) -> None:
    switch_on(services, shop)
    foreign(services, shop, 1)

    assert "Meta counted 1 purchase from servers" in " ".join(merchant.get("/").text.split())


def test_one_banner_at_a_time(merchant: Merchant, services: Services, shop: Shop) -> None:
    assert shop.connection is not None
    foreign(services, shop)
    now = services.clock.now()
    with services.database.transaction() as conn:
        conn.execute("UPDATE shop SET web_pixel_id = 'gid://shopify/WebPixel/1'")
        pixel_health.begin(conn, shop.id, Finding(Health.SILENT, Trouble.NOTHING_SEEN, now, 0.9), now)
    assert len(banners(Page(merchant.get("/")))) == 1
    assert "data-pixel-trouble" in merchant.get("/").text

    with services.database.transaction() as conn:
        connections.mark_broken(conn, shop.id, shop.connection, "token_revoked", now)
    assert banners(Page(merchant.get("/"))) == ["Meta turns the connection down"]
    with services.database.transaction() as conn:
        pixel_health.end(conn, shop.id, now)
        conn.execute("UPDATE meta_connection SET broken = NULL, broken_at = NULL")
    assert banners(Page(merchant.get("/"))) == ["Somebody else sends purchases to this dataset"]
    with services.database.transaction() as conn:
        conn.execute("UPDATE shop SET scopes = 'read_orders'")
    assert "Somebody else sends purchases to this dataset" not in banners(Page(merchant.get("/")))


def test_a_report_of_an_unknown_shape_is_none(merchant: Merchant, services: Services, shop: Shop) -> None:
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET report = '{\"told\": 3}', report_at = now()")

    assert section(merchant)[0].one("s-section", id="meta-report")["data-told"] == "never"
