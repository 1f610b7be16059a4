"""TEST USE ONLY: invented buyers. Names are made up, mails are example.com's, numbers are those kept for fiction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sandbox.shops import Json

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
PUBLIC_ADDRESS = "93.184.216.34"
"""example.com's address of many years: the ranges kept for documentation are what an app must drop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys, from where. Every field can be set by the test; None and "" happen in real orders and are allowed."""

    first_name: str | None = "Mara"
    last_name: str | None = "Beispiel"
    email: str | None = "mara@example.com"
    phone: str | None = None
    address1: str | None = "Musterweg 7"
    city: str | None = "Berlin"
    zip: str | None = "10115"
    province: str | None = None
    province_code: str | None = None
    country: str | None = "Germany"
    country_code: str | None = "DE"
    browser_ip: str | None = PUBLIC_ADDRESS
    user_agent: str | None = USER_AGENT
    locale: str = "de-DE"
    fbclid: str | None = None
    sale_opt_out: bool = False
    """Opted out of the sale of data as a customer, not only in this browser."""

    def address(self) -> Json:
        """An address as an order carries it."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "name": " ".join(part for part in (self.first_name, self.last_name) if part),
            "company": None,
            "address1": self.address1,
            "address2": None,
            "city": self.city,
            "zip": self.zip,
            "province": self.province,
            "province_code": self.province_code,
            "country": self.country,
            "country_code": self.country_code,
            "phone": self.phone,
            "latitude": None,
            "longitude": None,
        }


HOMES: dict[str, Json] = {
    "DE": {"phone": "+49 30 23125 042"},
    "FR": {
        "city": "Lyon",
        "zip": "69002",
        "country": "France",
        "country_code": "FR",
        "phone": "+33 1 99 00 12 34",
        "locale": "fr-FR",
    },
    "GB": {
        "city": "London",
        "zip": "SW1A 9ZZ",
        "country": "United Kingdom",
        "country_code": "GB",
        "phone": "+44 20 7946 0958",
        "locale": "en-GB",
    },
    "US": {
        "city": "Anytown",
        "zip": "59001-1234",
        "province": "Wyoming",
        "province_code": "WY",
        "country": "United States",
        "country_code": "US",
        "phone": "+1 (307) 555-0142",
        "locale": "en-US",
    },
    "US-CA": {
        "city": "Anytown",
        "zip": "90001",
        "province": "California",
        "province_code": "CA",
        "country": "United States",
        "country_code": "US",
        "phone": "+1 (213) 555-0142",
        "locale": "en-US",
    },
    "JP": {
        "city": "渋谷区",
        "zip": "150-0002",
        "province": "東京都",
        "province_code": "JP-13",
        "country": "Japan",
        "country_code": "JP",
        "phone": None,
        "locale": "ja-JP",
    },
}
"""Where buyers of a region live. Another region takes its code and Germany's rest."""

NAMES = frozenset(field.name for field in fields(Buyer))


def buyer_from(region: str, wish: Mapping[str, Any]) -> Buyer:
    """A buyer of the region (``DE``, ``US-CA`` ...), changed as the test wishes; an unknown wish raises TypeError."""
    country, _, province = region.partition("-")
    home = HOMES.get(region) or HOMES.get(country) or {"country": country, "country_code": country}
    if province and region not in HOMES:
        home = home | {"province": province, "province_code": province}
    someone = {"email": f"buyer-{uuid.uuid4().hex[:12]}@example.com"}
    if unknown := wish.keys() - NAMES:
        message = f"unknown of a buyer: {', '.join(sorted(unknown))}"
        raise TypeError(message)
    return Buyer(**{**home, **someone, **wish})
