"""TEST USE ONLY: meta.localhost: an Events Manager: what came from the browser, what from servers, what was dropped."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from sandbox.audience import audience
from sandbox.shops import Json
from sandbox.world import world

blueprint = Blueprint("meta_site", __name__, url_prefix="/site/meta", template_folder="templates")

SHOWN = 200
"""Events, and requests; the newest."""


@blueprint.get("/")
def events_manager() -> ResponseReturnValue:
    """The page."""
    return render_template("browser/meta.html")


@blueprint.get("/events.json")
def events() -> ResponseReturnValue:
    """Newest first; of a person only the names of the fields that came, and whether they were hashed."""
    store = world().meta
    received, posts = store.events_json()[-SHOWN:], store.posts_json()[-SHOWN:]
    return jsonify(
        test_use_only=True,
        events=[line(event) for event in reversed(received)],
        requests=[
            {"at": post["at"], "dataset": post["dataset"], "events": len(post["event_ids"]), "result": post["result"]}
            for post in reversed(posts)
        ],
    )


@blueprint.get("/audience.json")
def retargeting() -> ResponseReturnValue:
    """Who is in the retargeting audience, and who has dropped out of it."""
    found = audience(world().meta.events_json(), world().clock.now())
    return jsonify(test_use_only=True, visitors=found[-SHOWN:])


def line(event: Json) -> Json:
    """One event as the page shows it."""
    kept = ("n", "event_name", "event_id", "source", "received_at", "dataset", "known_dataset")
    custom = part(event, "custom_data") or part(event, "cd")
    user = part(event, "user_data") | {k: event["payload"][k] for k in ("fbp", "fbc") if event["payload"].get(k)}
    return {key: event[key] for key in kept} | {
        "copy_of": event["duplicate_of"],
        "value": custom.get("value"),
        "currency": custom.get("currency"),
        "order_id": custom.get("order_id"),
        "person": sorted(user),
        "limited": "LDU" in str(event["payload"].get("data_processing_options", event["payload"].get("dpo", ""))),
    }


def part(event: Json, name: str) -> dict[str, Any]:
    """An object inside an event; empty if it is none."""
    found = event["payload"].get(name)
    return found if isinstance(found, dict) else {}
