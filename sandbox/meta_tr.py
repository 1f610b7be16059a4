"""TEST USE ONLY: the stand-in of https://www.facebook.com/tr/: what Meta's pixel requests reach."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.faults import Fault
from sandbox.history import hang_up
from sandbox.meta_rules import Event
from sandbox.world import world

blueprint = Blueprint("meta_tr", __name__, url_prefix="/meta")

PIXEL = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
"""A 1x1 transparent GIF: all that the browser ever learns."""
BRACKETS = re.compile(r"(cd|ud)\[([^\]]+)\]")


@blueprint.route("/tr", methods=["GET", "POST"])
@blueprint.route("/tr/", methods=["GET", "POST"])
def tr() -> ResponseReturnValue:
    """Take one event of the pixel; the answer is the same image whatever was sent."""
    said_by_pixel = request.values.to_dict()
    if world().faults.hit(Fault.TR_DOWN, dataset=said_by_pixel.get("id", "")) is not None:
        return hang_up()
    world().meta.take_browser(said_by_pixel.get("id", ""), browser_event(said_by_pixel))
    return Response(PIXEL, mimetype="image/gif", headers={"Cache-Control": "no-store"})


def browser_event(fields: Mapping[str, str]) -> Event:
    """Write the request's ``ev``, ``eid`` and all else as one event; ``cd[..]`` and ``ud[..]`` become objects."""
    event: Event = {"event_name": fields.get("ev", ""), "event_id": fields.get("eid") or None}
    for key, value in fields.items():
        if inside := BRACKETS.fullmatch(key):
            event.setdefault(inside[1], {})[inside[2]] = value
        else:
            event[key] = value
    return event
