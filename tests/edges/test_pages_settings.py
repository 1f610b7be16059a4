from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.recovery.consent import ConsentMode
from plugin.services import Services
from plugin.settings import Settings
from plugin.storage.shops import Shop
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.world import World
from tests.conftest import SHOP, MovedClock
from tests.edges import visits
from tests.edges.ledger_view import buy, policy_changes, row, work
from tests.edges.settings_form import WHOLE, Fields, save, saved, shown
from tests.edges.visits import Merchant, Page, minted, shop_of


@pytest.fixture
def merchant(client: FlaskClient) -> Merchant:
    return Merchant(client, sub="7001")


def changes_of(services: Services) -> set[tuple[str, str, str]]:
    return {(c["what"], c["old"], c["new"]) for c in policy_changes(services, shop_of(services))}


def test_the_form_shows_what_is_chosen(merchant: Merchant, shop: Shop) -> None:
    page = Page(merchant.load("/settings"))

    assert page.one("s-number-field", name="grace_minutes")["value"] == "30"
    selected = [e["value"] for e in page.all("s-choice") if "selected" in e.attributes]
    assert selected == ["recorded", *WHOLE, "product", "recorded"]  # the last one in the switch's dialog
    assert "checked" not in page.one("s-checkbox", name="ldu").attributes
    assert "data-save-bar" in page.one("form", id="settings").attributes


def test_what_is_saved_holds_and_is_on_record(merchant: Merchant, services: Services, shop: Shop) -> None:
    page = saved(
        merchant,
        consent_mode="store_policy",
        grace_minutes="45",
        content_ids="variant",
        ldu="yes",
        fields=["em", "country", "fbc"],
    )

    kept = shop_of(services)
    assert page.one("meta", name="note")["content"] == "Settings saved."
    assert kept.policy.consent_mode is ConsentMode.STORE_POLICY
    assert (kept.policy.grace, kept.policy.ldu, kept.content_ids) == (timedelta(minutes=45), True, "variant")
    assert kept.fields == {"em", "country", "fbc"}
    assert changes_of(services) == {
        ("consent_mode", "recorded", "store_policy"),
        ("grace_minutes", "30", "45"),
        ("content_ids", "product", "variant"),
        ("ldu", "no", "yes"),
        ("fields", ",".join(WHOLE), "em,country,fbc"),
    }
    assert page.one("s-number-field", name="grace_minutes")["value"] == "45"


def test_saving_what_is_chosen_already_records_nothing(merchant: Merchant, services: Services, shop: Shop) -> None:
    assert save(merchant).status_code == 303

    assert changes_of(services) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("grace_minutes", "9"),
        ("grace_minutes", "1441"),
        ("grace_minutes", "-30"),
        ("grace_minutes", "30.5"),
        ("grace_minutes", "٣٠"),
        ("grace_minutes", "\x00"),
        ("grace_minutes", ""),
        ("consent_mode", "anything"),
        ("consent_mode", ""),
        ("content_ids", "sku"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_and_nothing_is_saved(
    merchant: Merchant, services: Services, shop: Shop, field: str, value: str
) -> None:
    typed: Fields = {"grace_minutes": "60", "ldu": "yes", "fields": ["em", "fbc"], field: value}
    answer = save(merchant, **typed)

    page = Page(answer)
    assert answer.status_code == 422
    assert page.error_at(field)
    assert shown(page)["fields"] == ["em", "fbc"]
    assert "checked" in page.one("s-checkbox", name="ldu").attributes
    assert shop_of(services).policy == shop.policy
    assert changes_of(services) == set()


def test_what_was_typed_is_shown_again_and_cannot_break_out(merchant: Merchant, shop: Shop) -> None:
    answer = save(merchant, grace_minutes='"><script>x</script>')

    assert Page(answer).one("s-number-field", name="grace_minutes")["value"] == '"><script>x</script>'
    assert "<script>x" not in answer.text


def test_a_new_grace_period_holds_for_orders_that_wait(
    merchant: Merchant, services: Services, shop: Shop, client: FlaskClient, clock: MovedClock
) -> None:
    save(merchant, grace_minutes="60")
    buy(client, clock)
    work(services)
    assert row(services)["look_at"] == clock.now() + timedelta(minutes=60)
    clock.pass_by(minutes=1)

    save(merchant, grace_minutes="10")
    work(services)

    assert row(services)["look_at"] == clock.now() + timedelta(minutes=9)


def test_a_shop_that_left_meanwhile_is_told_so(
    merchant: Merchant, services: Services, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.storage.reading.hold", lambda *_: False)

    answer = save(merchant)

    assert answer.status_code == 409
    assert "was removed from your shop" in answer.text


class TestWithAPlacedPixel:
    @pytest.fixture
    def sandbox(self) -> Iterator[World]:
        with visits.sandbox() as world:
            yield world

    @pytest.fixture
    def settings(self, sandbox: World) -> Settings:
        return visits.settings_for(sandbox)

    @pytest.fixture
    def merchant(self, client: FlaskClient, sandbox: World) -> Merchant:
        merchant = Merchant(client, tokens=[minted(sandbox)])
        merchant.load()
        merchant.post("/connect", dataset=DEFAULT_DATASET, token=DEFAULT_TOKEN)
        return merchant

    def test_the_pixel_is_told_what_concerns_it(self, merchant: Merchant, sandbox: World) -> None:
        page = saved(merchant, content_ids="variant", ldu="yes")

        pixel = sandbox.shops[SHOP].pixel
        assert pixel is not None
        assert (pixel.settings["contentIds"], pixel.settings["ldu"]) == ("variant", "yes")
        assert page.page["data-pixel"] == "placed"

    def test_the_pixel_is_left_alone_otherwise(self, merchant: Merchant, sandbox: World) -> None:
        sandbox.faults.put({"name": "graphql_500"})

        page = saved(merchant, grace_minutes="60")

        assert page.page["data-pixel"] == "placed"

    def test_settings_stand_also_if_the_pixel_could_not_be_told(
        self, merchant: Merchant, services: Services, sandbox: World
    ) -> None:
        sandbox.faults.put({"name": "graphql_500"})

        page = saved(merchant, ldu="yes")

        assert shop_of(services).policy.ldu
        assert page.page["data-pixel"] == "none"
        assert page.all("s-banner", heading="Please note")
