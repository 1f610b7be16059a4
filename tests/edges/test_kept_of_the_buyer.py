from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE, REFUSED, Meta, browser_ids_kept
from tests.edges.ledger_view import buy, ended, purchase, row, switch_on, tell, work


@pytest.mark.parametrize("end", ["recovered", "tracked", "withheld"])
def test_browser_ids_are_erased_in_the_transaction_that_ends_the_waiting(
    client: FlaskClient, services: Services, shop: Shop, meta: Meta, clock: MovedClock, end: str
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    if end == "withheld":  # nothing that Meta could match by
        nobody = dict.fromkeys(("email", "contact_email", "phone", "customer", "billing_address", "shipping_address"))
        buy(client, clock, **nobody)
    else:
        buy(client, clock)
    if end == "tracked":
        purchase(client, shop, clock, "sent")
    clock.pass_by(minutes=GRACE)
    work(services)

    assert ended(services)[0] == end
    assert browser_ids_kept(services) == 0


def test_evidence_after_the_decision_leaves_no_browser_ids(
    client: FlaskClient, services: Services, shop: Shop, meta: Meta, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy(client, clock)
    clock.pass_by(minutes=GRACE)
    work(services)
    assert ended(services) == ("withheld", "consent_unknown")

    tell(client, shop, clock, stage="consent_updated")

    assert browser_ids_kept(services) == 0


def test_a_refusal_after_midnight_erases_the_browser_ids_of_the_day_before(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    clock.at = clock.at.replace(hour=23, minute=59)
    tell(client, shop, clock)

    clock.pass_by(minutes=2)
    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED)

    assert browser_ids_kept(services) == 0


def test_after_a_refusal_before_midnight_no_browser_ids_are_kept(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    clock.at = clock.at.replace(hour=23, minute=59)
    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED)
    before = clock.now() - timedelta(minutes=1)

    clock.pass_by(minutes=2)
    tell(client, shop, clock, ts=before.isoformat())  # an older post, late on its way

    assert browser_ids_kept(services) == 0


def test_of_a_buyer_who_has_already_refused_the_hashes_are_not_stored_at_all(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED)

    buy(client, clock)

    assert row(services)["sealed_event"] is None
