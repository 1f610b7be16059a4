"""GET /: how pixel, connection and switch stand, the orders of some days in figures, and the newest of them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.jobs.alerts import TROUBLES
from plugin.pages.banners import banner_of, first_of
from plugin.pages.choosing import Section, ends_soon
from plugin.pages.door import Visit, merchant_only
from plugin.pages.figures import OTHERS, RANGES, SERIES, figures_of, last_days, range_of
from plugin.pages.guide import guide_of
from plugin.pages.notices import said
from plugin.pages.tracking import tracking_of
from plugin.storage import counting, listing, overview
from plugin.storage.overview import Overview

NEWEST = 10
NO_ERRORS: Mapping[str, str] = {}


@merchant_only
def dashboard(visit: Visit) -> ResponseReturnValue:
    """Show the dashboard; `days`: how many days its figures are of."""
    return show(visit)


def show(visit: Visit, *, errors: Mapping[str, str] = NO_ERRORS) -> ResponseReturnValue:
    """Return the page; `errors`: what is wrong, by the field at which it is shown (then it answers 422)."""
    days = range_of(request.args.get("days", ""))
    note, is_problem = said()
    shown = _shown(visit, days)
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


def _shown(visit: Visit, days: int) -> dict[str, Any]:
    """What the page asks the database for, in four statements."""
    shop = visit.shop
    first, last = last_days(shop.time_zone, visit.now, days)
    with visit.given.database.transaction() as conn:
        stands = overview.of(conn, shop.id)
        tracking = tracking_of(conn, shop, "dashboard", stands)
        counts = counting.counts(conn, shop.id, first, last)
        orders = listing.latest(conn, shop.id, limit=NEWEST)
    facebook = _facebook(visit, stands)
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


def _facebook(visit: Visit, stands: Overview) -> Section:
    """How the connection stands, from what has been read already."""
    ends_at = ends_soon(stands.details, visit.now)
    return Section(visit.given.settings.offers_login, stands.details, ends_at, stands.ended)
