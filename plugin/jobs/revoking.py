"""Giving a login back: best effort and bounded. Whatever comes of it, the app has forgotten the token."""

from __future__ import annotations

import logging

from plugin.meta.errors import MetaDisconnected, MetaError
from plugin.services import Services
from plugin.storage import departures, meta_users

log = logging.getLogger(__name__)


def revoke(given: Services, shop_id: int, token: str) -> bool:
    """Ask Meta to take back what was granted with a token; False if it did not. A dead one has been taken back."""
    try:
        given.graph.revoke(token)
    except MetaDisconnected as fault:
        if fault.code in {102, 104, 190}:  # see the table in `plugin.meta.codes`: nothing is left to take back
            return True
        _tell(shop_id, fault)
        return False
    except MetaError as fault:
        _tell(shop_id, fault)
        return False
    log.info("login given back", extra={"shop_id": shop_id})
    return True


def give_back(given: Services, shop_id: int | None = None) -> None:
    """Give back the logins of shops that have left, or of one of them.

    Each is tried once a minute, for an hour; then it is forgotten.
    """
    now = given.clock.now()
    with given.database.transaction() as conn:
        left = departures.waiting(conn, given.vault, now, shop_id)
    for departure in left:
        with given.database.transaction() as conn:
            is_used = meta_users.in_use(conn, departure.user_hash)
        over = departure.token is None or is_used or revoke(given, departure.shop_id, departure.token)
        if over:
            with given.database.transaction() as conn:
                departures.done(conn, departure)


def _tell(shop_id: int, fault: MetaError) -> None:
    codes = {"code": fault.code, "subcode": fault.subcode, "trace_id": fault.trace_id}
    log.warning("login not given back", extra={"shop_id": shop_id, "result": type(fault).__name__} | codes)
