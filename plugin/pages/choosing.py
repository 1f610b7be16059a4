"""What the section "Facebook" of the settings page shows: the connection, and the datasets that a login reaches."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from plugin.language import N_, _
from plugin.meta import login
from plugin.meta.errors import MetaDisconnected, MetaError
from plugin.meta.login import Business, Dataset
from plugin.pages.door import Visit
from plugin.storage import logins
from plugin.storage.logins import Granted
from plugin.storage.meta_users import Details
from plugin.storage.overview import Overview

log = logging.getLogger(__name__)

WARNED_BEFORE = timedelta(days=7)
MOST_SHOWN = 50
"""Datasets on the page; the others are found by a search."""
LONGEST_FIND = 100
LIST_AWAY: Final = N_("Facebook let us in, but does not list your datasets right now. Please try again in a minute.")
LIST_DENIED: Final = N_("Facebook let us in, but does not let us see your datasets. Please log in again and allow it.")
NO_DATASETS: Final = N_(
    "Facebook let us in, but for no dataset. Create one in Meta's Events Manager, or log in again and choose a "
    "business that has one."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The datasets that a login reaches, those that fit a search; `total`: how many there are without one."""

    businesses: tuple[Business, ...]
    find: str
    total: int
    shown: int
    is_cut: bool
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What the section shows; `ended`: why the last connection ended, if not by the shop's own staff."""

    offered: bool
    details: Details | None
    ends_at: datetime | None
    """When the login ends, where that is close."""
    ended: str | None
    choice: Choice | None = None

    @property
    def is_login(self) -> bool:
        """Whether the open connection's token came from a login."""
        return self.details is not None and self.details.kind == "login"


def section(visit: Visit, stands: Overview, find: str = "") -> Section:
    """Return what is to be shown. `find`: what the datasets are searched for."""
    found = standing(visit, stands)
    if not found.offered:
        return found
    with visit.given.database.transaction() as conn:
        granted = logins.granted(conn, visit.shop, visit.user_id, visit.now)
    if granted is None:
        return found
    return replace(found, choice=_choice(visit, granted, " ".join(find.split())[:LONGEST_FIND]))


def standing(visit: Visit, stands: Overview) -> Section:
    """Return how the connection stands, without asking Meta anything."""
    ends_at = ends_soon(stands.details, visit.now)
    return Section(visit.given.settings.offers_login, stands.details, ends_at, stands.ended)


def ends_soon(details: Details | None, now: datetime) -> datetime | None:
    """Return when a connection's login ends, if that is less than a week away, or over."""
    if details is None or details.expires_at is None or details.expires_at - now > WARNED_BEFORE:
        return None
    return details.expires_at


def _choice(visit: Visit, granted: Granted, find: str) -> Choice:
    """List the datasets. Where that fails, the page says so and stays otherwise as it is."""
    try:
        found = login.businesses_of(visit.given.graph, granted.token, granted.business)
    except MetaError as fault:
        said = {"shop_id": visit.shop.id, "code": fault.code, "subcode": fault.subcode, "trace_id": fault.trace_id}
        log.warning("datasets not listed", extra=said | {"result": type(fault).__name__})
        trouble = LIST_DENIED if isinstance(fault, MetaDisconnected) else LIST_AWAY
        return Choice((), find, 0, 0, is_cut=False, trouble=_(trouble))
    total = sum(len(business.datasets) for business in found)
    listed = _fitting(found, find)
    shown = sum(len(business.datasets) for business in listed)
    is_cut = any(business.is_cut for business in found)
    return Choice(listed, find, total, shown, is_cut, "" if total else _(NO_DATASETS))


def _fitting(businesses: tuple[Business, ...], find: str) -> tuple[Business, ...]:
    """Keep the datasets that fit, MOST_SHOWN of them, and the businesses that then still have one."""
    left, kept = MOST_SHOWN, []
    for business in businesses:
        fitting: tuple[Dataset, ...] = tuple(one for one in business.datasets if one.matches(find))[:left]
        left -= len(fitting)
        if fitting:
            kept.append(Business(business.id, business.name, fitting, is_cut=business.is_cut))
    return tuple(kept)
