"""POST /scopes: what Shopify lets this app do beside what it needs, after the staff have been asked, or took it back.

The asking itself is App Bridge's, in the browser. What came of it is read from Shopify here, so that the page shows it
at once and whatever the browser said; the webhook app/scopes_update tells the same, sooner or later.
"""

from __future__ import annotations

import logging
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from plugin.jobs import asking
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.shopify.errors import ShopifyError
from plugin.shopify.orders_again import read_granted
from plugin.shopify.queries import GRANTED_SCOPES
from plugin.storage import installs, opt_outs

log = logging.getLogger(__name__)

DECLINED: Final = "declined-all"
"""What App Bridge says where the staff said no."""
NONE: Final = "none"
"""Kept where nothing is granted; an empty text would mean that the store has not told."""


@merchant_only
def look_at_scopes(visit: Visit) -> ResponseReturnValue:
    """Read what is granted by now. `step` is what was tried, `request` or `revoke`; `said` what App Bridge answered."""
    try:
        granted = read_granted(asking.ask(visit.given, visit.shop, GRANTED_SCOPES))
    except ShopifyError as fault:
        asking.tell(log, "scopes not read", visit.shop.id, fault)
        return go_on("pages.settings", "scopes_not_read")
    with visit.given.database.transaction() as conn:
        # as of this visit: what Shopify tells by webhook of a later time counts
        installs.scopes_told(conn, visit.shop.domain, ",".join(sorted(granted)) or NONE, visit.now)
    log.info("scopes noted", extra={"shop_id": visit.shop.id})
    return go_on("pages.settings", _note(is_granted=bool(granted & opt_outs.GRANTS)))


def _note(*, is_granted: bool) -> str:
    if request.form.get("step") == "revoke":
        return "scope_not_revoked" if is_granted else "scope_revoked"
    if is_granted:
        return "scope_granted"
    return "scope_declined" if request.form.get("said") == DECLINED else "scope_unavailable"
