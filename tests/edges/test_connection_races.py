from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from plugin.meta.errors import Cause
from plugin.services import Services
from plugin.storage import connections, ledger
from plugin.storage.settling import Settling
from plugin.storage.shops import Shop
from tests.conftest import MovedClock, connect
from tests.edges.handwork import Meta, claimed, do, read_shop, started
from tests.edges.ledger_view import ended, work


def test_an_order_judged_while_the_merchant_connects_again_does_not_wait_for_a_broken_connection(
    services: Services, missed: Shop, meta: Meta, clock: MovedClock, crew: ThreadPoolExecutor
) -> None:
    do(services, "UPDATE meta_connection SET broken = 'token_revoked'")
    with services.database.transaction() as conn:
        before = read_shop(conn, services, missed)
        again = crew.submit(connect, services, before)
        time.sleep(0.5)
        ledger.sweep(conn, before, clock.now())
    again.result(10)

    for _ in range(3):
        clock.pass_by(hours=1)
        work(services)

    assert ended(services) == ("recovered", "pixel_silent")


def test_an_answer_to_the_old_token_does_not_break_the_new_one(services: Services, missed: Shop) -> None:
    held = claimed(services, missed)
    post = started(services, held)
    assert post is not None
    with services.database.transaction() as conn:
        now = read_shop(conn, services, missed)
        connections.connect(conn, now, "1234567890123456", "EAAnewtoken", user_id="42", now=services.clock.now())

    with services.database.transaction() as conn:
        Settling(conn, services.vault, post, services.clock.now()).broken(Cause.TOKEN_REVOKED)

    with services.database.transaction() as conn:
        found = read_shop(conn, services, missed).connection
    assert found is not None
    assert found.broken is None
