"""POST /offline-tracking: on takes a recorded confirmation of the privacy warning, off takes nothing and is at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages import dashboard, notice, settings
from plugin.pages.changes import value_of
from plugin.pages.choices import CHOOSE_ONE, Choices, keep
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.tracking import PLACES
from plugin.recovery.consent import ConsentMode
from plugin.storage import again, policy, reading, shops
from plugin.storage.database import Conn
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)

NOT_CONFIRMED: Final = N_("Tick this box to confirm that your shop may share this data with Meta.")
OLD_WARNING: Final = N_(
    "The privacy notice has changed since this page was loaded. Please read it again, then confirm."
)
NOT_CONNECTED: Final = N_(
    "Offline conversion tracking needs a connected dataset. Connect Facebook first; nothing was turned on."
)
NO_SUCH_STEP: Final = N_("The switch can be turned on or off, and nothing else. Nothing was changed.")
CHOSEN_ANEW: Final = N_(
    "Somebody else has changed this since the page was loaded: it is “%(holds)s” by now. What you chose is still here; "
    "turn it on once more to keep it."
)
IS_ON: Final = N_(
    "Somebody else has turned it on since this page was loaded, and for buyers without a recorded choice it says "
    "“%(holds)s”. That stands. You can change it on the settings page."
)


@merchant_only
def offline_tracking(visit: Visit) -> ResponseReturnValue:
    """Move the switch: `on` 1 or 0, `place` the page it is on.

    To put it on also `ack` and the name of the text that was shown as `warning`, and the consent `mode`, with the one
    that the page showed as `seen_mode`. `recover`, where ticked: the last 7 days are recovered too.
    """
    form = request.form
    place, wanted = form.get("place", ""), form.get("on", "")
    if place not in PLACES or wanted not in {"0", "1"}:
        return _refused(visit, place, {"switch": _(NO_SUCH_STEP)})
    if wanted == "0":
        return _off(visit, place)
    errors = _faults(form)
    return _refused(visit, place, errors) if errors else _on(visit, place)


def _faults(form: Mapping[str, str]) -> dict[str, str]:
    """What of a confirmation is missing or wrong, by the field where it is shown."""
    errors = {}
    if not notice.is_present(form.get("warning", "")):
        errors["ack"] = _(OLD_WARNING)
    elif form.get("ack") != "yes":
        errors["ack"] = _(NOT_CONFIRMED)
    if form.get("mode") not in set(ConsentMode):
        errors["mode"] = _(CHOOSE_ONE)
    return errors


def _on(visit: Visit, place: str) -> ResponseReturnValue:
    staff, changed = Staff(visit.user_id, place), False
    with visit.given.database.transaction() as conn:
        shop = shops.by_domain(conn, visit.given.vault, visit.shop.domain) if reading.hold(conn, visit.shop) else None
        late = None if shop is None else _late(shop, request.form)
        if shop is not None and shop.connection is not None and late is None:
            changed = _turned_on(conn, visit, staff, shop)
    if shop is None or shop.connection is None:
        return _refused(replace(visit, shop=shop or visit.shop), place, {"switch": _(NOT_CONNECTED)})
    if late is not None:
        return _refused(replace(visit, shop=shop), place, late, HTTPStatus.CONFLICT)
    log.info("offline tracking switched on", extra={"shop_id": visit.shop.id, "result": "on" if changed else "was on"})
    return go_on(f"pages.{place}", _note(changed=changed, recovers=_recovers()))


def _turned_on(conn: Conn, visit: Visit, staff: Staff, shop: Shop) -> bool:
    """Turn it on with the consent mode that was chosen, all of it or nothing; False if it was on already.

    Less sent by this mode than by the one before concerns no order: none that came in while it was off is sent.
    """
    mode = request.form["mode"]
    if mode != shop.policy.consent_mode:
        keep(conn, shop, replace(Choices.of(shop), consent_mode=mode), staff, visit.now)
    changed = policy.switch_on(conn, shop.id, staff, request.form["warning"], visit.now)
    # read again: now that it is ours to move, nobody else moves the switch
    after = shops.by_domain(conn, visit.given.vault, shop.domain) if changed and _recovers() else None
    if after is not None:
        again.ask(conn, after, staff, visit.now)
    return changed


def _late(shop: Shop, form: Mapping[str, str]) -> dict[str, str] | None:
    """Return what somebody else has done since the page was loaded that this form would undo; None: nothing."""
    holds = shop.policy.consent_mode.value
    said = value_of("consent_mode", holds)
    if form["mode"] == holds:
        return None
    if shop.policy.tracking_on:
        return {"switch": _(IS_ON, holds=said)}
    return None if form.get("seen_mode") == holds else {"mode": _(CHOSEN_ANEW, holds=said)}


def _recovers() -> bool:
    return request.form.get("recover") == "yes"


def _note(*, changed: bool, recovers: bool) -> str:
    if changed:
        return "on_recovering" if recovers else "on"
    return "was_on_not_recovering" if recovers else "was_on"


def _off(visit: Visit, place: str) -> ResponseReturnValue:
    given, staff = visit.given, Staff(visit.user_id, place)
    ended = policy.switch_off(given.database, given.vault, visit.shop.id, staff, visit.now)
    log.info("offline tracking switched off", extra={"shop_id": visit.shop.id, "count": ended.dropped})
    return go_on(f"pages.{place}", "off_one_out" if ended.still_out else "off", ended.dropped)


def _refused(
    visit: Visit, place: str, errors: Mapping[str, str], status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY
) -> ResponseReturnValue:
    """Show the page that the switch is on again, with each sentence where it belongs and all that was typed."""
    shown = dashboard.show if place == dashboard.PLACE else settings.show
    page, _status = shown(visit, errors=errors, typed=request.form)
    return page, status
