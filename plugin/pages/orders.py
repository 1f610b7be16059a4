"""GET /orders and /orders/<id>: every paid order with its outcome and reason, and how one order came to its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from http import HTTPStatus

from flask import render_template, request
from flask.typing import ResponseReturnValue

from plugin.explaining import explain
from plugin.jobs.alerts import TROUBLES
from plugin.pages import words
from plugin.pages.door import Visit, merchant_only
from plugin.pages.show import moment
from plugin.pages.stopped import NO_SUCH_ORDER, stopped
from plugin.recovery.outcomes import REASONS, Outcome, Reason
from plugin.recovery.purchase import event_id
from plugin.storage import held as held_orders
from plugin.storage import listing, opt_outs, pixel_health, reading
from plugin.storage.held import Held
from plugin.storage.listing import Mark, Wanted

PAGE = 50
ORDER_ID = re.compile(r"[1-9][0-9]{0,18}")
LARGEST_ID = 2**63 - 1
DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
LONGEST_NUMBER = 64
REASONS_SHOWN = {outcome: sorted(REASONS[outcome]) for outcome in Outcome}


@merchant_only
def orders(visit: Visit) -> ResponseReturnValue:
    """Show paid orders, the latest first: those of `outcome`, `reason`, `day` and `number`; from `before` on."""
    wanted = _wanted(request.args)
    before = Mark.from_text(request.args.get("before", ""))
    with visit.given.database.transaction() as conn:
        found = listing.latest(conn, visit.shop.id, limit=PAGE + 1, wanted=wanted, before=before)
        held = held_orders.waiting(conn, visit.shop.id)
    shown = found[:PAGE]
    return render_template(
        "orders.html",
        shop=visit.shop,
        orders=shown,
        held=held,
        wanted=wanted,
        kept=_kept(wanted),
        reasons=REASONS_SHOWN,
        outcomes=tuple(Outcome),
        is_first=before is None,
        next_mark=str(shown[-1].mark) if len(found) > PAGE else None,
    )


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """What an address looks for; what it says wrongly is as if it were not said."""
    outcome, reason = asked.get("outcome", ""), asked.get("reason", "")
    return Wanted(
        outcome=Outcome(outcome) if outcome in set(Outcome) else None,
        reason=Reason(reason) if reason in set(Reason) else None,
        day=_day(asked.get("day", "")),
        number=typed_number(asked.get("number", "")),
    )


def typed_number(text: str) -> str:
    """Return an order's number as it was typed, tidied; empty if nothing was."""
    number = " ".join(text.replace("\0", "").split())[:LONGEST_NUMBER]
    return number if number.strip("#") else ""


def _day(text: str) -> date | None:
    if not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _kept(wanted: Wanted) -> Mapping[str, str]:
    """What is looked for, as addresses carry it on."""
    day = wanted.day.isoformat() if wanted.day else ""
    said = {"outcome": wanted.outcome or "", "reason": wanted.reason or "", "day": day, "number": wanted.number}
    return {name: str(value) for name, value in said.items() if value}


@merchant_only
def order(visit: Visit, order_id: str) -> ResponseReturnValue:
    """Show one order of this shop."""
    story, trouble = None, None
    if ORDER_ID.fullmatch(order_id) and int(order_id) <= LARGEST_ID:
        with visit.given.database.transaction() as conn:
            story = reading.order(conn, visit.shop.id, int(order_id))
            trouble = None if story is None else pixel_health.trouble_at(conn, visit.shop.id, story.line.paid_at)
    if story is None:
        return stopped(NO_SUCH_ORDER, HTTPStatus.NOT_FOUND)
    line = story.line
    return render_template(
        "order.html",
        shop=visit.shop,
        story=story,
        held=Held(1, ((line.value, line.currency),)) if story.needs_word else Held(0, ()),
        trouble=TROUBLES[trouble.trouble] if trouble else None,
        asks_customers=opt_outs.readable(visit.shop),
        told=explain(story, partial(moment, zone=visit.shop.time_zone)),
        fields=[name for field, name in words.FIELDS.items() if field in story.fields_sent],
        as_is=[name for field, name in words.AS_IS.items() if field in story.fields_sent],
        event_id=event_id(line.order_id),
    )
