"""GET /switch-log and /switch-log.csv: who changed the switch and the settings, when, where, by which text."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from html import unescape
from io import StringIO
from typing import Final

from flask import Response, get_template_attribute, render_template, request
from flask.typing import ResponseReturnValue

from plugin.pages.door import Visit, merchant_only
from plugin.pages.show import zone_of
from plugin.pages.words import SETTINGS, WARNINGS
from plugin.storage import orm
from plugin.storage.models import PolicyChangeRow

PAGE = 50
MOST_LINES: Final = 10_000
"""Of a file; the newest ones."""
PLACES: Final[Mapping[str, str]] = {
    "dashboard": "Dashboard",
    "settings": SETTINGS,
    "orders": "Orders",
    "order": "An order's page",
    "data-protection": "Data protection",
    "uninstall": "The app was removed from the shop",
    "facebook": "The app was removed at Facebook",
    "shopify": "Asked for by Shopify",
    "command line": "Our support, by the command line",
}
COLUMNS: Final = ("Time", "Staff user", "Where", "What", "Before", "After", "Privacy notice")
STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A table program would reckon with a cell that begins so (OWASP, CSV Injection)."""
LONGEST_ID: Final = 18
"""Digits."""


@merchant_only
def switch_log(visit: Visit) -> ResponseReturnValue:
    """Show the log, the newest first, from `before` on; `text`: a version of the privacy notice to be shown, too."""
    before = _id(request.args.get("before", ""))
    found = orm.policy_changes(visit.shop.id, PAGE + 1, before=before)
    text = request.args.get("text", "")
    shown = found[:PAGE]
    return render_template(
        "switch_log.html",
        shop=visit.shop,
        changes=shown,
        places=PLACES,
        text=text if text in WARNINGS else "",
        texts=WARNINGS,
        is_first=before is None,
        next_id=shown[-1].id if len(found) > PAGE else None,
    )


@merchant_only
def switch_log_file(visit: Visit) -> ResponseReturnValue:
    """Return the log as a CSV file, the newest first."""
    name, value = (get_template_attribute("_changes.html", macro) for macro in ("name", "value"))
    zone, file = zone_of(visit.shop.time_zone), StringIO()
    lines = csv.writer(file)
    lines.writerow(COLUMNS)
    for change in orm.policy_changes(visit.shop.id, MOST_LINES):
        told = (name(change.what), value(change.what, change.old), value(change.what, change.new))
        at = change.at.astimezone(zone).isoformat(timespec="seconds")
        lines.writerow(_safe(cell) for cell in (at, change.user_id, _place(change), *map(_plain, told), _text(change)))
    headers = {"Content-Disposition": 'attachment; filename="switch-log.csv"'}
    return Response(file.getvalue().encode("utf-8-sig"), mimetype="text/csv", headers=headers)


def _place(change: PolicyChangeRow) -> str:
    return PLACES.get(change.place, change.place)


def _text(change: PolicyChangeRow) -> str:
    return change.warning_version or ""


def _plain(told: str) -> str:
    return unescape(told).strip()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None
