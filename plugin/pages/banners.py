"""The one banner of the dashboard: of all that could be said, what matters most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum, auto

from plugin.pages.choosing import Section
from plugin.pages.tracking import Tracking
from plugin.shopify import scopes
from plugin.storage.counting import Measured
from plugin.storage.overview import Overview
from plugin.storage.shops import Shop


class Banner(StrEnum):
    """What a banner is about, the most important first."""

    ERROR = auto()
    """What was just tried did not work."""
    PROBLEM = auto()
    """What the step before left to be done."""
    PAUSED = auto()
    REOPEN = auto()
    BROKEN = auto()
    ENDED = auto()
    ENDS = auto()
    SCOPES = auto()
    HELD = auto()
    PIXEL = auto()
    SECOND_SENDER = auto()
    OTHER_PIXEL = auto()
    MISSED = auto()


def banner_of(shop: Shop, stands: Overview, tracking: Tracking, facebook: Section, measured: Measured) -> Banner | None:
    """Return the banner that the shop's state asks for; None: nothing needs the merchant."""
    return next(_banners(shop, stands, tracking, facebook, measured), None)


def first_of(state: Banner | None, errors: Mapping[str, str], problem: str) -> Banner | None:
    """Return the banner to show: what has just happened comes before how things stand."""
    if errors:
        return Banner.ERROR
    return Banner.PROBLEM if problem else state


def _banners(
    shop: Shop, stands: Overview, tracking: Tracking, facebook: Section, measured: Measured
) -> Iterator[Banner]:
    connection = shop.connection
    holds = {
        Banner.PAUSED: stands.paused_at is not None and connection is not None and tracking.is_on,
        Banner.REOPEN: shop.reopen_needed is not None,
        Banner.BROKEN: connection is not None and connection.broken is not None,
        Banner.ENDED: facebook.ended is not None,
        Banner.ENDS: facebook.ends_at is not None,
        Banner.SCOPES: bool(scopes.missing(shop.scopes)),
        Banner.HELD: stands.held > 0,
        Banner.PIXEL: connection is not None and stands.trouble is not None,
        Banner.SECOND_SENDER: tracking.warns_of_sender,
        Banner.OTHER_PIXEL: tracking.other_pixel_open,
        Banner.MISSED: tracking.can_be_on and not tracking.is_on and measured.missed > 0,
    }
    yield from (banner for banner in Banner if holds.get(banner))
