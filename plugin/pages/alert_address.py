"""POST /alerts: where to write to when something needs the merchant."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages import settings
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.storage import alerts, policy, reading
from plugin.storage.policy import Staff

LONGEST: Final = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3 less its brackets)."""
ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
ADDRESS: Final = re.compile(rf"(?!.*=\?){ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})+", re.IGNORECASE | re.ASCII)
"""A dot-atom (RFC 5322, 3.2.3) without the beginning of an encoded word, which whoever reads a header would decode."""
WRONG: Final = N_("Enter one e-mail address, such as owner@example.com.")


@merchant_only
def keep_alert_address(visit: Visit) -> ResponseReturnValue:
    """Keep `alert_address`; empty: no e-mails any more. The log says that it changed, never what it is."""
    typed = request.form.get("alert_address", "").strip()
    if typed and not (len(typed) <= LONGEST and typed.isascii() and ADDRESS.fullmatch(typed)):
        return settings.show(visit, errors={"alert_address": _(WRONG)}, typed={"alert_address": typed})
    if not _keep(visit, typed or None):
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    return go_on("pages.settings", "alerts_on" if typed else "alerts_off")


def _keep(visit: Visit, address: str | None) -> bool:
    with visit.given.database.transaction() as conn:
        if not reading.hold(conn, visit.shop):
            return False
        before = alerts.address_of(conn, visit.shop)
        alerts.keep_address(conn, visit.shop, address)
        if before != address:
            words = ("on" if before else "off", "on" if address else "off")
            staff = Staff(visit.user_id, settings.PLACE)
            policy.record(conn, visit.shop.id, staff, visit.now, ("alerts", *words, None))
    return True
