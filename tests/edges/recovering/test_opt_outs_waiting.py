from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugin.storage import locks
from plugin.storage.database import DatabaseAway
from plugin.storage.sending import claim, start_post
from tests.conftest import GRANTED
from tests.edges.before_on import Before, grant, held, limited, meanwhile
from tests.edges.handwork import LEASE, do
from tests.edges.visits import Page

OPTED_OUT: dict[str, Any] = {"buyer": {"sale_opt_out": True, "email": "zoe@example.com"}}


@pytest.fixture
def town(bare: Before) -> Before:
    """The same, where the merchant granted read_customers."""
    grant(bare)
    return bare


def test_while_the_answer_is_missing_an_order_is_not_sent_and_its_page_says_so(town: Before) -> None:
    order_id = town.sold()
    town.world.faults.put({"name": "graphql_500"})
    town.pass_by(minutes=31)
    for _ in range(3):
        town.ask_customers()
        town.send()
        town.pass_by(hours=1)

    assert town.ended(order_id) == ("waiting", "sending")
    assert town.received() == []
    assert Page(town.merchant().get(f"/orders/{order_id}")).all("s-paragraph", data_asks_customer="")
    town.world.faults.clear()
    town.ask_customers()
    town.send()
    assert town.ended(order_id) == ("recovered", "pixel_silent")


def test_an_order_of_which_nothing_is_ever_said_ends_expired_and_never_sent(town: Before) -> None:
    order_id = town.sold(delivery="blocked")
    town.world.faults.put({"name": "graphql_500"})
    town.pass_by(days=7)
    town.send()
    town.world.faults.clear()
    town.ask_customers()

    town.send()

    assert town.ended(order_id) == ("failed", "expired")
    assert town.received() == []
    assert town.adds_up()


def test_after_an_hour_without_an_answer_it_goes_with_limited_data_use_where_that_is_chosen(town: Before) -> None:
    limited(town)
    order_id = town.sold()
    town.world.faults.put({"name": "graphql_500"})
    town.pass_by(minutes=31)
    town.send()
    town.pass_by(minutes=59)
    town.send()
    assert town.ended(order_id) == ("waiting", "sending")

    town.pass_by(minutes=2)
    town.send()

    assert town.ended(order_id) == ("recovered", "pixel_silent")
    assert town.received()[0]["data_processing_options"] == ["LDU"]
    assert town.rows()[order_id]["basis"] == "recorded_consent_ldu"


def _takes_ldu_back(town: Before) -> None:
    limited(town)
    town.pass_by(hours=2)


def _grants_late(town: Before) -> None:
    do(town.services, "UPDATE shop SET scopes = %s", GRANTED)


@pytest.mark.parametrize("step", [_takes_ldu_back, _grants_late])
def test_an_order_claimed_before_the_answer_was_needed_is_put_back(
    town: Before, step: Callable[[Before], None]
) -> None:
    order_id = town.sold()
    town.pass_by(minutes=31)
    town.judge()
    step(town)
    given, shop = town.services, town.shop()
    with given.database.transaction() as conn:
        claimed = claim(conn, shop.id, town.clock.now(), lease=LEASE)
    assert claimed is not None
    do(given, "UPDATE shop_policy SET ldu = false")
    grant(town)

    with locks.sending(given.database, shop.id), given.database.transaction() as conn:
        assert start_post(conn, given.vault, claimed, town.clock.now(), LEASE) is None

    assert town.rows()[order_id]["attempt"] is None
    town.send()
    assert town.received() == []
    town.ask_customers()
    town.send()
    assert town.ended(order_id) == ("recovered", "pixel_silent")


def test_while_the_database_is_away_the_answer_is_asked_for_again(town: Before) -> None:
    def away() -> None:
        raise DatabaseAway("AdminShutdown")

    order_id = town.sold()
    meanwhile(town, away)
    with pytest.raises(DatabaseAway):
        town.ask_customers()

    town.ask_customers()

    assert held(town, order_id) is False
