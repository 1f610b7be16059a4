"""Requests for somebody's privacy: what Shopify asked for is done within minutes. Rows are the truth, as for orders."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from plugin.jobs import revoking
from plugin.jobs.each import apart
from plugin.recovery.privacy import Topic
from plugin.services import Services
from plugin.storage import alerts, connections, erasure, evidence, locks, privacy, retention, shops
from plugin.storage.database import Conn
from plugin.storage.privacy import Request

log = logging.getLogger(__name__)
WAIT_FOR_FLIGHT = 1.0
"""Seconds; what a request to Meta still holds then is erased in the next round."""
BATCH = 500
LEFT_BEFORE = timedelta(hours=48)
"""From uninstalling to ``shop/redact``; which of the two its time is that of, Shopify does not say."""


def settle_requests(given: Services) -> None:
    """Do what is asked for, the oldest first; what cannot be done yet, or fails, comes again in the next round."""
    with given.database.transaction() as conn:
        privacy.forget_files(conn, given.clock.now())
        found = privacy.open_requests(conn)
    for request in found:
        said = {"shop_id": request.shop_id, "topic": request.topic}
        try:
            _settle(given, request)
        except locks.LockTimeout:
            log.info("privacy request waits for a request to Meta", extra=said)
        except Exception:  # one shop's trouble, whatever it is, is no other's: this is the job's wrapper
            log.exception("privacy request failed", extra=said)
        else:
            log.info("privacy request done", extra=said)


def _settle(given: Services, request: Request) -> None:
    if request.topic is Topic.DATA_REQUEST:
        _find(given, request)
    elif request.topic is Topic.CUSTOMER_REDACT:
        _forget(given, request)
    else:
        _erase(given, request)


def _find(given: Services, request: Request) -> None:
    """Find out which orders are meant; the file itself is made whenever the merchant loads it, and stored nowhere."""
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, request.shop_id)
        if shop is None:
            return
        order_ids = privacy.resolve(conn, shop, request)
        privacy.count(conn, request, privacy.known(conn, shop.id, order_ids))
        privacy.end(conn, request, given.clock.now())


def _forget(given: Services, request: Request) -> None:
    """Erase a customer's orders. The tombstones come first, so that none of them comes in again meanwhile.

    Raises:
        LockTimeout: a request to Meta holds one of them; the others are erased.
    """
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, request.shop_id)
        order_ids = () if shop is None else privacy.resolve(conn, shop, request)
        if shop is not None:
            erasure.bury(conn, shop, order_ids)
    for batch in _batches(order_ids):
        _forget_some(given, request, batch, held_too=False)
        with given.database.transaction() as conn:
            held = erasure.remaining(conn, request.shop_id, batch)
        if held:
            with locks.nothing_in_flight(given.database, request.shop_id, WAIT_FOR_FLIGHT):
                _forget_some(given, request, batch, held_too=True)
    with given.database.transaction() as conn:
        privacy.end(conn, request, given.clock.now())


def _forget_some(given: Services, request: Request, order_ids: Sequence[int], *, held_too: bool) -> None:
    with given.database.transaction() as conn:
        shop = shops.by_id(conn, given.vault, request.shop_id)
        if shop is not None:
            found = erasure.forget(conn, shop, order_ids, given.clock.now(), held_too=held_too)
            privacy.count(conn, request, found)


def _batches(order_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (order_ids[start : start + BATCH] for start in range(0, len(order_ids), BATCH))


def _erase(given: Services, request: Request) -> None:
    """Erase a shop that has left, unless it has come back since; what began anew is not what was left.

    Raises:
        LockTimeout: a request to Meta with its orders is still out.
    """
    now = given.clock.now()
    with given.database.transaction() as conn:
        if _is_back(conn, request):
            privacy.end(conn, request, now, "ignored")
            return
        left = _let_go(given, conn, request.shop_id)
    _erase_left(given, request.shop_id, left, WAIT_FOR_FLIGHT)


def _is_back(conn: Conn, request: Request) -> bool:
    """Whether the shop is installed, and that since less than the time for which Shopify waits after an uninstall.

    One that is installed for longer has left without our being told.
    """
    row = conn.execute(
        "SELECT 1 FROM shop WHERE id = %s AND uninstalled_at IS NULL AND installed_at > %s",
        (request.shop_id, request.triggered_at - LEFT_BEFORE),
    ).fetchone()
    return row is not None


def erase_late(given: Services) -> None:
    """Erase what a post brought while the switch went off; orders are the sweep's."""
    with given.database.transaction() as conn:
        evidence.forget_late_browsers(conn)


def drop_old(given: Services) -> None:
    """Delete what is older than it is kept, shop by shop."""
    with given.database.transaction() as conn:
        alerts.drop_old(conn, given.clock.now())
        shop_ids = retention.all_shops(conn)
    for shop_id in shop_ids:
        with apart(log, "what is old stays", shop_id=shop_id):
            _drop_old_of(given, shop_id)


def _drop_old_of(given: Services, shop_id: int) -> None:
    more = True
    while more:
        with given.database.transaction() as conn:
            more = retention.drop_old(conn, shop_id, given.clock.now())


def erase_shop(given: Services, shop_id: int, patience: float) -> None:
    """Let a shop leave if it has not, and erase all of it but domain, generation and date.

    Raises:
        LockTimeout: after `patience` seconds a request to Meta was still out; nothing new starts, so try again.
    """
    with given.database.transaction() as conn:
        left = _let_go(given, conn, shop_id)
    _erase_left(given, shop_id, left, patience)


def _let_go(given: Services, conn: Conn, shop_id: int) -> int | None:
    """Let a shop leave if it has not; return the generation that is to be erased. Its key need not open for this."""
    row = conn.execute("SELECT domain FROM shop WHERE id = %s", (shop_id,)).fetchone()
    if row is not None:
        connections.uninstall(conn, row["domain"], given.clock.now())
    return erasure.generation_left(conn, shop_id)


def _erase_left(given: Services, shop_id: int, generation: int | None, patience: float) -> None:
    revoking.give_back(given, shop_id)  # where it left just now: with its key the token is gone
    with locks.nothing_in_flight(given.database, shop_id, patience), given.database.transaction() as conn:
        if generation is None or erasure.generation_left(conn, shop_id) != generation:
            return  # it was installed again meanwhile: the next round judges anew
        erasure.erase_shop(conn, shop_id, given.clock.now())
    given.vault.forget(shop_id)
    log.info("store erased", extra={"shop_id": shop_id})
