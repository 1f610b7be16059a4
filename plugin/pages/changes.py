"""What the switch log says of a change, in words: what was changed, and the value before and after."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from plugin import wording
from plugin.language import N_, _, n_
from plugin.pages import words
from plugin.pages.identifiers import labels_of
from plugin.translating import Translated

_NAMES: Final = Translated(
    {
        "offline_tracking": wording.SWITCH,
        "consent_mode": N_("Without a record of the buyer's choice"),
        "grace_minutes": N_("Grace period (minutes)"),
        "content_ids": N_("Item ids"),
        "ldu": N_("Limited data use"),
        "alerts": N_("E-mails"),
        "cart_choices": N_("Buyer's choice from the cart"),
        "fields": N_("Identifiers sent"),
        "test_code": N_("Test code"),
        "customers_data_request": N_("A customer's data request"),
        "customers_redact": N_("A customer's erasure"),
        "shop_redact": N_("The shop's erasure"),
        "other_pixel": N_("Another Meta pixel"),
        "recover_last_days": N_("Recover the last 7 days"),
        "held_orders": N_("Orders that needed your word"),
        "setup_guide": N_("Setup guide"),
        "order_erasure": N_("An order's erasure"),
    }
)
_VALUES: Final = Translated(
    {
        "on": N_("on"),
        "off": N_("off"),
        "yes": N_("yes"),
        "no": N_("no"),
        "none": N_("none"),
        "product": N_("product"),
        "variant": N_("variant"),
        "recorded": N_("send nothing"),
        "store_policy": N_("follow the shop's consent policy"),
        "asked for": N_("asked for"),
        "not asked for": N_("not asked for"),
        "sent": N_("sent"),
        "closed": N_("closed"),
        "open": N_("open"),
        "left off": N_("left off"),
        "kept": N_("kept"),
        "to be erased": N_("to be erased"),
    }
)
"""What the log keeps as a word."""
_SENTENCES: Final[Mapping[str, Callable[[re.Match[str]], str]]] = {
    r"request (?P<id>\d{1,18})": lambda found: _("request %(number)s", number=found["id"]),
    r"done, orders: (?P<n>\d{1,18})": lambda found: n_("done, %(num)s order", "done, %(num)s orders", int(found["n"])),
    r"ignored, orders: (?P<n>\d{1,18})": lambda found: n_(
        "not done, %(num)s order", "not done, %(num)s orders", int(found["n"])
    ),
    r"order (?P<id>\d{1,19}) held": lambda found: _("order %(number)s held", number=found["id"]),
    r"(?P<n>\d{1,18}) held": lambda found: n_("%(num)s held", "%(num)s held", int(found["n"])),
}
"""What the log keeps with a number in it."""


def name_of(what: str) -> str:
    """Return what was changed."""
    return _NAMES.get(what, what)


def value_of(what: str, text: str) -> str:
    """Return a value of it. A test code is the merchant's own and stays as it is, even one that is a word of ours."""
    if what == "other_pixel":
        return str(words.OTHER_PIXEL.get(text, text))
    if what == "fields":
        return labels_of(text)
    if what == "test_code" and text != "none":
        return text
    for pattern, said in _SENTENCES.items():
        found = re.fullmatch(pattern, text, re.ASCII)
        if found:
            return said(found)
    return _VALUES.get(text, text)
