"""The settings form as a browser fills and sends it."""

from __future__ import annotations

from werkzeug.test import TestResponse

from plugin.recovery.consent import ConsentMode
from plugin.recovery.dial import DIAL
from tests.edges.visits import Merchant, Page

Fields = dict[str, str | list[str]]
WHOLE = list(DIAL)


def shown(page: Page) -> Fields:
    """What the form of a page holds, as it would be sent untouched."""
    chosen = [e["value"] for e in page.all("s-choice") if "selected" in e.attributes]
    form: Fields = {
        "seen": page.one("input", name="seen")["value"],
        "grace_minutes": page.one("s-number-field", name="grace_minutes")["value"],
        "consent_mode": next((value for value in chosen if value in set(ConsentMode)), ""),
        "content_ids": next((value for value in chosen if value in {"product", "variant"}), ""),
        "fields": [value for value in chosen if value in DIAL],
    }
    ticked = [name for name in ("ldu", "cart_choices") if "checked" in page.one("s-checkbox", name=name).attributes]
    return form | dict.fromkeys(ticked, "yes")


def without(*names: str) -> list[str]:
    """All identifiers but these."""
    return [name for name in DIAL if name not in names]


def save(merchant: Merchant, **changes: str | list[str]) -> TestResponse:
    """Open the settings, change something, and save: the answer to the form."""
    form = shown(Page(merchant.get("/settings"))) | changes
    return merchant.post("/settings", **{name: value for name, value in form.items() if value != ""})


def saved(merchant: Merchant, **changes: str | list[str]) -> Page:
    """Save, and open the page that this leads to."""
    answer = save(merchant, **changes)
    assert answer.status_code == 303, answer.text
    return Page(merchant.get(answer.headers["Location"]))
