"""Every document that we run against the Admin API, and readers that turn its answers into our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin.recovery.consent import RegionRule
from plugin.shopify.errors import ShopifyUnavailable
from plugin.shopify.order_queries import (
    CHANGED_ORDERS,
    CHANGED_ORDERS_WITH_BUYER,
    ORDERS_AGAIN,
    ORDERS_PAGE,
    SALE_OPT_OUTS,
    Query,
)

__all__ = [
    "CHANGED_ORDERS",
    "CHANGED_ORDERS_WITH_BUYER",
    "CONSENT_POLICY",
    "CREATE_PIXEL",
    "DELETE_PIXEL",
    "DOCUMENTS",
    "GRANTED_SCOPES",
    "ORDERS_PAGE",
    "SHOP_DETAILS",
    "UPDATE_PIXEL",
    "WEB_PIXEL",
    "PixelChange",
    "Query",
    "ShopDetails",
    "read_consent_policy",
    "read_pixel_change",
    "read_shop_details",
    "read_web_pixel",
]


SHOP_DETAILS = Query(
    "ShopDetails",
    """
    query ShopDetails {
      shop { name currencyCode ianaTimezone shopAddress { countryCodeV2 } primaryDomain { url } }
    }
    """,
)

# Without arguments: the policies of every region, the shop's own and Shopify's defaults. No scope is needed.
CONSENT_POLICY = Query(
    "ConsentPolicy",
    """
    query ConsentPolicy {
      consentPolicy { countryCode regionCode consentRequired dataSaleOptOutRequired }
    }
    """,
)

# Without an id: this app's pixel in the shop; there is at most one.
WEB_PIXEL = Query(
    "WebPixel",
    """
    query WebPixel {
      webPixel { id settings }
    }
    """,
)

GRANTED_SCOPES = Query(
    "GrantedScopes",
    """
    query GrantedScopes {
      currentAppInstallation { accessScopes { handle } }
    }
    """,
)

CREATE_PIXEL = Query(
    "CreatePixel",
    """
    mutation CreatePixel($settings: JSON!) {
      webPixelCreate(webPixel: {settings: $settings}) { webPixel { id } userErrors { code field message } }
    }
    """,
)

UPDATE_PIXEL = Query(
    "UpdatePixel",
    """
    mutation UpdatePixel($id: ID!, $settings: JSON!) {
      webPixelUpdate(id: $id, webPixel: {settings: $settings}) { webPixel { id } userErrors { code field message } }
    }
    """,
)

DELETE_PIXEL = Query(
    "DeletePixel",
    """
    mutation DeletePixel($id: ID!) {
      webPixelDelete(id: $id) { deletedWebPixelId userErrors { code field message } }
    }
    """,
)

DOCUMENTS = (
    SHOP_DETAILS,
    CONSENT_POLICY,
    WEB_PIXEL,
    CREATE_PIXEL,
    UPDATE_PIXEL,
    DELETE_PIXEL,
    CHANGED_ORDERS,
    CHANGED_ORDERS_WITH_BUYER,
    ORDERS_AGAIN,
    SALE_OPT_OUTS,
    GRANTED_SCOPES,
)


@dataclass(frozen=True, slots=True)
class ShopDetails:
    """What we need to know of a shop: ISO 4217 currency, IANA time zone, ISO 3166-1 country, storefront's URL."""

    name: str
    currency: str
    time_zone: str
    country: str | None
    url: str


@dataclass(frozen=True, slots=True)
class PixelChange:
    """What became of a change to the pixel: its gid if it worked, else Shopify's codes (TAKEN, NOT_FOUND ...)."""

    pixel_id: str | None
    codes: frozenset[str]


def read_shop_details(data: Mapping[str, Any]) -> ShopDetails:
    """Read the answer to SHOP_DETAILS.

    Raises:
        ShopifyUnavailable: not what the schema promises.
    """
    shop = _object(data.get("shop"))
    return ShopDetails(
        name=_text(shop.get("name")),
        currency=_text(shop.get("currencyCode")).upper(),
        time_zone=_text(shop.get("ianaTimezone")),
        country=_code(_object(shop.get("shopAddress")).get("countryCodeV2")),
        url=_text(_object(shop.get("primaryDomain")).get("url")).rstrip("/"),
    )


def read_consent_policy(data: Mapping[str, Any]) -> tuple[RegionRule, ...]:
    """Read the answer to CONSENT_POLICY: one rule a region, sorted.

    What is not said counts as required, and where a region is named twice the stricter rule holds. A rule without a
    country is left out: its region then has none, and an unknown region allows nothing.

    Raises:
        ShopifyUnavailable: not what the schema promises.
    """
    policies = data.get("consentPolicy")
    if not isinstance(policies, list):
        raise ShopifyUnavailable("Shopify's answer holds no consent policy")
    strictest: dict[tuple[str, str], tuple[bool, bool]] = {}
    for policy in map(_object, policies):
        country = _code(policy.get("countryCode"))
        if country is None:
            continue
        region = (country, _subdivision(country, policy.get("regionCode")))
        consent, opt_out = strictest.get(region, (False, False))
        strictest[region] = (
            consent or policy.get("consentRequired") is not False,
            opt_out or policy.get("dataSaleOptOutRequired") is not False,
        )
    return tuple(RegionRule(*_named(region), *strictest[region]) for region in sorted(strictest))


def read_web_pixel(data: Mapping[str, Any]) -> str | None:
    """Read the answer to WEB_PIXEL: the pixel's gid, None if there is none."""
    pixel_id = _object(data.get("webPixel")).get("id")
    return pixel_id if isinstance(pixel_id, str) and pixel_id else None


def read_pixel_change(data: Mapping[str, Any]) -> PixelChange:
    """Read the answer to CREATE_PIXEL, UPDATE_PIXEL or DELETE_PIXEL.

    Raises:
        ShopifyUnavailable: it neither worked nor says why not.
    """
    payload = next((_object(payload) for payload in data.values()), {})
    errors = payload.get("userErrors") or []
    codes = frozenset(str(_object(error).get("code")) for error in errors)
    pixel_id = payload.get("deletedWebPixelId") or _object(payload.get("webPixel")).get("id")
    if not codes and not isinstance(pixel_id, str):
        raise ShopifyUnavailable("Shopify's answer does not say what became of the pixel")
    return PixelChange(None if codes else pixel_id, codes)


def _named(region: tuple[str, str]) -> tuple[str, str | None]:
    country, subdivision = region
    return country, subdivision or None


def _subdivision(country: str, code: Any) -> str:
    """Return a region's code without its country's, empty if there is none; both ``US-CA`` and ``CA`` occur."""
    return (_code(code) or "").removeprefix(f"{country}-")


def _code(value: Any) -> str | None:
    return value.strip().upper() or None if isinstance(value, str) else None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ShopifyUnavailable("Shopify's answer lacks what the schema promises")
    return value


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
