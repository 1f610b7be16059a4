"""POST /offline-tracking: on takes a recorded confirmation of the privacy warning, off takes nothing and is at once."""

from __future__ import annotations

import logging
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from plugin.pages import dashboard, settings
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.tracking import PLACES
from plugin.pages.words import SWITCH, WARNING_VERSION
from plugin.storage import again, policy, reading, shops
from plugin.storage.policy import Staff

log = logging.getLogger(__name__)

NOT_CONFIRMED: Final = "Tick this box to confirm that your shop may share this data with Meta."
OLD_WARNING: Final = "The privacy notice has changed since this page was loaded. Please read it again, then confirm."
NOT_CONNECTED: Final = f"{SWITCH} needs a connected dataset. Connect Facebook first; nothing was turned on."
NO_SUCH_STEP: Final = "The switch can be turned on or off, and nothing else. Nothing was changed."


@merchant_only
def offline_tracking(visit: Visit) -> ResponseReturnValue:
    """Move the switch: `on` 1 or 0, `place` the page it is on; to put it on also `ack` and the text's `warning`.

    `recover`, where ticked: the last 7 days are recovered too.
    """
    form = request.form
    place, wanted = form.get("place", ""), form.get("on", "")
    if place not in PLACES or wanted not in {"0", "1"}:
        return _refused(visit, place, "switch", NO_SUCH_STEP)
    if wanted == "0":
        return _off(visit, place)
    if form.get("warning") != WARNING_VERSION:
        return _refused(visit, place, "ack", OLD_WARNING)
    if form.get("ack") != "yes":
        return _refused(visit, place, "ack", NOT_CONFIRMED)
    return _on(visit, place)


def _on(visit: Visit, place: str) -> ResponseReturnValue:
    staff, recovers = Staff(visit.user_id, place), request.form.get("recover") == "yes"
    with visit.given.database.transaction() as conn:
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain) if reading.hold(conn, visit.shop) else None
        can_be_on = shop is not None and shop.connection is not None
        changed = can_be_on and policy.switch_on(conn, visit.shop.id, staff, WARNING_VERSION, visit.now)
        # read again: now that it is ours to move, nobody else moves the switch
        after = shops.by_domain(conn, visit.given.vault, visit.shop.domain) if changed and recovers else None
        if after is not None:
            again.ask(conn, after, staff, visit.now)
    if not can_be_on:
        return _refused(visit, place, "switch", NOT_CONNECTED)
    log.info("offline tracking switched on", extra={"shop_id": visit.shop.id, "result": "on" if changed else "was on"})
    return go_on(f"pages.{place}", "on_recovering" if changed and recovers else "on")


def _off(visit: Visit, place: str) -> ResponseReturnValue:
    given, staff = visit.given, Staff(visit.user_id, place)
    ended = policy.switch_off(given.database, given.vault, visit.shop.id, staff, visit.now)
    log.info("offline tracking switched off", extra={"shop_id": visit.shop.id, "count": ended.dropped})
    return go_on(f"pages.{place}", "off_one_out" if ended.still_out else "off", ended.dropped)


def _refused(visit: Visit, place: str, where: str, sentence: str) -> ResponseReturnValue:
    """Show the page that the switch is on again, with the sentence where it belongs."""
    errors = {where: sentence}
    return dashboard.show(visit, errors=errors) if place == "dashboard" else settings.show(visit, errors=errors)
