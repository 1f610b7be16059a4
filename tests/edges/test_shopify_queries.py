from __future__ import annotations

import re
from typing import Any

import pytest

from plugin.recovery.consent import RegionRule
from plugin.shopify.errors import ShopifyUnavailable
from plugin.shopify.queries import (
    DOCUMENTS,
    PixelChange,
    ShopDetails,
    read_consent_policy,
    read_pixel_change,
    read_shop_details,
    read_web_pixel,
)

SHOP: dict[str, Any] = {
    "name": "Cedar & Sage",
    "currencyCode": "EUR",
    "ianaTimezone": "Europe/Berlin",
    "shopAddress": {"countryCodeV2": "DE"},
    "primaryDomain": {"url": "https://cedar.example.com/"},
}


def policy(country: Any, region: Any, *, consent: Any = False, opt_out: Any = False) -> dict[str, Any]:
    return {
        "countryCode": country,
        "regionCode": region,
        "consentRequired": consent,
        "dataSaleOptOutRequired": opt_out,
    }


@pytest.mark.parametrize("query", DOCUMENTS, ids=lambda query: query.name)
def test_each_document_holds_the_one_operation_it_is_named_after(query: Any) -> None:
    assert re.findall(r"^\s*(?:query|mutation) (\w+)", query.document, re.MULTILINE) == [query.name]
    assert query.document.count("{") == query.document.count("}")


def test_shop_details_are_read() -> None:
    assert read_shop_details({"shop": SHOP}) == ShopDetails(
        name="Cedar & Sage", currency="EUR", time_zone="Europe/Berlin", country="DE", url="https://cedar.example.com"
    )


def test_a_shop_may_have_no_country() -> None:
    assert read_shop_details({"shop": SHOP | {"shopAddress": {"countryCodeV2": None}}}).country is None


@pytest.mark.parametrize("name", ["name", "currencyCode", "ianaTimezone", "primaryDomain"])
@pytest.mark.parametrize("value", [None, "", 7, []])
def test_shop_details_without_what_we_need_are_asked_for_again(name: str, value: object) -> None:
    with pytest.raises(ShopifyUnavailable):
        read_shop_details({"shop": SHOP | {name: value}})


def test_a_consent_policy_becomes_rules_in_order() -> None:
    data = {
        "consentPolicy": [
            policy("US", "CA", opt_out=True),
            policy("US", "US-VA", opt_out=True),
            policy("DE", None, consent=True),
            policy("CA", "CA-QC", consent=True, opt_out=True),
            policy("NZ", ""),
        ]
    }

    assert read_consent_policy(data) == (
        RegionRule("CA", "QC", consent_required=True, sale_opt_out_required=True),
        RegionRule("DE", None, consent_required=True, sale_opt_out_required=False),
        RegionRule("NZ", None, consent_required=False, sale_opt_out_required=False),
        RegionRule("US", "CA", consent_required=False, sale_opt_out_required=True),
        RegionRule("US", "VA", consent_required=False, sale_opt_out_required=True),
    )


def test_what_a_policy_does_not_say_counts_as_required() -> None:
    assert read_consent_policy({"consentPolicy": [policy("FR", None, consent=None, opt_out="no")]}) == (
        RegionRule("FR", None, consent_required=True, sale_opt_out_required=True),
    )


def test_of_two_policies_for_a_region_the_stricter_holds() -> None:
    data = {"consentPolicy": [policy("US", "CA", opt_out=True), policy("us", "us-ca", consent=True)]}

    assert read_consent_policy(data) == (RegionRule("US", "CA", consent_required=True, sale_opt_out_required=True),)


def test_a_policy_without_a_country_allows_nothing() -> None:
    assert read_consent_policy({"consentPolicy": [policy(None, "CA"), policy("", None), "odd"]}) == ()


@pytest.mark.parametrize("data", [{}, {"consentPolicy": None}, {"consentPolicy": {}}])
def test_a_policy_that_did_not_come_is_asked_for_again(data: dict[str, Any]) -> None:
    with pytest.raises(ShopifyUnavailable):
        read_consent_policy(data)


@pytest.mark.parametrize("data", [{}, {"webPixel": None}, {"webPixel": {"id": None}}, {"webPixel": {"id": ""}}])
def test_a_shop_may_have_no_pixel(data: dict[str, Any]) -> None:
    assert read_web_pixel(data) is None


@pytest.mark.parametrize(
    ("data", "change"),
    [
        ({"webPixelCreate": {"webPixel": {"id": "gid://1"}, "userErrors": []}}, PixelChange("gid://1", frozenset())),
        ({"webPixelDelete": {"deletedWebPixelId": "gid://1"}}, PixelChange("gid://1", frozenset())),
        (
            {"webPixelUpdate": {"webPixel": {"id": "gid://1"}, "userErrors": [{"code": "BLANK"}, {"code": None}]}},
            PixelChange(None, frozenset({"BLANK", "None"})),
        ),
    ],
)
def test_a_change_of_the_pixel_is_read(data: dict[str, Any], change: PixelChange) -> None:
    assert read_pixel_change(data) == change


@pytest.mark.parametrize("data", [{}, {"webPixelCreate": None}, {"webPixelCreate": {"webPixel": {"id": 7}}}])
def test_a_change_that_says_nothing_is_in_the_air(data: dict[str, Any]) -> None:
    with pytest.raises(ShopifyUnavailable):
        read_pixel_change(data)
