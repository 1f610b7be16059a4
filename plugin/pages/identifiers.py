"""The identifiers of the field dial, as pages name and explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugin.pages.words import AS_IS, FIELDS
from plugin.recovery.dial import DIAL

_USES: Final[Mapping[str, str]] = {
    "em": "Meta looks for the account that uses this address; it finds more buyers by it than by anything else.",
    "ph": "Meta looks for the account that uses this number.",
    "fn": "Meta compares it with the names of accounts, beside other identifiers; alone it finds nobody.",
    "ln": "Meta compares it with the names of accounts, beside other identifiers; alone it finds nobody.",
    "ct": "Meta tells people of the same name apart by it.",
    "st": "Meta tells people of the same name apart by it.",
    "zp": "Meta tells people of the same name apart by it, closer than by the city.",
    "country": "Meta narrows down where to look for the buyer.",
    "external_id": "Meta recognises by it that several orders are one customer's.",
    "client_ip_address": "Meta recognises the buyer's connection by it, and for limited data use the state.",
    "client_user_agent": "Meta recognises the buyer's device by it, and asks for it with every purchase on a website.",
    "fbp": "Meta recognises by it a browser that it has seen in your shop before.",
    "fbc": "Meta finds by it the click on an ad that led to the purchase.",
}
"""One sentence each (Meta, "Customer information parameters" and "Best practices")."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One of the dial: Meta's name, ours, what Meta uses it for, and whether it goes there hashed or as it is."""

    name: str
    label: str
    use: str
    is_hashed: bool


IDENTIFIERS: Final = tuple(
    Identifier(name, FIELDS.get(name) or AS_IS[name], _USES[name], is_hashed=name in FIELDS) for name in DIAL
)


def labels_of(names: str) -> str:
    """Return a comma-separated list of Meta's names in our words, as the switch log shows it."""
    chosen = set(names.split(","))
    return ", ".join(each.label for each in IDENTIFIERS if each.name in chosen)
