"""The identifiers of the field dial, as pages name and explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugin.language import N_
from plugin.pages.words import AS_IS, FIELDS
from plugin.recovery.dial import DIAL
from plugin.translating import Translated, listed

_TEXTS: Final[Mapping[str, str]] = {
    "em": N_("Meta looks for the account that uses this address; it finds more buyers by it than by anything else."),
    "ph": N_("Meta looks for the account that uses this number."),
    "fn": N_("Meta compares it with the names of accounts, beside other identifiers; alone it finds nobody."),
    "ln": N_("Meta compares it with the names of accounts, beside other identifiers; alone it finds nobody."),
    "ct": N_("Meta tells people of the same name apart by it."),
    "st": N_("Meta tells people of the same name apart by it."),
    "zp": N_("Meta tells people of the same name apart by it, closer than by the city."),
    "country": N_("Meta narrows down where to look for the buyer."),
    "external_id": N_("Meta recognises by it that several orders are one customer's."),
    "client_ip_address": N_("Meta recognises the buyer's connection by it, and for limited data use the state."),
    "client_user_agent": N_(
        "Meta recognises the buyer's device by it, and asks for it with every purchase on a website."
    ),
    "fbp": N_("Meta recognises by it a browser that it has seen in your shop before."),
    "fbc": N_("Meta finds by it the click on an ad that led to the purchase."),
}
_USES: Final = Translated(_TEXTS)
"""One sentence each (Meta, "Customer information parameters" and "Best practices")."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One of the dial: Meta's name, ours, what Meta uses it for, and whether it goes there hashed or as it is."""

    name: str
    is_hashed: bool

    @property
    def label(self) -> str:
        """Our name of it, in the reader's language."""
        return FIELDS[self.name] if self.is_hashed else AS_IS[self.name]

    @property
    def use(self) -> str:
        """What Meta uses it for, in the reader's language."""
        return _USES[self.name]


IDENTIFIERS: Final = tuple(Identifier(name, is_hashed=name in FIELDS) for name in DIAL)


def labels_of(names: str) -> str:
    """Return a comma-separated list of Meta's names in our words, as the switch log shows it."""
    chosen = set(names.split(","))
    return listed(each.label for each in IDENTIFIERS if each.name in chosen)
