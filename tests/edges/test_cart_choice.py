"""The choice that the cart told with the order: a second record beside the pixel's, where the merchant wants it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.recovery.purchase import user_data_of
from plugin.services import Services
from plugin.storage.orders import event_place
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE, OPTED_OUT, REFUSED, Meta, do
from tests.edges.ledger_view import buy, ended, policy_changes, purchase, row, switch_off, switch_on, tell, work
from tests.edges.settings_form import save, saved
from tests.edges.visits import Merchant, Page, shop_of

FBP, FBC = "fb.1.1764000000000.1234567890", "fb.1.1764000000000.IwAR0abc"
OTHER_FBP = "fb.1.1764000000000.9999999999"


def written(at: datetime, letters: str = "maps", ids: str = f"{FBP};{FBC}") -> list[dict[str, str]]:
    return [{"name": "gift", "value": "x"}, {"name": "_backstop", "value": f"1;{letters};{at.isoformat()};{ids}"}]


@pytest.fixture
def wanted(services: Services, shop: Shop) -> Shop:
    """A shop with tracking on that wants the cart's choice read."""
    do(services, "UPDATE shop_policy SET cart_choices = true")
    switch_on(services, shop)
    return shop


def sealed(services: Services, shop: Shop) -> dict[str, Any]:
    return user_data_of(shop.key.unseal(row(services)["sealed_event"], event_place(ORDER_ID)))


def test_unless_the_merchant_wants_it_nothing_is_read(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy(client, clock, note_attributes=written(clock.now()))
    assert "fbp" not in sealed(services, shop)
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services) == ("withheld", "consent_unknown")
    assert row(services)["cart_choice"] is None


def test_an_allowance_is_consent_on_record_and_its_ids_go_along(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock, meta: Meta
) -> None:
    buy(client, clock, note_attributes=written(clock.now()))
    kept = row(services)["cart_choice"]
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    assert row(services)["basis"] == "recorded_consent"
    assert (row(services)["would_recorded"], row(services)["would_store_policy"]) == (True, True)
    [[event]] = meta.events()
    assert (event["user_data"]["fbp"], event["user_data"]["fbc"]) == (FBP, FBC)
    assert kept == {"consent": [True, True, True, True], "at": kept["at"]}
    assert FBP not in repr(row(services))


@pytest.mark.parametrize(
    ("letters", "reason"), [("-", "consent_declined"), ("m", "consent_declined"), ("ma", "data_sale_opt_out")]
)
def test_a_refusal_withholds_at_once_and_nothing_of_the_buyer_is_kept(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock, letters: str, reason: str
) -> None:
    tell(client, wanted, clock)
    clock.pass_by(seconds=1)
    buy(client, clock, note_attributes=written(clock.now(), letters, ";"))
    assert row(services)["sealed_event"] is None
    work(services)

    assert ended(services) == ("withheld", reason)


def test_the_latest_record_stands_wherever_it_came_from(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock, meta: Meta
) -> None:
    refused_before = clock.now() - timedelta(minutes=1)
    tell(client, wanted, clock)
    buy(client, clock, note_attributes=written(refused_before, "-", ";"))
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services) == ("recovered", "pixel_silent")
    [[event]] = meta.events()
    assert not {"fbp", "fbc"} & event["user_data"].keys(), "somebody refused what they need"


def test_what_the_pixel_told_goes_before_what_the_cart_told(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock, meta: Meta
) -> None:
    tell(client, wanted, clock, fbp=OTHER_FBP)
    buy(client, clock, note_attributes=written(clock.now() - timedelta(minutes=1)))
    clock.pass_by(minutes=GRACE)
    work(services)

    [[event]] = meta.events()
    assert (event["user_data"]["fbp"], event["user_data"]["fbc"]) == (OTHER_FBP, FBC)


def test_a_choice_from_the_future_does_not_outlast_the_buyers_refusal(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock, meta: Meta
) -> None:
    buy(client, clock, note_attributes=written(datetime(2099, 1, 1, tzinfo=clock.now().tzinfo)))
    tell(client, wanted, clock, stage="consent_withdrawn", consent=REFUSED)
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services) == ("withheld", "consent_declined")
    assert meta.events() == []


