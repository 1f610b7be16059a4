"""How long what is kept is kept, by a clock that is moved: to the last moment it is there, then it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from flask.testing import FlaskClient

from plugin.jobs import _keep_partitions, compliance
from plugin.services import Services
from plugin.storage import retention, schema
from plugin.storage.shops import Shop
from tests.builders import CHECKOUT_TOKEN
from tests.conftest import NOON, MovedClock, install
from tests.edges.handwork import DOWN, GRACE, REFUSED, TAKEN, Meta, do
from tests.edges.ledger_view import ended, purchase, row, switch_off, switch_on, tell, totals, work
from tests.edges.privacy import CANARIES, FBP, buy_as_canary, found_of, rows
from tests.edges.servers import reply

MOMENT = timedelta(seconds=1)
ATTEMPT = (
    "INSERT INTO attempt (shop_id, attempt, generation, count, claimed_at, result)"
    " VALUES (%s, gen_random_uuid(), 1, 1, %s, 'accepted')"
)
CANNOT_GO = (
    "CREATE FUNCTION cannot_go() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING message = 42; END'"
)
REJECTED = reply({"error": {"message": "no", "type": "OAuthException", "code": 100}}, 400)
BUSY = reply({"error": {"message": "slow down", "type": "OAuthException", "code": 4}}, 400)


@pytest.fixture
def days(database_url: str) -> Iterator[None]:
    """Partitions that a test makes and drops; the next one finds none of its own."""
    yield
    with psycopg.connect(database_url, autocommit=True) as conn:
        for (name,) in conn.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'evidence'::regclass"
            " AND inhrelid::regclass::text <> 'evidence_rest'"
        ).fetchall():
            conn.execute(f"DROP TABLE {name}".encode())


def test_decided_orders_go_after_400_days_and_requests_after_90(
    client: FlaskClient, services: Services, waiting: Shop, meta: Meta, clock: MovedClock
) -> None:
    clock.pass_by(minutes=GRACE)
    work(services)
    do(services, "UPDATE attempt SET claimed_at = %s", clock.now())

    clock.pass_by(days=91)
    compliance.drop_old(services)
    assert (rows(services, "attempt"), rows(services, "paid_order")) == (0, 1)
    clock.pass_by(days=310)
    compliance.drop_old(services)

    assert rows(services, "paid_order") == 0
    assert totals(services) == {("recovered", "pixel_silent"): 1}


def test_a_shop_whose_old_rows_cannot_go_keeps_no_others(services: Services, clock: MovedClock) -> None:
    sick, well = install(services, "a.myshopify.com"), install(services, "b.myshopify.com")
    for shop in (sick, well):
        do(services, ATTEMPT, shop.id, clock.now())
    clock.pass_by(days=91)
    do(services, CANNOT_GO)
    do(
        services,
        "CREATE TRIGGER stays BEFORE DELETE ON attempt FOR EACH ROW"
        f" WHEN (OLD.shop_id = {sick.id}) EXECUTE FUNCTION cannot_go()",
    )
    try:
        compliance.drop_old(services)
    finally:
        do(services, "DROP FUNCTION cannot_go CASCADE")

    with services.database.transaction() as conn:
        left = conn.execute("SELECT shop_id FROM attempt").fetchall()
    assert [row["shop_id"] for row in left] == [sick.id]


def test_a_waiting_order_is_never_dropped_for_its_age(services: Services, waiting: Shop, clock: MovedClock) -> None:
    clock.pass_by(days=500)
    compliance.drop_old(services)

    assert rows(services, "paid_order") == 1


def test_the_periods_are_those_that_are_promised() -> None:
    assert schema.EVIDENCE_DAYS == 9
    assert timedelta(days=400) == retention.LEDGER_KEPT
    assert timedelta(days=90) == retention.ATTEMPTS_KEPT


@pytest.mark.parametrize("has_partition", [True, False])
@pytest.mark.parametrize("hour", [0, 23])
def test_evidence_goes_within_nine_days_browser_ids_and_all(
    client: FlaskClient,
    services: Services,
    shop: Shop,
    clock: MovedClock,
    days: None,
    hour: int,
    has_partition: bool,  # noqa: FBT001 - parametrized
) -> None:
    switch_on(services, shop)
    clock.at = NOON.replace(hour=hour)
    if has_partition:
        _keep_partitions(services)
    tell(client, shop, clock, fbp=FBP)

    clock.pass_by(days=8)
    _keep_partitions(services)
    assert rows(services, "evidence") == 1
    clock.pass_by(days=1)
    _keep_partitions(services)

    assert rows(services, "evidence") == 0


@pytest.mark.parametrize(
    "end",
    [
        ("recovered", "pixel_silent"),
        ("tracked", "pixel_delivered"),
        ("withheld", "consent_declined"),
        ("missed", "tracking_off"),
        ("failed", "rejected_by_meta"),
        ("failed", "expired"),
        ("failed", "unconfirmed"),
    ],
)
def test_the_sealed_event_is_there_while_an_order_waits_and_gone_once_it_does_not(
    client: FlaskClient, services: Services, waiting: Shop, meta: Meta, clock: MovedClock, end: tuple[str, str]
) -> None:
    """That it goes in the same transaction is the table's own rule: `decided_row_holds_no_buyer`."""
    meta.says({"rejected_by_meta": REJECTED, "expired": BUSY, "unconfirmed": DOWN}.get(end[1], reply(TAKEN)))
    assert row(services)["sealed_event"] is not None
    if end[0] == "tracked":
        purchase(client, waiting, clock, "sent")
    elif end[0] == "withheld":
        tell(client, waiting, clock, stage="consent_withdrawn", consent=REFUSED)
    elif end[1] == "expired":
        purchase(client, waiting, clock, "blocked")
    elif end[0] == "missed":
        switch_off(services, waiting)
    clock.pass_by(minutes=GRACE)
    work(services)
    if end[1] in {"expired", "unconfirmed"}:
        assert row(services)["sealed_event"] is not None
        clock.at = row(services)["placed_at"] + timedelta(days=7)
        work(services)

    assert ended(services) == end
    assert row(services)["sealed_event"] is None
    hashes = [one for one in CANARIES if one != CHECKOUT_TOKEN]
    assert found_of(services, *hashes) == set()


def test_what_stands_in_the_ledger_for_400_days_has_nothing_of_the_buyer(
    client: FlaskClient, services: Services, shop: Shop, meta: Meta, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock, fbp=FBP)
    buy_as_canary(client, clock)
    clock.pass_by(minutes=GRACE)
    work(services)
    paid = row(services)["paid_at"]

    clock.at = paid + retention.LEDGER_KEPT
    compliance.drop_old(services)
    assert ended(services) == ("recovered", "pixel_silent")
    assert found_of(services, *CANARIES) == set()
    clock.at += MOMENT
    compliance.drop_old(services)

    assert rows(services, "paid_order") == 0


def test_requests_to_meta_are_kept_for_90_days_to_the_second(
    client: FlaskClient, services: Services, waiting: Shop, meta: Meta, clock: MovedClock
) -> None:
    clock.pass_by(minutes=GRACE)
    work(services)
    do(services, "UPDATE attempt SET claimed_at = %s", clock.now())

    clock.at += retention.ATTEMPTS_KEPT
    compliance.drop_old(services)
    assert rows(services, "attempt") == 1
    clock.at += MOMENT
    compliance.drop_old(services)

    assert rows(services, "attempt") == 0
