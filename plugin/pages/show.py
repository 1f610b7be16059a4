"""What templates print with: times in the shop's zone, money, addresses of our files, and what every page needs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from jinja2 import StrictUndefined

from plugin.pages import install, words
from plugin.pages.identifiers import labels_of
from plugin.pages.notices import said
from plugin.services import services
from plugin.shopify import scopes

NO_MINOR_UNIT = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
"""Currencies without a smaller unit (ISO 4217)."""
CENT = Decimal("0.01")


def set_up(app: Flask) -> None:
    """Teach the app's templates our filters. A name that a template has wrong is an error, not an empty text."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        "moment": moment,
        "money": money,
        "missing_scopes": scopes.missing,
        "field_name": field_name,
    }
    app.jinja_env.globals |= {"words": words, "labels_of": labels_of}


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
    local = at.astimezone(zone_of(zone))
    return f"{local.day} {local:%b %Y, %H:%M}"


def money(value: Decimal, currency: str) -> str:
    """Return an amount with its currency: `1,128.40 EUR`, `1,200 JPY`; no digit is rounded away."""
    exact = value.normalize()
    if currency in NO_MINOR_UNIT and exact == exact.to_integral_value():
        return f"{exact:,.0f} {currency}"
    return f"{value.quantize(CENT) if value == value.quantize(CENT) else exact:,f} {currency}"


def field_name(name: str) -> str:
    """Return what a field of an event holds, and in which form it is sent."""
    if name in words.FIELDS:
        return f"{words.FIELDS[name]} (hashed)"
    return f"{words.AS_IS.get(name, name)} (as it is)"


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Return a shop's time zone."""
    return ZoneInfo(install.known_zone(name))