def test_the_dial_holds_for_the_carts_ids_too(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock
) -> None:
    do(services, "UPDATE shop_policy SET fields = array_remove(fields, 'fbc')")
    buy(client, clock, note_attributes=written(clock.now()))

    assert sealed(services, wanted)["fbp"] == FBP
    assert "fbc" not in sealed(services, wanted)


def test_a_later_opt_out_takes_the_ids_out_of_what_waits(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock, meta: Meta
) -> None:
    do(services, "UPDATE shop_policy SET ldu = true")
    buy(client, clock, note_attributes=written(clock.now()))
    assert sealed(services, wanted)["fbp"] == FBP
    clock.pass_by(minutes=1)
    tell(client, wanted, clock, stage="consent_withdrawn", consent=OPTED_OUT, fbp=None)

    assert not {"fbp", "fbc"} & sealed(services, wanted).keys()
    clock.pass_by(minutes=GRACE)
    work(services)
    [[event]] = meta.events()
    assert row(services)["basis"] == "recorded_consent_ldu"
    assert event["data_processing_options"] == ["LDU"]
    assert not {"fbp", "fbc"} & event["user_data"].keys()


def test_a_later_refusal_ends_it(client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock) -> None:
    buy(client, clock, note_attributes=written(clock.now()))
    clock.pass_by(minutes=1)
    tell(client, wanted, clock, stage="consent_withdrawn", consent=REFUSED, fbp=None)

    assert ended(services) == ("withheld", "consent_declined")
    assert row(services)["sealed_event"] is None


def test_an_order_without_a_checkout_token_has_the_carts_word_alone(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock
) -> None:
    buy(client, clock, checkout_token=None, note_attributes=written(clock.now(), "-", ";"))
    work(services)

    assert ended(services)[0] in {"withheld", "ignored"}
    assert row(services)["cart_choice"]["consent"] == [False] * 4


def test_while_tracking_is_off_the_figures_follow_and_no_id_is_kept(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock
) -> None:
    switch_off(services, wanted)
    buy(client, clock, note_attributes=written(clock.now()))
    assert row(services)["sealed_event"] is None
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services) == ("missed", "tracking_off")
    assert (row(services)["would_recorded"], row(services)["would_store_policy"]) == (True, True)


def test_the_page_says_who_told_the_choice(
    client: FlaskClient, services: Services, wanted: Shop, clock: MovedClock
) -> None:
    merchant = Merchant(client, sub="7001")
    buy(client, clock, note_attributes=written(clock.now(), "ma", ";"))
    work(services)
    page = Page(merchant.get(f"/orders/{ORDER_ID}"))
    assert len(page.all("dd", data_told_by="cart")) == 1
    assert len(page.all("dd", data_consent="given")) == 1

    clock.pass_by(seconds=1)
    purchase(client, wanted, clock, "blocked")
    assert len(Page(merchant.get(f"/orders/{ORDER_ID}")).all("dd", data_told_by="pixel")) == 1


def test_the_switch_is_off_saved_with_the_rest_and_recorded(
    client: FlaskClient, services: Services, shop: Shop
) -> None:
    merchant = Merchant(client, sub="7001")
    page = Page(merchant.get("/settings"))
    assert "checked" not in page.one("s-checkbox", name="cart_choices").attributes
    link = page.one("s-link", target="_top", data_theme_block="")
    where = f"https://{shop.domain}/admin/themes/current/editor?context=apps&activateAppId="
    assert link["href"].startswith(where)
    assert link["href"].endswith("/choice")

    page = saved(merchant, cart_choices="yes")
    assert "checked" in page.one("s-checkbox", name="cart_choices").attributes
    assert shop_of(services).cart_choices is True
    [change] = policy_changes(services, shop)
    assert (change["what"], change["old"], change["new"], change["user_id"]) == ("cart_choices", "no", "yes", "7001")
    assert "Buyer's choice from the cart" in merchant.get("/switch-log").text.replace("&#39;", "'")

    saved(merchant, cart_choices="")
    assert shop_of(services).cart_choices is False


def test_a_form_with_a_mistake_keeps_the_tick(client: FlaskClient, services: Services, shop: Shop) -> None:
    merchant = Merchant(client, sub="7001")
    page = Page(save(merchant, cart_choices="yes", grace_minutes="1"))

    assert "checked" in page.one("s-checkbox", name="cart_choices").attributes
    assert shop_of(services).cart_choices is False
