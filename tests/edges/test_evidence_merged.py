"""Posts of several versions, events and tabs: one checkout, one evidence."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugin.services import Services
from plugin.storage.shops import Shop
from tests.builders import ORDER_ID
from tests.conftest import MovedClock
from tests.edges.ledger_view import buy, ended, purchase, tell, work


def kept(services: Services) -> list[dict[str, Any]]:
    with services.database.transaction() as conn:
        return conn.execute("SELECT * FROM evidence").fetchall()


def test_a_later_version_that_this_one_may_read_counts_like_any_other(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    purchase(client, shop, clock, "sent", v=2, oldest=1, page={"n": 1})

    buy(client, clock)
    work(services)

    assert ended(services) == ("tracked", "pixel_delivered")
    assert "page" not in repr(kept(services))


def test_what_became_of_the_checkouts_other_events_settles_nothing(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock
) -> None:
    buy(client, clock)

    for stage in ("checkout_started", "payment_info_submitted"):
        for word in ("pending", "sent", "blocked"):
            tell(client, shop, clock, stage=stage, tr=word)

    assert ended(services) == ("waiting", "grace_period")
    clock.pass_by(minutes=31)
    work(services)
    assert ended(services) == ("missed", "tracking_off")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_two_tabs_of_one_checkout_make_one_evidence_in_whatever_order_they_arrive(
    client: FlaskClient, services: Services, shop: Shop, clock: MovedClock, order: tuple[int, ...]
) -> None:
    paid = {"stage": "checkout_completed", "order": str(ORDER_ID), "eid": f"purchase.{ORDER_ID}"}
    posts: list[dict[str, Any]] = [{}, {"tr": "pending"}, {**paid, "tr": "pending"}, {**paid, "tr": "sent"}]
    times = [(clock.now() + timedelta(seconds=n)).isoformat() for n in range(4)]
    buy(client, clock)

    for number in (*order, *order):
        tell(client, shop, clock, ts=times[number], **posts[number])

    assert ended(services) == ("tracked", "pixel_delivered")
    [row_] = kept(services)
    assert len(row_["posts"]) == 4
