from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask.testing import FlaskClient

from plugin.meta.errors import Cause
from plugin.services import Services
from plugin.storage.settling import Settling, Told
from plugin.storage.shops import Shop
from tests.conftest import MovedClock
from tests.edges.handwork import GRACE, Meta, claimed, started
from tests.edges.ledger_view import buy, ended, purchase, row, somebody_waits_for_a_lock, switch_on, tell, work


def test_an_order_that_the_pixel_delivered_is_tracked_though_meta_refused_the_servers_copy(
    client: FlaskClient, services: Services, missed: Shop
) -> None:
    post = started(services, claimed(services, missed))
    assert post is not None
    purchase(client, missed, services.clock, "sent")  # type: ignore[arg-type]

    with services.database.transaction() as conn:
        Settling(conn, services.vault, post, services.clock.now(), Told("100/2804050", "Atrace")).refused()

    assert ended(services) == ("tracked", "pixel_delivered")


def test_a_delivery_that_comes_while_an_answer_is_being_written_settles_the_order_at_once(
    client: FlaskClient, services: Services, missed: Shop, clock: MovedClock, crew: ThreadPoolExecutor
) -> None:
    post = started(services, claimed(services, missed))
    assert post is not None
    with services.database.transaction() as conn:
        settling = Settling(conn, services.vault, post, services.clock.now())
        settling.broken(Cause.TOKEN_REVOKED)
        told = crew.submit(purchase, client, missed, clock, "sent")
        somebody_waits_for_a_lock(services)
    told.result(10)

    assert ended(services) == ("tracked", "pixel_delivered")


def test_the_ledger_names_the_fields_that_were_sent_and_no_others(
    client: FlaskClient, services: Services, shop: Shop, meta: Meta, clock: MovedClock
) -> None:
    switch_on(services, shop)
    tell(client, shop, clock)
    buy(client, clock, billing_address=None, shipping_address=None, customer=None, phone=None)
    clock.pass_by(minutes=GRACE)
    work(services)

    [[sent]] = meta.events()
    told = set(row(services)["fields_sent"])
    assert told <= set(sent["user_data"])
