from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from plugin.pages import words
from plugin.pages.words import WARNING_VERSION
from plugin.services import Services
from plugin.storage import connections, policy
from plugin.storage.policy import UNANSWERED
from plugin.storage.shops import OtherPixel, Shop
from tests.conftest import install
from tests.edges.ledger_view import STAFF
from tests.edges.visits import Merchant, Page, other_pixel_log, shop_of

PAGES = ("/", "/settings")
SECTION = "/settings#other-pixel"
OPEN = (None, OtherPixel.RUNNING)
CLOSED = (OtherPixel.NONE, OtherPixel.REMOVED)


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def answer(services: Services, said: OtherPixel | None) -> None:
    with services.database.transaction() as conn:
        policy.answer_other_pixel(conn, shop_of(services), said, STAFF, services.clock.now())


def links_to_section(page: Page, tag: str) -> int:
    return len(page.all(tag, href=SECTION))


def test_every_answer_has_a_wording() -> None:
    assert words.OTHER_PIXEL.keys() == {UNANSWERED, *OtherPixel}


def test_it_is_not_asked_before_connecting(merchant: Merchant, services: Services) -> None:
    install(services)

    for path in PAGES:
        page = Page(merchant.load(path))
        assert page.all("s-section", id="other-pixel") == []
        assert [e for e in page.elements if "data-other-pixel" in e.attributes] == []


def test_once_connected_it_is_asked_and_explained(merchant: Merchant, shop: Shop) -> None:
    loaded = merchant.load("/settings")

    page, text = Page(loaded), " ".join(loaded.text.split())
    assert page.one("s-section", id="other-pixel")["data-answer"] == UNANSWERED
    assert page.one("form", id="other-pixel-form")["action"] == "/other-pixel"
    selected = [e["value"] for e in page.all("s-choice") if "selected" in e.attributes]
    assert not set(selected) & set(OtherPixel)
    for said in (
        "count every purchase twice",
        "another pixel makes up its own ids",
        "another dataset does no harm",
        "Facebook pixel under Online Store, Preferences",
        "“Facebook &amp; Instagram” app:</s-text> Open its settings, then “Data sharing”",
        "Under Settings, Customer events",
        "In Meta's Events Manager",
    ):
        assert said in text


@pytest.mark.parametrize("said", list(OtherPixel))
def test_an_answer_is_kept_shown_and_on_record(
    merchant: Merchant, services: Services, shop: Shop, said: OtherPixel
) -> None:
    page = Page(merchant.go("/other-pixel", answer=said.value))

    assert shop_of(services).other_pixel is said
    assert page.one("meta", name="note")["content"] == "Your answer is saved."
    assert page.one("s-section", id="other-pixel")["data-answer"] == said
    assert "selected" in page.one("s-choice", value=said.value).attributes
    assert other_pixel_log(services) == [("7001", "settings", UNANSWERED, said.value)]
    log = merchant.get("/switch-log").text
    assert "Another Meta pixel" in log
    assert f"Not answered → {words.OTHER_PIXEL[said]}" in log


def test_the_same_answer_again_records_nothing(merchant: Merchant, services: Services, shop: Shop) -> None:
    for _ in range(2):
        assert merchant.post("/other-pixel", answer="none").status_code == 303

    assert len(other_pixel_log(services)) == 1


@pytest.mark.parametrize("fields", [{}, {"answer": ""}, {"answer": "unanswered"}, {"answer": "NONE"}, {"answer": "\0"}])
def test_anything_else_is_refused_at_its_field(
    merchant: Merchant, services: Services, shop: Shop, fields: dict[str, str]
) -> None:
    answer(services, OtherPixel.RUNNING)

    refused = merchant.post("/other-pixel", **fields)

    assert refused.status_code == 422
    assert Page(refused).error_at("answer") == "Choose one of the options."
    assert shop_of(services).other_pixel is OtherPixel.RUNNING
    assert len(other_pixel_log(services)) == 1


