"""TEST USE ONLY: a shop of the stand-in Shopify: facts, the app's installation, privacy settings, orders."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.bucket import Bucket
from sandbox.tokens import Tokens

Json = dict[str, Any]

DOCUMENTS_KEPT = 1000

CONSENT_COUNTRIES = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO GB CH"
OPT_OUT_REGIONS = "CA CO CT DE FL IA IN MD MN MT NE NH NJ OR RI TN TX UT VA"
OPEN_COUNTRIES = "US CA AU NZ JP IN BR MX SG"


@dataclass(frozen=True, slots=True)
class Policy:
    """One line of the shop's Customer Privacy settings."""

    country: str
    region: str | None
    consent_required: bool
    sale_opt_out_required: bool


@dataclass(slots=True)
class WebPixel:
    """The app's web pixel in a shop; ``settings`` as the storefront's HTML would print them."""

    id: str
    settings: dict[str, str]


@dataclass(slots=True)
class Shop:
    """One shop. ``orders`` holds each order as the JSON of its webhook, by id."""

    id: int
    domain: str
    name: str
    time_zone: str
    currency: str
    country: str
    primary_domain: str
    scopes: set[str]
    policies: list[Policy]
    installed: bool = True
    app_embed: bool = False
    """Whether the merchant switched the app's block on in the theme."""
    tokens: Tokens = field(default_factory=Tokens)
    pixel: WebPixel | None = None
    orders: dict[int, Json] = field(default_factory=dict)
    opted_out: set[int] = field(default_factory=set)
    """Ids of customers who opted out of the sale of their data."""
    customers: dict[str, int] = field(default_factory=dict)
    """Customer id by e-mail."""
    real_time_tokens: set[str] = field(default_factory=set)
    """The ``jti`` of id tokens that were minted by real time."""
    next_number: int = 1001
    payments: dict[int, str] = field(default_factory=dict)
    """When each order was paid, by its id: no order's JSON tells."""
    documents: deque[str] = field(default_factory=lambda: deque(maxlen=DOCUMENTS_KEPT))
    """The GraphQL documents that the app sent, without their variables; the oldest fall out first."""

    bucket: Bucket | None = None
    """What is left to pay GraphQL documents with; None until one was to be paid for."""

    def policy_for(self, country: str, region: str | None) -> Policy:
        """The line for a buyer there: the region's own, else the country's, else an open one."""
        lines = [line for line in self.policies if line.country == country and line.region in (region, None)]
        lines.sort(key=lambda line: line.region is None)
        return lines[0] if lines else Policy(country, region, consent_required=False, sale_opt_out_required=False)

    def grants(self, scope: str) -> bool:
        """Whether the app has the scope; a write scope implies its read scope."""
        return scope in self.scopes or scope.replace("read_", "write_", 1) in self.scopes


def usual_policies() -> list[Policy]:
    """Shopify's defaults in outline: consent in Europe, sale opt-out in some states of the US, neither elsewhere."""
    strict = [Policy(c, None, consent_required=True, sale_opt_out_required=False) for c in CONSENT_COUNTRIES.split()]
    states = [Policy("US", r, consent_required=False, sale_opt_out_required=True) for r in OPT_OUT_REGIONS.split()]
    return (
        strict
        + states
        + [Policy(c, None, consent_required=False, sale_opt_out_required=False) for c in OPEN_COUNTRIES.split()]
    )


def policy_from(wish: Mapping[str, Any]) -> Policy:
    """Read ``{"countryCode", "regionCode", "consentRequired", "dataSaleOptOutRequired"}``."""
    region = wish.get("regionCode")
    return Policy(
        str(wish["countryCode"]),
        None if region is None else str(region),
        bool(wish.get("consentRequired")),
        bool(wish.get("dataSaleOptOutRequired")),
    )


def shop_from(wish: Mapping[str, Any], shop_id: int, scopes: tuple[str, ...]) -> Shop:
    """Read what ``POST /admin/shops`` asks for; all but the domain has a default."""
    domain = str(wish["shop"])
    policies = wish.get("policies")
    return Shop(
        id=shop_id,
        domain=domain,
        name=str(wish.get("name", domain.partition(".")[0])),
        time_zone=str(wish.get("time_zone", "Europe/Berlin")),
        currency=str(wish.get("currency", "EUR")),
        country=str(wish.get("country", "DE")),
        primary_domain=str(wish.get("primary_domain", domain)),
        scopes=set(wish.get("scopes", scopes)),
        policies=usual_policies() if policies is None else [policy_from(line) for line in policies],
    )


def shop_resource(shop: Shop) -> Json:
    """The REST Shop resource that ``app/uninstalled`` carries, in the parts that matter."""
    return {
        "id": shop.id,
        "name": shop.name,
        "email": "owner@example.com",
        "domain": shop.primary_domain,
        "myshopify_domain": shop.domain,
        "country_code": shop.country,
        "currency": shop.currency,
        "iana_timezone": shop.time_zone,
        "plan_name": "partner_test",
    }
