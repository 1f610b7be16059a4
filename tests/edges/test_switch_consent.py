"""The consent mode, asked as the switch is turned on: kept with it, recorded, never over somebody's newer choice."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.pages import words
from plugin.recovery.consent import ConsentMode
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.edges.handwork import do
from tests.edges.ledger_view import policy_changes, switch_on
from tests.edges.settings_form import save
from tests.edges.visits import Merchant, Page, shop_of

PATHS = {"dashboard": "/", "settings": "/settings"}
ON = {"on": "1", "warning": words.WARNING_VERSION, "ack": "yes", "mode": "recorded", "seen_mode": "recorded"}
OTHER = {"mode": "store_policy"}
PLACES = pytest.mark.parametrize("place", PATHS)


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def dialog(page: Page) -> dict[str, Any]:
    """What the dialog holds: the choices offered, the one that is selected, what it saw, and what is ticked."""
    at = page.elements.index(page.one("s-choice-list", name="mode"))
    choices = [e for e in page.elements[at:] if e.tag == "s-choice"][:2]
    return {
        "offered": [e["value"] for e in choices],
        "selected": [e["value"] for e in choices if "selected" in e.attributes],
        "seen": page.one("input", name="seen_mode")["value"],
        "ticked": [e["name"] for e in page.all("s-checkbox") if "checked" in e.attributes],
    }


def changes(services: Services) -> list[tuple[str, ...]]:
    return [
        (c["what"], c["old"], c["new"], c["user_id"], c["place"])
        for c in reversed(policy_changes(services, shop_of(services)))
    ]


def stands(services: Services) -> tuple[bool, ConsentMode]:
    kept = shop_of(services).policy
    return kept.tracking_on, kept.consent_mode


@PLACES
@pytest.mark.parametrize("mode", list(ConsentMode))
def test_the_dialog_offers_both_with_the_present_one_selected(
    merchant: Merchant, services: Services, shop: Shop, place: str, mode: ConsentMode
) -> None:
    do(services, "UPDATE shop_policy SET consent_mode = %s", mode.value)

    answer = merchant.load(PATHS[place])

    assert dialog(Page(answer)) == {
        "offered": ["recorded", "store_policy"],
        "selected": [mode.value],
        "seen": mode.value,
        "ticked": [],
    }
    text = answer.text.partition('<s-modal id="privacy-warning"')[2].partition("</s-modal>")[0]
    for said in (
        "Only orders with a recorded consent are sent.",
        "A buyer who declined before the pixel loaded leaves no record, and may be sent.",
    ):
        assert said in text


@PLACES
def test_it_is_kept_and_recorded_with_the_switch(
    merchant: Merchant, services: Services, shop: Shop, place: str
) -> None:
    assert merchant.post("/offline-tracking", place=place, **ON | OTHER).status_code == 303

    assert stands(services) == (True, ConsentMode.STORE_POLICY)
    assert changes(services) == [
        ("consent_mode", "recorded", "store_policy", "7001", place),
        ("offline_tracking", "off", "on", "7001", place),
    ]


def test_a_stricter_choice_is_kept_too(merchant: Merchant, services: Services, shop: Shop) -> None:
    do(services, "UPDATE shop_policy SET consent_mode = 'store_policy'")

    merchant.post("/offline-tracking", place="settings", **ON | {"seen_mode": "store_policy"})

    assert stands(services) == (True, ConsentMode.RECORDED)


@PLACES
def test_a_wrong_or_missing_one_is_refused_at_its_field_and_nothing_is_lost(
    merchant: Merchant, services: Services, shop: Shop, place: str
) -> None:
    for mode in (None, "", "Recorded", "recorded\0"):
        form = {name: value for name, value in (ON | {"mode": mode}).items() if value is not None}

        answer = merchant.post("/offline-tracking", place=place, recover="yes", **form)

        page = Page(answer)
        assert answer.status_code == 422
        assert page.page["data-page"] == place
        assert page.error_at("mode") == "Choose one of the options."
        assert page.error_at("consent_mode") is None
        assert dialog(page)["ticked"] == ["ack"]  # nothing is offered to be recovered
    assert (stands(services), changes(services)) == ((False, ConsentMode.RECORDED), [])


@PLACES
def test_a_missing_tick_keeps_the_choice_that_was_made(merchant: Merchant, shop: Shop, place: str) -> None:
    answer = merchant.post("/offline-tracking", place=place, **ON | OTHER | {"ack": ""})

    page = Page(answer)
    assert page.error_at("ack")
    assert (dialog(page)["selected"], dialog(page)["seen"]) == (["store_policy"], "recorded")


def test_a_tick_under_an_older_text_is_not_kept(merchant: Merchant, shop: Shop) -> None:
    answer = merchant.post("/offline-tracking", place="dashboard", **ON | {"warning": "2025-01"})

    assert dialog(Page(answer))["ticked"] == []


@PLACES
def test_a_newer_choice_is_not_overwritten_until_it_was_seen(
    merchant: Merchant, services: Services, shop: Shop, place: str
) -> None:
    save(Merchant(merchant.client, sub="7002"), consent_mode="store_policy")
    do(services, "UPDATE shop_policy SET fields = fields")  # nothing else has changed

    late = merchant.post("/offline-tracking", place=place, **ON)

    page = Page(late)
    assert late.status_code == 409
    assert "by now" in (page.error_at("mode") or "")
    assert "follow the shop's consent policy" in (page.error_at("mode") or "")
    assert dialog(page) == {
        "offered": ["recorded", "store_policy"],
        "selected": ["recorded"],
        "seen": "store_policy",
        "ticked": ["ack"],
    }
    assert stands(services) == (False, ConsentMode.STORE_POLICY)

    assert merchant.post("/offline-tracking", place=place, **ON | {"seen_mode": "store_policy"}).status_code == 303
    assert stands(services) == (True, ConsentMode.RECORDED)


def test_who_chose_the_same_as_somebody_else_undoes_nothing(merchant: Merchant, services: Services, shop: Shop) -> None:
    do(services, "UPDATE shop_policy SET consent_mode = 'store_policy'")

    assert merchant.post("/offline-tracking", place="settings", **ON | OTHER).status_code == 303
    assert stands(services) == (True, ConsentMode.STORE_POLICY)


@PLACES
def test_whoever_turned_it_on_first_has_chosen(merchant: Merchant, services: Services, shop: Shop, place: str) -> None:
    Merchant(merchant.client, sub="7002").post("/offline-tracking", place="settings", **ON)

    late = merchant.post("/offline-tracking", place=place, **ON | OTHER)

    page = Page(late)
    assert late.status_code == 409
    assert "Somebody else has turned it on" in page.one("s-switch")["error"]
    assert page.page["data-tracking"] == "on"
    assert stands(services) == (True, ConsentMode.RECORDED)
    assert [change[3] for change in changes(services)] == ["7002"]


@pytest.mark.parametrize(("recover", "banners"), [("", 0), ("yes", 1)])
def test_who_comes_second_is_told_so(
    merchant: Merchant, services: Services, shop: Shop, recover: str, banners: int
) -> None:
    switch_on(services, shop)

    answer = merchant.go("/offline-tracking", place="settings", recover=recover, **ON)

    assert "was on already" in answer.text
    assert len(Page(answer).all("s-banner", data_problem="")) == banners
    assert len(changes(services)) == 1


def test_two_at_once_end_with_the_choice_of_one_of_them(services: Services, shop: Shop, client: FlaskClient) -> None:
    app, told = client.application, dict[str, int]()

    def press(sub: str, mode: str) -> None:
        merchant = Merchant(app.test_client(), sub=sub)
        told[mode] = merchant.post("/offline-tracking", place="settings", **ON | {"mode": mode}).status_code

    staff = [
        threading.Thread(target=press, args=(sub, mode.value))
        for sub, mode in zip(("7001", "7002"), ConsentMode, strict=True)
    ]
    for one in staff:
        one.start()
    for one in staff:
        one.join(timeout=20)

    assert sorted(told.values()) == [303, 409]
    (kept,) = [mode for mode, status in told.items() if status == 303]
    assert stands(services) == (True, kept)
    assert len({change[3] for change in changes(services)}) == 1


def test_a_breakdown_half_way_keeps_neither(
    merchant: Merchant, services: Services, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> bool:
        raise RuntimeError("half way")

    monkeypatch.setattr("plugin.storage.policy.switch_on", breaks)

    assert merchant.post("/offline-tracking", place="settings", **ON | OTHER).status_code == 500
    assert (stands(services), changes(services)) == ((False, ConsentMode.RECORDED), [])
