"""What templates print with: times in the shop's zone, numbers, money, and what every page needs."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from jinja2 import StrictUndefined

from plugin.language import _
from plugin.pages import changes, install, locale, notice, words
from plugin.pages.formats import all_of, day, day_of_month, local_time, money, number, percent
from plugin.pages.identifiers import labels_of
from plugin.pages.notices import said
from plugin.services import Services, services
from plugin.shopify import scopes
from plugin.translating import listed

__all__ = ["common", "day", "day_of_month", "field_name", "moment", "money", "number", "percent", "set_up", "zone_of"]


def set_up(app: Flask) -> None:
    """Teach the app's templates our filters. A name that a template has wrong is an error, not an empty text."""
    given = app.extensions["backstop"]
    assert isinstance(given, Services)  # noqa: S101 - `create_app` put it there
    further = given.settings.translations
    locale.set_up(app, *([Path(further).expanduser()] if further else ()))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        "moment": moment,
        "day": day,
        "number": number,
        "percent": percent,
        "money": money,
        "missing_scopes": scopes.missing,
        "field_name": field_name,
        "listed": listed,
        "all_of": all_of,
    }
    app.jinja_env.globals |= {
        "words": words,
        "labels_of": labels_of,
        "change_name": changes.name_of,
        "change_value": changes.value_of,
        "notice_in": notice.notice_in,
    }


def common() -> dict[str, Any]:
    """Return what every page prints: the vendors' scripts, and what is to be said of the step before."""
    settings = services().settings
    note, is_problem = said()
    return {
        "api_key": settings.api_key,
        "app_bridge_js": settings.app_bridge_js_url,
        "polaris_js": settings.polaris_js_url,
        "note": "" if is_problem else note,
        "problem": note if is_problem else "",
    }


def moment(at: datetime, zone: str) -> str:
    """Return a time as the shop's clocks show it: `24 Nov 2026, 13:01`."""
    return local_time(at.astimezone(zone_of(zone)))


def field_name(name: str) -> str:
    """Return what a field of an event holds, and in which form it is sent."""
    if name in words.FIELDS:
        return _("%(field)s (hashed)", field=words.FIELDS[name])
    return _("%(field)s (as it is)", field=words.AS_IS.get(name, name))


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Return a shop's time zone."""
    return ZoneInfo(install.known_zone(name))
