"""GET and POST /settings, and the switch's log: the page "Facebook integration settings"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.pages import placing
from plugin.pages.choices import LONGEST_GRACE, SHORTEST_GRACE, Choices, WrongChoices, keep
from plugin.pages.door import Visit, merchant_only
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.pages.tracking import tracking_of
from plugin.storage import installs, orm, reading, shops
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop

PLACE = "settings"
NOTHING: Mapping[str, str] = {}


@merchant_only
def settings(visit: Visit) -> ResponseReturnValue:
    """Show the settings."""
    return show(visit)


@merchant_only
def save_settings(visit: Visit) -> ResponseReturnValue:
    """Keep the form, and tell the pixel where it has to know."""
    try:
        chosen = Choices.from_form(request.form)
    except WrongChoices as fault:
        return show(visit, errors=fault.errors, typed=request.form)
    shop = _keep(visit, chosen)
    if shop is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    if shop.connection is not None and shop.web_pixel_id is None and visit.shop.web_pixel_id is not None:
        return go_on("pages.settings", placing.place(visit, shop) or "saved")
    return go_on("pages.settings", "saved")


@merchant_only
def switch_log(visit: Visit) -> ResponseReturnValue:
    """Show who changed the switch and the settings, when and where."""
    changes = orm.policy_changes(visit.shop.id)
    return render_template("switch_log.html", shop=visit.shop, changes=changes)


def show(
    visit: Visit, *, errors: Mapping[str, str] = NOTHING, typed: Mapping[str, str] = NOTHING
) -> ResponseReturnValue:
    """Return the page. `errors`: what is wrong, by field (then it answers 422); `typed`: what the form had in it."""
    with visit.given.database.transaction() as conn:
        tracking = tracking_of(conn, visit.shop, PLACE)
    page = render_template(
        "settings.html",
        shop=visit.shop,
        tracking=tracking,
        chosen=_fields(visit.shop, typed),
        shortest=SHORTEST_GRACE,
        longest=LONGEST_GRACE,
        errors=errors,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _fields(shop: Shop, typed: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the page's fields: what was typed, else what is kept. A token is never shown again."""
    connected = shop.connection.dataset if shop.connection else ""
    fields = asdict(Choices.of(shop)) | {"dataset": connected}
    if "consent_mode" in typed or "grace_minutes" in typed:
        fields |= {"ldu": typed.get("ldu") == "yes"}
    return fields | {name: typed[name] for name in fields if name != "ldu" and name in typed}


def _keep(visit: Visit, chosen: Choices) -> Shop | None:
    """Keep the choices; return the shop as it then is, None if it has left meanwhile.

    A pixel that still has older settings counts as not placed, until it has been given the new ones.
    """
    with visit.given.database.transaction() as conn:
        if not reading.hold(conn, visit.shop):
            return None
        before = shops.by_domain(conn, visit.given.vault, visit.shop.domain)
        assert before is not None  # noqa: S101 - held a line above
        keep(conn, before, chosen, Staff(visit.user_id, PLACE), visit.now)
        if before.web_pixel_id is not None and Choices.of(before).changes_pixel(chosen):
            installs.keep_web_pixel(conn, visit.shop.id, None)
        return shops.by_domain(conn, visit.given.vault, visit.shop.domain)
