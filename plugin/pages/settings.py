"""GET and POST /settings: the page "Facebook integration settings"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from plugin.pages import choosing, placing
from plugin.pages.choices import LONGEST_GRACE, SHORTEST_GRACE, Choices, Form, WrongChoices, keep
from plugin.pages.door import Visit, merchant_only
from plugin.pages.figures import last_days
from plugin.pages.identifiers import IDENTIFIERS
from plugin.pages.notices import go_on
from plugin.pages.stopped import SHOP_HAS_LEFT, stopped
from plugin.pages.tracking import NOTHING, tracking_of
from plugin.storage import alerts, counting, installs, opt_outs, overview, policy, reading, shops
from plugin.storage.counting import Measured
from plugin.storage.database import Conn
from plugin.storage.overview import Overview
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop

PLACE = "settings"
TICKED = ("ldu", "cart_choices")
"""Fields that a form carries only where they are ticked."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a form: the shop as it is now, and whether less is sent from now on.

    `meanwhile`: nothing was kept, for these fields were changed since the form's page was loaded (old and new value).
    """

    shop: Shop
    sends_less: bool = False
    meanwhile: Mapping[str, tuple[str, str]] | None = None


@merchant_only
def settings(visit: Visit) -> ResponseReturnValue:
    """Show the settings."""
    return show(visit)


@merchant_only
def save_settings(visit: Visit) -> ResponseReturnValue:
    """Keep the form, and tell the pixel where it has to know.

    Where less is sent from now on, this answers when nothing more of the rest can leave, or says that it still may.
    """
    try:
        chosen = Choices.from_form(request.form)
    except WrongChoices as fault:
        return show(visit, errors=fault.errors, typed=request.form)
    saved = _keep(visit, chosen, request.form.get("seen", ""))
    if saved is None:
        return stopped(SHOP_HAS_LEFT, HTTPStatus.CONFLICT)
    if saved.meanwhile is not None:
        return _refused(replace(visit, shop=saved.shop), saved.meanwhile)
    given, shop, note = visit.given, saved.shop, "saved"
    if saved.sends_less:
        ended = policy.erase_waiting(given.database, given.vault, shop.id, visit.now, policy.WAIT_FOR_FLIGHT)
        note = "saved_one_out" if ended.still_out else note
    if shop.connection is not None and shop.web_pixel_id is None and visit.shop.web_pixel_id is not None:
        problem = placing.place(visit, shop)
        note = problem if problem and note == "saved" else note
    return go_on("pages.settings", note)


def show(
    visit: Visit,
    *,
    errors: Mapping[str, str] = NOTHING,
    typed: Mapping[str, str] = NOTHING,
    meanwhile: Mapping[str, tuple[str, str]] | None = None,
) -> tuple[str, HTTPStatus]:
    """Return the page. `errors`: what is wrong, by field (then it answers 422); `typed`: what the form had in it.

    `meanwhile`: what somebody else has changed (then it answers 409).
    """
    shop = visit.shop
    with visit.given.database.transaction() as conn:
        stands = overview.of(conn, shop.id)
        tracking = tracking_of(conn, shop, PLACE, stands, typed)
        found = _measured(conn, visit) if tracking.can_be_on and not tracking.is_on else None
    shown = _shown(visit, stands, typed) | {"tracking": tracking, "measured": found}
    page = render_template("settings.html", errors=errors, meanwhile=meanwhile, **shown)
    if meanwhile is not None:
        return page, HTTPStatus.CONFLICT
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _measured(conn: Conn, visit: Visit) -> Measured:
    _, today = last_days(visit.shop.time_zone, visit.now)
    return counting.measured(conn, visit.shop.id, today)


def _shown(visit: Visit, stands: Overview, typed: Mapping[str, str]) -> dict[str, Any]:
    """What the page prints beside the switch."""
    return {
        "shop": visit.shop,
        "facebook": choosing.section(visit, stands, typed.get("find", "")),
        "test_code": stands.test_code(visit.now),
        "alert_address": alerts.opened(visit.shop, stands.alert_mail),
        "reads_customers": opt_outs.readable(visit.shop),
        "read_customers": opt_outs.READ_CUSTOMERS,
        "chosen": _fields(visit.shop, MultiDict(typed)),
        "identifiers": IDENTIFIERS,
        "typed_code": typed.get("test_code", ""),
        "typed_address": typed.get("alert_address"),
        "shortest": SHORTEST_GRACE,
        "longest": LONGEST_GRACE,
    }


def _refused(visit: Visit, meanwhile: Mapping[str, tuple[str, str]]) -> ResponseReturnValue:
    """Show what was typed beside what is kept by now; saved once more, it holds."""
    typed = request.form.copy()
    typed["seen"] = Choices.of(visit.shop).seen
    return show(visit, typed=typed, meanwhile=meanwhile)


def _fields(shop: Shop, typed: Form) -> dict[str, Any]:
    """What stands in the page's fields: what was typed, else what is kept. A token is never shown again."""
    connected = shop.connection.dataset if shop.connection else ""
    kept = Choices.of(shop)
    fields = asdict(kept) | {"seen": kept.seen, "dataset": connected}
    if "consent_mode" in typed or "grace_minutes" in typed:
        fields |= {name: typed.get(name) == "yes" for name in TICKED} | {"fields": typed.getlist("fields")}
    return fields | {name: typed[name] for name in fields if name not in {*TICKED, "fields"} and name in typed}


def _keep(visit: Visit, chosen: Choices, seen: str) -> Saved | None:
    """Keep the choices; None if the shop has left meanwhile. `seen`: what the form's page showed.

    A pixel that still has older settings counts as not placed, until it has been given the new ones.
    """
    with visit.given.database.transaction() as conn:
        if not reading.hold(conn, visit.shop):
            return None
        before = shops.by_domain(conn, visit.given.vault, visit.shop.domain)
        assert before is not None  # noqa: S101 - held a line above
        stands = Choices.of(before)
        meanwhile = stands.changed_since(seen)
        if meanwhile != {}:
            return Saved(before, meanwhile=meanwhile or {})
        less = keep(conn, before, chosen, Staff(visit.user_id, PLACE), visit.now)
        if before.web_pixel_id is not None and stands.changes_pixel(chosen):
            installs.keep_web_pixel(conn, visit.shop.id, None)
        after = shops.by_domain(conn, visit.given.vault, visit.shop.domain)
        assert after is not None  # noqa: S101 - held above
        return Saved(after, sends_less=less)
