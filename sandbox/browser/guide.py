"""TEST USE ONLY: the guide of the demo: six steps, ticked from what has really happened.

Most of it can be seen here: installed, connected, what Meta received. What the app's ledger says of an order cannot;
whoever runs the app reports it: ``POST /guide.json`` with ``{"shop": "x.myshopify.com", "counts": {...}}``, the counts
as ``backstop orders counts SHOP --json`` prints them. A step once done stays done, until the shop is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Blueprint, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.shops import Json, Shop
from sandbox.world import asked, shop_named, world

blueprint = Blueprint("guide", __name__)

STEPS = ("install", "connect", "buy_tracked", "buy_missed", "recover", "withheld")
Counts = Mapping[str, Mapping[str, int]]
"""Orders by outcome and reason."""


@dataclass(slots=True)
class Progress:
    """How far one shop's visitor has come."""

    shop: Shop
    counts: Counts = field(default_factory=dict)
    done: set[str] = field(default_factory=set)


def progress_of(shop: Shop) -> Progress:
    """The progress of a shop; of one that was made anew since: none."""
    kept = cast("dict[str, Progress]", current_app.extensions.setdefault("guide", {}))
    with world().lock:
        found = kept.get(shop.domain)
        if found is None or found.shop is not shop:
            found = kept[shop.domain] = Progress(shop)
        found.done |= seen(shop) | told(found.counts)
        return found


def seen(shop: Shop) -> set[str]:
    """The steps that the sandbox itself sees done."""
    came = purchases(shop)
    facts = {
        "install": shop.installed and shop.tokens.exchanges > 0,
        "connect": shop.installed and shop.pixel is not None,
        "buy_tracked": "browser" in came,
        "recover": "server" in came,
    }
    return {step for step, holds in facts.items() if holds}


def purchases(shop: Shop) -> set[str]:
    """From where Meta has got Purchases of this shop that count: ``browser``, ``server``."""
    orders = {f"purchase.{order_id}" for order_id in list(shop.orders)}
    return {
        event["source"]
        for event in world().meta.events_json()
        if event["event_id"] in orders and event["known_dataset"] and not event["deduplicated"]
    }


def told(counts: Counts) -> set[str]:
    """The steps that the ledger says are done."""
    outcomes = {"buy_tracked": "tracked", "buy_missed": "missed", "recover": "recovered", "withheld": "withheld"}
    return {step for step, outcome in outcomes.items() if sum(counts.get(outcome, {}).values()) > 0}


def guide_json(shop: Shop) -> Json:
    """``{"shop", "steps": [{"step", "done"}], "counts"}``."""
    progress = progress_of(shop)
    steps = [{"step": step, "done": step in progress.done} for step in STEPS]
    return {"test_use_only": True, "shop": shop.domain, "steps": steps, "counts": progress.counts}


@blueprint.get("/guide.json")
def read() -> ResponseReturnValue:
    """The guide of ``?shop=``, or of the first shop."""
    domain = request.args.get("shop") or next(iter(world().shops), "")
    return jsonify(guide_json(shop_named(domain)))


@blueprint.post("/guide.json")
def report() -> ResponseReturnValue:
    """Take what the ledger says."""
    wish = asked()
    shop = shop_named(str(wish.get("shop", "")))
    progress_of(shop).counts = counts_from(wish.get("counts"))
    return jsonify(guide_json(shop))


def counts_from(wish: Any) -> Counts:
    """Read ``{"missed": {"tracking_off": 1}, ...}``; anything else ends as 400."""
    try:
        return {
            str(outcome): {str(reason): int(number) for reason, number in reasons.items()}
            for outcome, reasons in wish.items()
        }
    except (AttributeError, TypeError, ValueError):
        abort(400, 'counts must be like {"missed": {"tracking_off": 1}}')
