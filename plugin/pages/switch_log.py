"""GET /switch-log and /switch-log.csv: who changed the switch and the settings, when, where, by which text."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Final

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages import notice
from plugin.pages.changes import name_of, value_of
from plugin.pages.door import Visit, merchant_only
from plugin.pages.show import zone_of
from plugin.storage import orm
from plugin.storage.models import PolicyChangeRow
from plugin.translating import Translated

PAGE = 50
MOST_LINES: Final = 10_000
"""Of a file; the newest ones."""
PLACES: Final = Translated(
    {
        "dashboard": N_("Dashboard"),
        "settings": N_("Facebook integration settings"),
        "orders": N_("Orders"),
        "order": N_("An order's page"),
        "data-protection": N_("Data protection"),
        "uninstall": N_("The app was removed from the shop"),
        "facebook": N_("The app was removed at Facebook"),
        "shopify": N_("Asked for by Shopify"),
        "command line": N_("Our support, by the command line"),
    }
)
COLUMNS: Final = (
    N_("Time"),
    N_("Staff user"),
    N_("Where"),
    N_("What"),
    N_("Before"),
    N_("After"),
    N_("Privacy notice"),
)
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
        notice=notice.named(text),
        is_known=notice.is_known,
        is_first=before is None,
        next_id=shown[-1].id if len(found) > PAGE else None,
    )


@merchant_only
def switch_log_file(visit: Visit) -> ResponseReturnValue:
    """Return the log as a CSV file, the newest first."""
    zone, file = zone_of(visit.shop.time_zone), StringIO()
    lines = csv.writer(file)
    lines.writerow(_(column) for column in COLUMNS)
    for change in orm.policy_changes(visit.shop.id, MOST_LINES):
        told = (name_of(change.what), *(value_of(change.what, text) for text in (change.old, change.new)))
        at = change.at.astimezone(zone).isoformat(timespec="seconds")
        lines.writerow(_safe(cell) for cell in (at, change.user_id, _place(change), *told, _text(change)))
    headers = {"Content-Disposition": 'attachment; filename="switch-log.csv"'}
    return Response(file.getvalue().encode("utf-8-sig"), mimetype="text/csv", headers=headers)


def _place(change: PolicyChangeRow) -> str:
    return PLACES.get(change.place, change.place)


def _text(change: PolicyChangeRow) -> str:
    return change.warning_version or ""


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None
