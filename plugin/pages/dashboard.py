"""GET /: how pixel, connection and switch stand, the last 30 days, and the newest orders."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.pages.door import Visit, merchant_only
from plugin.pages.figures import OTHERS, SERIES, figures_of, last_days
from plugin.pages.tracking import tracking_of
from plugin.storage import reading, reconciling

NEWEST = 10
NO_ERRORS: Mapping[str, str] = {}


@merchant_only
def dashboard(visit: Visit) -> ResponseReturnValue:
    """Show the dashboard."""
    return show(visit)


def show(visit: Visit, *, errors: Mapping[str, str] = NO_ERRORS) -> ResponseReturnValue:
    """Return the page; `errors`: what is wrong, by the field at which it is shown (then it answers 422)."""
    first, last = last_days(visit.shop.time_zone, visit.now)
    with visit.given.database.transaction() as conn:
        tracking = tracking_of(conn, visit.shop, "dashboard")
        counts = reading.counts(conn, visit.shop.id, first, last)
        orders = reading.recent(conn, visit.shop.id, limit=NEWEST)
        untold = reconciling.untold(conn, visit.shop.id, first, last)
    page = render_template(
        "dashboard.html",
        shop=visit.shop,
        tracking=tracking,
        figures=figures_of(counts, first, last),
        series=SERIES,
        others=OTHERS,
        orders=orders,
        untold=untold,
        errors=errors,
    )
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
