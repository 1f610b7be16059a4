"""The buyer as Meta may see it: normalised and hashed. Raw values never leave ``Buyer.from_payload``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Self

from plugin.recovery import payload as read
from plugin.recovery.normalise import (
    city_for_meta,
    country_for_meta,
    email_for_meta,
    name_for_meta,
    postcode_for_meta,
    region_for_meta,
)
from plugin.recovery.phone import phone_for_meta

__all__ = [
    "ALL_FIELDS",
    "Buyer",
    "city_for_meta",
    "country_for_meta",
    "email_for_meta",
    "name_for_meta",
    "phone_for_meta",
    "postcode_for_meta",
    "region_for_meta",
    "too_broad",
]

FIELD_ORDER: Final = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "external_id")
ALL_FIELDS: Final = frozenset(FIELD_ORDER)
"""What a merchant may choose to send; Meta's names."""

_TOO_BROAD: Final = (frozenset({"ct", "st", "zp", "country"}), frozenset({"fn"}), frozenset({"ln"}))
"""Meta refuses events whose buyer is described by nothing but (a part of) one of these."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Buyer:
    """SHA-256 hashes (lower-case hex) by Meta's field; empty where nothing usable is known, never a hash of nothing.

    Its ``repr`` shows none of them: hashes of e-mail and phone can be guessed back, so they are personal data.
    """

    em: tuple[str, ...] = ()
    ph: tuple[str, ...] = ()
    fn: tuple[str, ...] = ()
    ln: tuple[str, ...] = ()
    ct: tuple[str, ...] = ()
    st: tuple[str, ...] = ()
    zp: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    external_id: tuple[str, ...] = ()

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Normalise and hash what the payload tells of the buyer.

        E-mails and phones: every distinct one. Names: of the billing address, else the shipping address, else the
        customer - never mixed, as they may be different people. Place: of the billing, else of the shipping address.

        Raises:
            UnreadablePayload: if a field does not hold what it should.
        """
        customer = read.object_at(payload, "customer")
        billing = read.object_at(payload, "billing_address")
        shipping = read.object_at(payload, "shipping_address")
        first, last = _names(billing, shipping, customer)
        city, region, postcode, country = _place(billing, shipping)
        emails, phones = _emails(payload, customer), _phones(payload, customer, billing, shipping)
        number = read.id_at(customer, "id")
        return cls(
            em=_hashed(emails),
            ph=_hashed(phones),
            fn=_hashed(first),
            ln=_hashed(last),
            ct=_hashed(city),
            st=_hashed(region),
            zp=(_hash(postcode),) if postcode else (),
            country=(_hash(country),) if country else (),
            external_id=(_hash(str(number)),) if number else (),
        )

    def user_data(self, fields: frozenset[str]) -> dict[str, list[str]]:
        """Return the hashes of the chosen fields as Meta takes them; fields without any are left out."""
        return {name: list(hashes) for name in FIELD_ORDER if name in fields and (hashes := getattr(self, name))}

    def is_matchable(self, fields: frozenset[str], *, browser: bool = False) -> bool:
        """Say whether Meta would take an event with these fields, or refuse its buyer as too broad.

        ``browser``: a browser id (fbp, fbc) or the buyer's address on the internet will go with it.

        Source: Meta, "Best practices for the Conversions API", combinations that are too broad (subcode 2804050).
        """
        return browser or not too_broad(self.user_data(fields))


def too_broad(names: Iterable[str]) -> bool:
    """Say whether a buyer of whom no more than these fields is told could be anybody, so that Meta refuses the event.

    What tells of the browser does not count: it is not known of every order, and a user agent narrows nothing down.

    Source: as above.
    """
    known = ALL_FIELDS.intersection(names)
    return any(known <= broad for broad in _TOO_BROAD)


def _hashed(values: Sequence[str | None]) -> tuple[str, ...]:
    if len(values) == 1 and values[0]:  # nearly always
        return (sha256(values[0].encode()).hexdigest(),)
    return tuple(map(_hash, filter(None, dict.fromkeys(values))))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _emails(payload: Mapping[str, Any], customer: Mapping[str, Any]) -> list[str | None]:
    typed = (read.text_at(payload, "email"), read.text_at(payload, "contact_email"), read.text_at(customer, "email"))
    return [*map(email_for_meta, filter(None, dict.fromkeys(typed)))]


def _phones(
    payload: Mapping[str, Any], customer: Mapping[str, Any], billing: Mapping[str, Any], shipping: Mapping[str, Any]
) -> list[str | None]:
    """Read each number as one of its own address's country; those without an address as one of the order's country."""
    billing_country, shipping_country = read.text_at(billing, "country_code"), read.text_at(shipping, "country_code")
    country = billing_country or shipping_country
    typed = [
        (read.text_at(payload, "phone"), country),
        (read.text_at(customer, "phone"), country),
        (read.text_at(billing, "phone"), billing_country),
        (read.text_at(shipping, "phone"), shipping_country),
    ]
    return [phone_for_meta(number, home) for number, home in dict.fromkeys(typed) if number]


def _names(*holders: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for holder in holders:
        first = name_for_meta(read.text_at(holder, "first_name") or "")
        last = name_for_meta(read.text_at(holder, "last_name") or "")
        if first or last:
            return first, last
    return (), ()


def _place(*addresses: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], str | None, str | None]:
    for address in addresses:
        country = country_for_meta(read.text_at(address, "country_code") or "")
        city = city_for_meta(read.text_at(address, "city") or "")
        region = region_for_meta(read.text_at(address, "province"), read.text_at(address, "province_code"), country)
        postcode = postcode_for_meta(read.text_at(address, "zip") or "", country)
        if city or region or postcode or country:
            return city, region, postcode, country
    return (), (), None, None
