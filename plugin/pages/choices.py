"""What the merchant chooses on the settings page, beside the switch: read from a form, checked, kept, and recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, Literal, Self, cast

from plugin.recovery.consent import ConsentMode
from plugin.storage import policy
from plugin.storage.database import Conn
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop

SHORTEST_GRACE: Final = 10
LONGEST_GRACE: Final = 1440
GRACE_WRONG: Final = f"Enter a whole number of minutes from {SHORTEST_GRACE} to {LONGEST_GRACE}."
CHOOSE_ONE: Final = "Choose one of the options."


class WrongChoices(Exception):
    """The form cannot be kept; `errors` has one sentence for each field at fault."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("the form cannot be kept")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings of the page's form, under the names of its fields."""

    consent_mode: str
    grace_minutes: int
    content_ids: Literal["product", "variant"]
    ldu: bool

    @classmethod
    def of(cls, shop: Shop) -> Self:
        """Return what is chosen now."""
        chosen = shop.policy
        minutes = round(chosen.grace.total_seconds() / 60)
        return cls(chosen.consent_mode.value, minutes, _content_ids(shop.content_ids), chosen.ldu)

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """Read a form: `consent_mode`, `grace_minutes`, `content_ids`, and `ldu` where it is ticked.

        Raises:
            WrongChoices: one sentence for each field that says something else than it may.
        """
        grace = form.get("grace_minutes", "").strip()
        errors = {}
        if form.get("consent_mode") not in set(ConsentMode):
            errors["consent_mode"] = CHOOSE_ONE
        if not re.fullmatch("[0-9]{1,4}", grace) or not SHORTEST_GRACE <= int(grace) <= LONGEST_GRACE:
            errors["grace_minutes"] = GRACE_WRONG
        if form.get("content_ids") not in {"product", "variant"}:
            errors["content_ids"] = CHOOSE_ONE
        if errors:
            raise WrongChoices(errors)
        return cls(form["consent_mode"], int(grace), _content_ids(form["content_ids"]), form.get("ldu") == "yes")

    def differences(self, other: Choices) -> dict[str, tuple[str, str]]:
        """Return what differs: the field's name, its value here, and its value there."""
        pairs = {
            field.name: (_text(getattr(self, field.name)), _text(getattr(other, field.name))) for field in fields(self)
        }
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def changes_pixel(self, other: Choices) -> bool:
        """Whether the pixel in the shop has to be told."""
        return (self.content_ids, self.ldu) != (other.content_ids, other.ldu)


def keep(conn: Conn, shop: Shop, chosen: Choices, staff: Staff, now: datetime) -> None:
    """Keep choices, and record who changed what. A new grace period holds for orders that wait already."""
    values = policy.Choices(chosen.consent_mode, chosen.grace_minutes, chosen.content_ids, chosen.ldu)
    policy.choose(conn, shop, values, now)
    for what, (old, new) in Choices.of(shop).differences(chosen).items():
        policy.record(conn, shop.id, staff, now, (what, old, new, None))


def _content_ids(text: str) -> Literal["product", "variant"]:
    return cast("Literal['product', 'variant']", text)


def _text(value: str | int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