def test_an_answer_for_another_dataset_does_not_count(merchant: Merchant, services: Services, shop: Shop) -> None:
    refused = merchant.post("/other-pixel", answer="none", dataset="5555555555")

    assert refused.status_code == 422
    assert "Another dataset was connected" in (Page(refused).error_at("answer") or "")
    assert shop_of(services).other_pixel is None


def test_without_a_connection_there_is_nothing_to_answer(merchant: Merchant, services: Services) -> None:
    install(services)

    refused = merchant.post("/other-pixel", answer="none")

    assert refused.status_code == 422
    assert "Connect a dataset first" in (Page(refused).error_at("dataset") or "")
    assert shop_of(services).other_pixel is None


def test_a_shop_that_left_meanwhile_is_told_so(merchant: Merchant, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.storage.reading.hold", lambda *_: False)

    assert merchant.post("/other-pixel", answer="none").status_code == 409


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("said", OPEN)
def test_until_it_is_settled_the_switchs_dialog_repeats_it(
    merchant: Merchant, services: Services, shop: Shop, path: str, said: OtherPixel | None
) -> None:
    answer(services, said)

    page = Page(merchant.load(path))

    assert len(page.all("s-paragraph", data_other_pixel=said or UNANSWERED)) == 1
    assert links_to_section(page, "s-link") == 1


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("said", CLOSED)
def test_once_settled_nothing_repeats_it(
    merchant: Merchant, services: Services, shop: Shop, path: str, said: OtherPixel
) -> None:
    answer(services, said)

    page = Page(merchant.load(path))

    assert [e for e in page.elements if "data-other-pixel" in e.attributes] == []
    assert page.all("s-banner", heading="Purchases count twice while another pixel runs") == []


def test_a_running_one_is_warned_of_until_the_answer_changes(
    merchant: Merchant, services: Services, shop: Shop
) -> None:
    heading = "Purchases count twice while another pixel runs"

    assert Page(merchant.go("/other-pixel", answer="running")).one("s-banner", heading=heading)["tone"] == "warning"
    assert Page(merchant.go("/other-pixel", answer="removed")).all("s-banner", heading=heading) == []
    assert [change[2:] for change in other_pixel_log(services)] == [(UNANSWERED, "running"), ("running", "removed")]


@pytest.mark.parametrize(("said", "tone"), [(None, "info"), (OtherPixel.RUNNING, "warning")])
def test_the_dashboard_reminds_of_it(
    merchant: Merchant, services: Services, shop: Shop, said: OtherPixel | None, tone: str
) -> None:
    answer(services, said)

    page = Page(merchant.load())

    assert page.one("s-banner", data_other_pixel=said or UNANSWERED)["tone"] == tone
    asked_in_guide = said is None
    assert links_to_section(page, "s-button") == 1 + asked_in_guide


def test_on_the_dashboard_a_more_important_banner_goes_first(
    merchant: Merchant, services: Services, shop: Shop
) -> None:
    refused = merchant.post("/offline-tracking", place="dashboard", on="1", warning=WARNING_VERSION)
    noted = merchant.get("/?note=off_one_out")
    assert shop.connection is not None
    with services.database.transaction() as conn:
        connections.mark_broken(conn, shop.id, shop.connection, "token_revoked", services.clock.now())
    broken = merchant.get("/")
    with services.database.transaction() as conn:
        conn.execute("UPDATE meta_connection SET broken = NULL, broken_at = NULL")
        conn.execute("UPDATE shop SET scopes = 'read_orders'")
    lacking = merchant.get("/")

    for answered in (refused, noted, broken, lacking):
        page = Page(answered)
        assert [e for e in page.all("s-banner") if "data-other-pixel" in e.attributes] == []
        assert len(page.all("s-paragraph", data_other_pixel=UNANSWERED)) == 1
