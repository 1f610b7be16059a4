from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.conftest import SHOP, Door, Sandbox

pytestmark = pytest.mark.usefixtures("shop")

CREATE = """mutation Place($settings: JSON!) {
  webPixelCreate(webPixel: {settings: $settings}) { webPixel { id settings } userErrors { code field message } }
}"""
UPDATE = """mutation ($id: ID!, $settings: JSON!) {
  webPixelUpdate(id: $id, webPixel: {settings: $settings}) { webPixel { id settings } userErrors { code } }
}"""
DELETE = "mutation ($id: ID!) { webPixelDelete(id: $id) { deletedWebPixelId userErrors { code field } } }"
READ = "{ webPixel { id settings } }"
SETTINGS = {
    "pixelID": "1",
    "ingestKey": "k" * 20,
    "collector": "http://127.0.0.1:1/e",
    "contentIds": "product",
    "ldu": "no",
}


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    text: str = sandbox.tokens()["access_token"]
    return text


def codes(answer: dict[str, Any], name: str) -> list[str]:
    return [error["code"] for error in answer["data"][name]["userErrors"]]


def test_a_pixel_is_created_read_changed_and_deleted(sandbox: Sandbox, token: str) -> None:
    created = sandbox.admin(token, CREATE, {"settings": SETTINGS})["data"]["webPixelCreate"]
    pixel = created["webPixel"]
    assert created["userErrors"] == []
    assert sandbox.admin(token, READ)["data"]["webPixel"] == pixel
    assert json.loads(pixel["settings"]) == SETTINGS

    changed = json.dumps(SETTINGS | {"ldu": "yes"})
    assert codes(sandbox.admin(token, UPDATE, {"id": pixel["id"], "settings": changed}), "webPixelUpdate") == []
    assert sandbox.get(f"/admin/{SHOP}/state.json")["web_pixel"]["settings"]["ldu"] == "yes"

    deleted = sandbox.admin(token, DELETE, {"id": pixel["id"]})["data"]["webPixelDelete"]
    assert deleted == {"deletedWebPixelId": pixel["id"], "userErrors": []}
    none = sandbox.admin(token, READ)
    assert none["data"] == {"webPixel": None}
    assert none["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_a_shop_has_one_pixel(sandbox: Sandbox, token: str) -> None:
    sandbox.admin(token, CREATE, {"settings": SETTINGS})

    second = sandbox.admin(token, CREATE, {"settings": SETTINGS})

    assert codes(second, "webPixelCreate") == ["TAKEN"]
    assert second["data"]["webPixelCreate"]["webPixel"] is None


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (SETTINGS | {"token": "secret"}, "INVALID_SETTINGS"),
        (SETTINGS | {"ldu": True}, "INVALID_SETTINGS"),
        (SETTINGS | {"pixelID": ""}, "INVALID_SETTINGS"),
        (SETTINGS | {"pixelID": "12a"}, "INVALID_SETTINGS"),
        (SETTINGS | {"ingestKey": "k" * 15}, "INVALID_SETTINGS"),
        (SETTINGS | {"contentIds": "sku"}, "INVALID_SETTINGS"),
        ("{not json", "INVALID_CONFIGURATION_JSON"),
        ({}, "BLANK"),
    ],
)
def test_settings_are_held_to_the_extensions_declaration(
    sandbox: Sandbox, token: str, settings: Any, code: str
) -> None:
    assert codes(sandbox.admin(token, CREATE, {"settings": settings}), "webPixelCreate") == [code]


def test_an_unknown_pixel_is_not_found(sandbox: Sandbox, token: str) -> None:
    gid = "gid://shopify/WebPixel/1"

    assert codes(sandbox.admin(token, UPDATE, {"id": gid, "settings": SETTINGS}), "webPixelUpdate") == ["NOT_FOUND"]
    assert codes(sandbox.admin(token, DELETE, {"id": gid}), "webPixelDelete") == ["NOT_FOUND"]


def test_it_tells_of_the_shop_and_of_the_installation(sandbox: Sandbox, token: str) -> None:
    answer = sandbox.admin(
        token,
        """query Who { shop { id myshopifyDomain name currencyCode ianaTimezone
             billingAddress { countryCodeV2 } primaryDomain { ...place } }
           me: currentAppInstallation { accessScopes { handle } } }
           fragment place on Domain { url }""",
    )

    shop = answer["data"]["shop"]
    assert shop["myshopifyDomain"] == SHOP
    assert (shop["currencyCode"], shop["ianaTimezone"]) == ("EUR", "Europe/Berlin")
    assert shop["billingAddress"] == {"countryCodeV2": "DE"}
    assert shop["primaryDomain"] == {"url": f"https://{SHOP}"}
    assert {"handle": "write_pixels"} in answer["data"]["me"]["accessScopes"]
    assert answer["extensions"]["cost"]["throttleStatus"]["restoreRate"] == 100


def test_it_tells_the_consent_policy(sandbox: Sandbox, token: str) -> None:
    query = """query ($c: PrivacyCountryCode) { consentPolicy(countryCode: $c) {
      countryCode regionCode consentRequired dataSaleOptOutRequired } }"""

    germany = sandbox.admin(token, query, {"c": "DE"})["data"]["consentPolicy"]
    states = sandbox.admin(token, query, {"c": "US"})["data"]["consentPolicy"]

    assert germany == [
        {"countryCode": "DE", "regionCode": None, "consentRequired": True, "dataSaleOptOutRequired": False}
    ]
    assert {"countryCode": "US", "regionCode": "CA", "consentRequired": False, "dataSaleOptOutRequired": True} in states


def test_a_wrong_field_is_an_error_inside_http_200(sandbox: Sandbox, token: str) -> None:
    answer = sandbox.admin(token, "{ shop { motto } }")

    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "undefinedField"
    assert sandbox.admin(token, "{ shop { id ")["errors"]


def test_a_missing_scope_denies_the_field(sandbox: Sandbox, token: str) -> None:
    sandbox.post(f"/admin/{SHOP}/scopes", {"scopes": ["write_pixels"]})

    answer = sandbox.admin(token, "{ orders(first: 1) { nodes { id } } shop { name } }")

    assert answer["data"] == {"orders": None, "shop": {"name": "lantern"}}
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_throttling_hides_inside_http_200(sandbox: Sandbox, token: str) -> None:
    sandbox.fault("graphql_throttled", count=1)

    assert sandbox.admin(token, READ)["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "THROTTLED" not in json.dumps(sandbox.admin(token, READ))


def test_uninstalling_kills_the_token_and_the_pixel(sandbox: Sandbox, token: str, door: Door) -> None:
    sandbox.admin(token, CREATE, {"settings": SETTINGS})

    assert sandbox.post(f"/admin/{SHOP}/uninstall")["webhook"]["status"] == 200

    sandbox.admin(token, READ, status=401)
    (knock,) = door.at("/webhooks/app/uninstalled")
    assert knock.json()["myshopify_domain"] == SHOP
    sandbox.post(f"/admin/{SHOP}/id-token", status=409)

    sandbox.post(f"/admin/{SHOP}/install")
    again = sandbox.tokens()["access_token"]
    assert sandbox.admin(again, READ)["data"] == {"webPixel": None}
