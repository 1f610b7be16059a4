"""What the merchant chooses on the settings page, beside the switch: read from a form, checked, kept, and recorded."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Self, cast

from werkzeug.datastructures import MultiDict

from plugin.language import N_, Count, _
from plugin.recovery.buyer import too_broad
from plugin.recovery.consent import ConsentMode
from plugin.recovery.dial import DIAL
from plugin.storage import narrowing, policy
from plugin.storage.database import Conn
from plugin.storage.policy import Staff
from plugin.storage.shops import Shop

SHORTEST_GRACE: Final = 10
LONGEST_GRACE: Final = 1440
GRACE_WRONG: Final = N_("Enter a whole number of minutes from %(shortest)s to %(longest)s.")
CHOOSE_ONE: Final = N_("Choose one of the options.")
TOO_BROAD: Final = N_(
    "These alone could mean anybody, so Meta would take no order. Choose the email, the phone, the customer id, or a "
    "name together with more of the name or with the place. What tells of the browser does not count: not every order "
    "has it."
)

Form = MultiDict[str, str]


class WrongChoices(Exception):
    """The form cannot be kept; `errors` has one sentence for each field at fault, in the reader's language."""

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
    cart_choices: bool
    """Whether the buyer's choice is read from the cart too."""
    fields: tuple[str, ...]
    """The identifiers that are sent, in the dial's order."""

    @classmethod
    def of(cls, shop: Shop) -> Self:
        """Return what is chosen now."""
        chosen = shop.policy
        minutes = round(chosen.grace.total_seconds() / 60)
        return cls(
            consent_mode=chosen.consent_mode.value,
            grace_minutes=minutes,
            content_ids=_content_ids(shop.content_ids),
            ldu=chosen.ldu,
            cart_choices=shop.cart_choices,
            fields=_in_order(shop.fields),
        )

    @classmethod
    def from_form(cls, form: Form) -> Self:
        """Read a form: `consent_mode`, `grace_minutes`, `content_ids`, each of `fields`, and what is ticked.

        Raises:
            WrongChoices: one sentence for each field that says something else than it may.
        """
        grace, named = form.get("grace_minutes", "").strip(), form.getlist("fields")
        errors = {}
        if form.get("consent_mode") not in set(ConsentMode):
            errors["consent_mode"] = _(CHOOSE_ONE)
        if not re.fullmatch("[0-9]{1,4}", grace) or not SHORTEST_GRACE <= int(grace) <= LONGEST_GRACE:
            errors["grace_minutes"] = _(GRACE_WRONG, shortest=Count(SHORTEST_GRACE), longest=Count(LONGEST_GRACE))
        if form.get("content_ids") not in {"product", "variant"}:
            errors["content_ids"] = _(CHOOSE_ONE)
        if too_broad(named) or not set(named) <= set(DIAL):
            errors["fields"] = _(TOO_BROAD)
        if errors:
            raise WrongChoices(errors)
        return cls(
            consent_mode=form["consent_mode"],
            grace_minutes=int(grace),
            content_ids=_content_ids(form["content_ids"]),
            ldu=form.get("ldu") == "yes",
            cart_choices=form.get("cart_choices") == "yes",
            fields=_in_order(named),
        )

    @property
    def seen(self) -> str:
        """These choices as a form carries them along: what its page showed, so that a stale one is noticed."""
        return json.dumps(self.texts(), separators=(",", ":"))

    def texts(self) -> dict[str, str]:
        """Return each field's value as the log has it."""
        return {field.name: _text(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def differences(self, other: Choices) -> dict[str, tuple[str, str]]:
        """Return what differs: the field's name, its value here, and its value there."""
        return _differences(self.texts(), other.texts())

    def changed_since(self, seen: str) -> dict[str, tuple[str, str]] | None:
        """Return what differs by now from what a form's page showed; None if it is not known what that was."""
        try:
            shown = json.loads(seen)
        except (ValueError, RecursionError):
            return None
        now = self.texts()
        is_ours = isinstance(shown, dict) and shown.keys() == now.keys() and all(map(_is_text, shown.values()))
        return _differences(shown, now) if is_ours else None

    def sends_less(self, other: Choices) -> bool:
        """Whether by the other choices something of an order is sent no more that is sent by these."""
        fewer = not set(self.fields) <= set(other.fields)
        stricter = self.consent_mode != other.consent_mode == ConsentMode.RECORDED
        return fewer or stricter or (self.ldu and not other.ldu)

    def changes_pixel(self, other: Choices) -> bool:
        """Whether the pixel in the shop has to be told."""
        return (self.content_ids, self.ldu) != (other.content_ids, other.ldu)


def keep(conn: Conn, shop: Shop, chosen: Choices, staff: Staff, now: datetime) -> bool:
    """Keep choices, and record who changed what; return whether less is sent from now on.

    A new grace period holds for orders that wait already. Where less is sent, the caller has what waits rewritten.
    """
    before = Choices.of(shop)
    less = before.sends_less(chosen)
    values = policy.Choices(
        chosen.consent_mode, chosen.grace_minutes, chosen.content_ids, chosen.ldu, chosen.cart_choices
    )
    policy.choose(conn, shop, values, now)
    narrowing.choose_fields(conn, shop.id, chosen.fields, sends_less=less)
    for what, (old, new) in before.differences(chosen).items():
        policy.record(conn, shop.id, staff, now, (what, old, new, None))
    return less


def _in_order(names: frozenset[str] | list[str]) -> tuple[str, ...]:
    return tuple(name for name in DIAL if name in names)


def _content_ids(text: str) -> Literal["product", "variant"]:
    return cast("Literal['product', 'variant']", text)


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name: (old[name], new[name]) for name in new if old[name] != new[name]}


def _is_text(value: object) -> bool:
    """Whether it can be one of a choice's: JSON also has half characters, which no page can print."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _text(value: str | int | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(value) if isinstance(value, tuple) else str(value)
