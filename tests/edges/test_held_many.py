"""A merchant's word on more held orders than one transaction should hold."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage import held, ledger
from plugin.storage.held import Said, Word
from plugin.storage.shops import Shop
from tests.edges.crowd import FIRST, crowd, outcomes
from tests.edges.handwork import do, read_shop, say
from tests.edges.ledger_view import policy_changes, switch_on
from tests.edges.visits import Merchant, Page

CLOSED, HELD = ("failed", "unconfirmed"), ("waiting", "held")


@pytest.fixture
def many(services: Services, shop: Shop) -> Shop:
    """A shop with 25 held orders, of which a transaction takes 10."""
    switch_on(services, shop)
    crowd(services, shop, 25, placed=services.clock.now() - timedelta(days=3))
    do(services, "UPDATE paid_order SET reason = 'held'")
    return shop


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "PART", 10)


def lines(services: Services, shop: Shop) -> list[str]:
    return [change["old"] for change in policy_changes(services, shop) if change["what"] == held.WHAT]


def transactions(services: Services) -> int:
    with services.database.transaction() as conn:
        row = conn.execute("SELECT count(DISTINCT xmin::text) AS n FROM paid_order").fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize("word", Word)
def test_a_word_on_all_is_done_part_by_part_and_is_one_line_of_the_log(
    services: Services, many: Shop, word: Word
) -> None:
    assert say(services, many, Said(word)) == 25

    assert transactions(services) == 3
    assert lines(services, many) == ["25 held"]


def test_what_a_word_did_not_reach_in_time_still_needs_one_and_the_log_says_how_far_it_came(
    services: Services, many: Shop, client: FlaskClient
) -> None:
    assert say(services, many, Said(Word.CLOSE, patience=0)) == 10

    assert outcomes(services) == {CLOSED: 10, HELD: 15}
    assert lines(services, many) == ["10 held"]
    assert Page(Merchant(client).load("/orders")).all("s-section", data_held="15")


def test_an_order_that_needs_a_word_only_since_then_is_not_meant(
    services: Services, many: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(services, "UPDATE paid_order SET reason = 'sending' WHERE order_id = %s", FIRST + 24)
    judge = ledger.judge

    def meanwhile(*given: Any) -> Any:
        do(services, "UPDATE paid_order SET reason = 'held' WHERE order_id = %s", FIRST + 24)
        return judge(*given)

    monkeypatch.setattr(ledger, "judge", meanwhile)

    assert say(services, many, Said(Word.CLOSE)) == 24
    assert outcomes(services) == {CLOSED: 24, HELD: 1}


def test_one_orders_own_page_sends_what_its_own_form_says(services: Services, many: Shop, client: FlaskClient) -> None:
    merchant = Merchant(client)
    form = Page(merchant.load(f"/orders/{FIRST}")).all("input", name="shown")[0]

    assert merchant.post(f"/orders/{FIRST}/held", word="close", shown=form["value"]).status_code == 303

    assert outcomes(services) == {CLOSED: 1, HELD: 24}


def test_the_page_carries_no_more_for_many_than_for_one(services: Services, many: Shop) -> None:
    do(
        services,
        "INSERT INTO paid_order (shop_id, order_id, generation, connection_id, number, placed_at, paid_at, updated_at,"
        " day, value, currency, test, from_checkout, cancelled, has_match_data, outcome, reason, look_at)"
        " SELECT shop_id, order_id + n * 1000, generation, connection_id, number, placed_at, paid_at, updated_at, day,"
        " value, currency, test, from_checkout, cancelled, has_match_data, outcome, reason, look_at"
        " FROM paid_order, generate_series(1, 800) n",
    )
    tracemalloc.start()
    try:
        with services.database.transaction() as conn:
            found = held.waiting(conn, read_shop(conn, services, many).id)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found.count == 25 * 801
    assert most < 500_000
