"""The daily reading of a dataset, against the sandbox's Meta: what is kept of it beside what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from plugin.recovery.dataset_report import Counts, Ledger, Told
from plugin.services import Services
from plugin.storage import reports
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import logins, visits
from tests.edges.crowd import crowd
from tests.edges.ledger_view import switch_on
from tests.edges.logins import later, new_merchant
from tests.edges.readings import buy_in_browsers, other_sender, read, recover
from tests.edges.visits import Merchant, shop_of


@pytest.fixture
def sandbox() -> Iterator[World]:
    with logins.sandbox() as world:
        world.clock.offset -= 60  # it runs, the app's stands still: what comes in is never of the app's future
        yield world


@pytest.fixture
def merchant(client: FlaskClient, sandbox: World) -> Merchant:
    merchant = new_merchant(client, sandbox)
    visits.connect(merchant)
    return merchant


def test_the_rounds_of_a_day_reach_every_dataset_of_20000_shops() -> None:
    rounds = timedelta(days=1) / timedelta(minutes=10)

    assert rounds * reports.MOST_SHOPS >= 20_000 * 1.25  # errors are read again hourly


@pytest.mark.parametrize("by_login", [False, True])
def test_what_meta_counts_is_kept_beside_what_the_ledger_says(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock, *, by_login: bool
) -> None:
    if by_login:
        merchant.post("/disconnect")
        logins.connect(merchant)
    recover(services, sandbox, 3)
    buy_in_browsers(sandbox, 4)
    later(clock, sandbox, days=1, hours=1)

    report = read(services)

    assert report.told is Told.COUNTED
    assert report.figures is not None
    assert report.figures.meta == Counts(web=4, server=3, ours=3)
    assert report.figures.ledger == Ledger(sent=3, settled=3, most=3, orders=3)
    assert (report.foreign, report.figures.missing, report.figures.surplus) == (0, 0, 0)
    assert report.quality.told is Told.COUNTED
    assert report.quality.goal == 75
    assert report.quality.coverage == 0, "only missed orders are sent"
    assert report.quality.keys[0].server == 100


def test_another_sender_is_seen_beside_our_own(merchant: Merchant, services: Services, sandbox: World) -> None:
    recover(services, sandbox, 3)
    other_sender(sandbox, 5)

    report = read(services)

    assert report.figures is not None
    assert report.figures.meta == Counts(web=0, server=8, ours=3)
    assert report.foreign == 5


def test_ours_are_nobody_elses_even_if_meta_does_not_know_our_name(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    recover(services, sandbox, 3)
    for post in sandbox.meta._posts[:]:  # noqa: SLF001 - Meta forgets a name, which it cannot be asked to
        sandbox.meta.note(post, None, None)

    report = read(services)

    assert report.figures is not None
    assert report.figures.meta == Counts(web=0, server=3, ours=0)
    assert report.foreign == 0
    assert report.figures.missing == 0, "sent less than a day ago"
    later(clock, sandbox, days=1, hours=1)
    later_on = read(services)
    assert later_on.figures is not None
    assert later_on.figures.missing == 3


def test_what_the_pixel_may_have_reported_after_all_is_not_expected(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    numbers = recover(services, sandbox, 3)
    with services.database.transaction() as conn:
        conn.execute('UPDATE paid_order SET summary = \'{"delivery": "pending"}\' WHERE order_id = %s', (numbers[0],))
    later(clock, sandbox, days=1, hours=1)

    report = read(services)

    assert report.figures is not None
    assert (report.figures.ledger.sent, report.figures.ledger.settled) == (3, 2)


def test_the_pixels_own_word_is_counted_by_the_day_it_was_placed(
    merchant: Merchant, services: Services, clock: MovedClock
) -> None:
    shop = shop_of(services)
    switch_on(services, shop)
    for days, first in ((0, 100), (2, 200), (8, 300)):
        crowd(services, shop, 2, first=first, placed=clock.now() - timedelta(days=days, hours=3))
    with services.database.transaction() as conn:
        conn.execute(
            "UPDATE paid_order SET outcome = 'tracked', reason = 'pixel_delivered', look_at = NULL,"
            ' sealed_event = NULL, summary = \'{"delivery": "sent"}\' WHERE order_id % 2 = 0'
        )

        found = reports.ledger(conn, shop.id, DEFAULT_DATASET, clock.now())

    assert found == Ledger(pixel=2, pixel_settled=1, orders=4)
    with services.database.transaction() as conn:
        assert reports.ledger(conn, shop.id, "5555555555", clock.now()) == Ledger()
        assert reports.ledger(conn, shop.id + 1, DEFAULT_DATASET, clock.now()) == Ledger()


def test_what_left_more_than_a_week_ago_is_not_counted_as_sent(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    recover(services, sandbox, 2)
    later(clock, sandbox, days=7)

    report = read(services)

    assert report.figures is not None
    assert report.figures.ledger == Ledger(most=2)
    assert report.figures.meta.server == 0


def test_what_was_sent_over_an_earlier_connection_to_the_same_dataset_is_ours_too(
    merchant: Merchant, services: Services, sandbox: World
) -> None:
    recover(services, sandbox, 3)
    merchant.post("/disconnect")
    visits.connect(merchant)

    report = read(services)

    assert report.figures is not None
    assert report.figures.ledger.most == 3
    assert report.figures.surplus == 0
