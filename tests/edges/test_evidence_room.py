from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from plugin.flood import Gate
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.ledger_view import buy, ended, switch_on, tell, work
from tests.edges.posts import REFUSED, STRANGER, Hand, narrow_gate, post, rows


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def narrow(services: Services, hand: Hand) -> Gate:
    return narrow_gate(services, hand)


def test_without_room_known_checkouts_go_on_and_new_ones_are_refused(
    client: FlaskClient, services: Services, shop: Shop, narrow: Gate, hand: Hand
) -> None:
    answers = []
    for number in range(5):
        hand.now += 1
        answers.append(post(client, shop.ingest_key, f"checkout-{number}"))

    assert [answer.status_code for answer in answers] == [204, 204, 204, 429, 429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert post(client, shop.ingest_key, "checkout-1", stage="payment_info_submitted").status_code == 204
    assert post(client, STRANGER, "checkout-9").status_code == 204
    assert rows(services) == 3


def test_without_room_a_refusal_is_still_kept_and_so_is_an_orders_own_post(
    client: FlaskClient, services: Services, shop: Shop, narrow: Gate, hand: Hand, clock: MovedClock
) -> None:
    switch_on(services, shop)
    buy(client, clock)
    for number in range(3):
        post(client, shop.ingest_key, f"checkout-{number}")

    assert post(client, shop.ingest_key, "another", stage="consent_withdrawn", consent=REFUSED).status_code == 204
    hand.now += 9
    tell(client, shop, clock, stage="consent_withdrawn", consent=REFUSED)

    assert rows(services) == 5
    assert ended(services) == ("withheld", "consent_declined")


def test_checkouts_that_came_to_orders_make_room_and_rows_of_other_processes_take_it(
    client: FlaskClient, services: Services, shop: Shop, narrow: Gate, hand: Hand, clock: MovedClock
) -> None:
    for number in range(3):
        post(client, shop.ingest_key, f"checkout-{number}")
    assert post(client, shop.ingest_key, "checkout-3").status_code == 429

    buy(client, clock)
    tell(client, shop, clock)  # an order's own: counted, it makes room for ten more
    hand.now += 61
    assert post(client, shop.ingest_key, "checkout-4").status_code == 204

    other = Gate(per_address=1, per_shop=99, checkouts=3, clock=hand)
    object.__setattr__(services, "gate", other)
    codes = [post(client, shop.ingest_key, f"other-{number}").status_code for number in range(15)]
    assert codes == [204] * 9 + [429] * 6
    assert rows(services) == 3 + 1 + 1 + 9


def test_a_full_day_leaves_the_ledger_and_the_next_day_alone(
    client: FlaskClient, services: Services, shop: Shop, narrow: Gate, hand: Hand, clock: MovedClock
) -> None:
    switch_on(services, shop)
    for number in range(4):
        post(client, shop.ingest_key, f"checkout-{number}")
    buy(client, clock)
    clock.pass_by(minutes=31)
    work(services)

    assert ended(services) == ("withheld", "consent_unknown")
    clock.pass_by(days=1)
    assert post(client, shop.ingest_key, "tomorrow").status_code == 204
