"""GET /: how pixel, connection and switch stand, the orders of some days in figures, and the newest of them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.jobs.alerts import TROUBLES
from plugin.pages import choosing
from plugin.pages.banners import banner_of, first_of
from plugin.pages.door import Visit, merchant_only
from plugin.pages.figures import OTHERS, RANGES, SERIES, figures_of, last_days, range_of
from plugin.pages.guide import guide_of
from plugin.pages.notices import said
from plugin.pages.tracking import NOTHING, tracking_of
from plugin.storage import counting, listing, overview

PLACE = "dashboard"
NEWEST = 10


@merchant_only
def dashboard(visit: Visit) -> ResponseReturnValue:
    """Show the dashboard; `days`: how many days its figures are of."""
    return show(visit)


def show(
    visit: Visit, *, errors: Mapping[str, str] = NOTHING, typed: Mapping[str, str] = NOTHING
) -> tuple[str, HTTPStatus]:
    """Return the page. `errors`: what is wrong, by the field at which it is shown (then it answers 422).

    `typed`: what was in the form of the switch's dialog.
    """
    days = range_of(request.args.get("days", ""))
    note, is_problem = said()
    shown = _shown(visit, days, typed)
    page = render_template(
        "dashboard.html",
        shop=visit.shop,
        days=days,
        ranges=RANGES,
        series=SERIES,
        others=OTHERS,
        troubles=TROUBLES,
        errors=errors,
        banner=first_of(shown.pop("state"), errors, note if is_problem else ""),
        **shown,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _shown(visit: Visit, days: int, typed: Mapping[str, str]) -> dict[str, Any]:
    """What the page asks the database for, in four statements."""
    shop = visit.shop
    first, last = last_days(shop.time_zone, visit.now, days)
    with visit.given.database.transaction() as conn:
        stands = overview.of(conn, shop.id)
        tracking = tracking_of(conn, shop, PLACE, stands, typed)
        counts = counting.counts(conn, shop.id, first, last)
        orders = listing.latest(conn, shop.id, limit=NEWEST)
    facebook = choosing.standing(visit, stands)
    return {
        "stands": stands,
        "tracking": tracking,
        "facebook": facebook,
        "state": banner_of(shop, stands, tracking, facebook, counts.measured),
        "guide": guide_of(shop, stands),
        "counts": counts,
        "figures": figures_of(counts.days, first, last),
        "orders": orders,
    }
