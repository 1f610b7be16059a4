"""TEST USE ONLY: the levers: clock, faults, reset, and the history of requests."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import acts
from sandbox.faults import Fault, UnknownFault
from sandbox.world import asked, world

blueprint = Blueprint("control", __name__)

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sandbox (TEST USE ONLY)</title></head>
<body><h1>Sandbox</h1><p><strong>TEST USE ONLY.</strong> This plays a shop platform and an advertising network
on this machine. It is neither Shopify nor Meta.</p>
<ul><li><a href="/meta/received.json">what Meta received</a></li><li><a href="/history.json">every request</a></li>
<li><a href="/admin/shops">shops</a></li><li><a href="/clock">clock</a></li><li><a href="/faults">faults</a></li></ul>
</body></html>"""


@blueprint.get("/")
def front() -> ResponseReturnValue:
    """A page that says what this is."""
    return PAGE


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """Answers as soon as the sandbox is up."""
    return jsonify(test_use_only=True, ok=True)


@blueprint.get("/clock")
def clock() -> ResponseReturnValue:
    """``{"offset_seconds", "now"}``."""
    return jsonify(world().clock.as_json())


@blueprint.post("/clock")
def move_clock() -> ResponseReturnValue:
    """``{"advance_seconds": n}`` or ``{"offset_seconds": n}``; webhooks that are due then go out."""
    wish, here = asked(), world()
    try:
        if "offset_seconds" in wish:
            here.clock.offset = float(wish["offset_seconds"])
        here.clock.offset += float(wish.get("advance_seconds", 0))
    except (TypeError, ValueError):
        abort(400, "advance_seconds and offset_seconds are numbers")
    here.webhooks.pump()
    return jsonify(here.clock.as_json())


@blueprint.get("/faults")
def faults() -> ResponseReturnValue:
    """Every fault that is on, and the names of all faults and acts."""
    names = {"all_faults": list(Fault), "acts": list(acts.ACTS)}
    return jsonify(test_use_only=True, faults=world().faults.as_json(), **names)


@blueprint.post("/faults")
def change_faults() -> ResponseReturnValue:
    """``{"name", "probability": 1.0, "count": n | null, ...}`` switches one on; ``{"clear": true}`` all off.

    The name of an act does it, once: ``{"act": what came of it}``.
    """
    wish, here = asked(), world()
    if wish.get("name") in acts.ACTS and not wish.get("clear"):
        return jsonify(faults=here.faults.as_json(), act=acts.perform(wish))
    try:
        if wish.get("clear"):
            here.faults.clear(wish.get("name"))
        else:
            here.faults.put(wish)
    except UnknownFault as unknown:
        abort(400, str(unknown))
    return jsonify(faults=here.faults.as_json())


@blueprint.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    """Switch all faults off, or ``?name=``."""
    try:
        world().faults.clear(request.args.get("name"))
    except UnknownFault as unknown:
        abort(400, str(unknown))
    return jsonify(faults=world().faults.as_json())


@blueprint.post("/reset")
def reset() -> ResponseReturnValue:
    """Forget everything."""
    world().reset()
    return jsonify(ok=True)


@blueprint.get("/history.json")
def history() -> ResponseReturnValue:
    """Every request either side made, oldest first; ``?after=N`` only later ones. Never a query, header or body."""
    return jsonify(test_use_only=True, requests=world().history.after(request.args.get("after", 0, int)))
