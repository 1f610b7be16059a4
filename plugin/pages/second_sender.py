"""POST /second-sender: the staff have seen that somebody else sends to the dataset, and put the warning away."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.storage import reading, reports, shops


@merchant_only
def dismiss_sender(visit: Visit) -> ResponseReturnValue:
    """Put the warning away that named `count` purchases; one that names others by now stays.

    `plugin/pages/tracking.py` says when it comes back. The settings page and the switch's dialog go on telling.
    """
    with visit.given.database.transaction() as conn:
        held = reading.hold(conn, visit.shop)
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain) if held else None
        found = None if shop is None else reports.latest(conn, shop.id)
        count = found[0].foreign if found else 0
        is_seen = count > 0 and request.form.get("count") == str(count)
        if shop is not None and shop.connection is not None and is_seen:
            reports.dismiss(conn, shop.id, shop.connection, count, visit.now)
    return go_on("pages.dashboard", "sender_dismissed" if is_seen else "sender_changed")
