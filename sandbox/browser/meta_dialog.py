"""TEST USE ONLY: Facebook's dialog, and what its user can do afterwards: remove the app, ask for deletion of data."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import requests
from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.browser.sites import own_pages_only
from sandbox.reach import call
from sandbox.world import asked, world

blueprint = Blueprint("meta_dialog", __name__, template_folder="templates")

CALLBACK = "/meta/callback"
DEAUTHORIZE = "/meta/deauthorize"
DELETION = "/meta/data-deletion"
SIXTY_DAYS = timedelta(days=60)


@blueprint.get("/site/meta/<version>/dialog/oauth")
@blueprint.get("/meta/<version>/dialog/oauth")
def ask(version: str) -> ResponseReturnValue:  # noqa: ARG001 - any version looks alike
    """Ask whether the app may in; a link that is not the app's own ends here."""
    fault = wrong(request.args)
    page = render_template("browser/meta_dialog.html", fault=fault, businesses=world().people.businesses.values())
    # Facebook's pages part with whoever opened them
    headers = {"Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": "DENY", "Cache-Control": "no-store"}
    return page, 400 if fault else 200, headers


@blueprint.post("/site/meta/<version>/dialog/oauth")
@blueprint.post("/meta/<version>/dialog/oauth")
def answer(version: str) -> ResponseReturnValue:  # noqa: ARG001
    """Send the user back with a code, or with their no. The fields of the dialog are in its address still."""
    if request.path.startswith("/site/"):
        own_pages_only()
    if fault := wrong(request.args):
        return jsonify(error=fault), 400
    back = {"state": request.args["state"]}
    if request.form.get("answer") == "yes" and request.form.get("business") in world().people.businesses:
        lasts = SIXTY_DAYS if request.form.get("lasts") == "60" else None
        back["code"] = world().people.allow(request.form["business"], request.args["redirect_uri"], lasts)
    else:
        back |= {
            "error": "access_denied",
            "error_code": "200",
            "error_description": "Permissions error",
            "error_reason": "user_denied",
        }
    return redirect(f"{request.args['redirect_uri']}?{urlencode(back)}#_=_", 302)


def wrong(fields: Mapping[str, str]) -> str:
    """What is wrong with a dialog's address, for its user; empty if nothing is."""
    own = world().options
    wanted = {
        "client_id": own.meta_app_id,
        "config_id": own.meta_config_id,
        "redirect_uri": own.app_url.rstrip("/") + CALLBACK,
        "response_type": "code",
        "override_default_response_type": "true",
    }
    differs = [name for name, value in wanted.items() if fields.get(name) != value]
    if "scope" in fields:
        differs.append("scope")
    return f"Invalid parameter: {', '.join(differs)}" if differs or not fields.get("state") else ""


@blueprint.get("/site/meta/logins.json")
@blueprint.get("/meta/logins.json")
def logins() -> ResponseReturnValue:
    """Who has let the app in; of tokens only how many live."""
    people = world().people
    people.let_expire()
    living = [grant.user_id for grant in people.grants.values() if grant.dead is None]
    found = [{"user_id": who, "business": name, "tokens": living.count(who)} for who, name in people.users().items()]
    return jsonify(test_use_only=True, logins=found)


@blueprint.post("/site/meta/logins/remove")
@blueprint.post("/meta/logins/remove")
def remove() -> ResponseReturnValue:
    """Remove the app, as its user can under Business integrations: its tokens die, and the app is told."""
    user_id = _asked_for()
    ended = world().people.remove(user_id)
    status, _ = tell(DEAUTHORIZE, user_id)
    return jsonify(tokens=ended, app_answered=status)


@blueprint.post("/site/meta/logins/delete")
@blueprint.post("/meta/logins/delete")
def delete() -> ResponseReturnValue:
    """Ask the app to delete what it has about a user; show what it answers."""
    user_id = _asked_for()
    world().people.remove(user_id)
    status, answered = tell(DELETION, user_id)
    return jsonify(app_answered=status, said=answered)


@blueprint.post("/meta/businesses")
def add_business() -> ResponseReturnValue:
    """Let a business be there: ``{"id", "name", "owned": [{"id", "name", ...}], "client": [...]}``."""
    return jsonify(id=world().people.add(asked()).id)


def tell(path: str, user_id: str) -> tuple[int | None, object]:
    """Post a signed request to the app; return its status and what it said, None where it did not answer."""
    issued_at = round(world().clock.now().timestamp())
    said = {"algorithm": "HMAC-SHA256", "issued_at": issued_at, "user_id": user_id}
    body = {"signed_request": signed_request(said, world().options.meta_app_secret)}
    try:
        told = call("POST", world().options.app_url.rstrip("/") + path, {}, data=body, timeout=15)
    except requests.RequestException:
        return None, None
    is_json = told.headers.get("Content-Type", "").startswith("application/json")
    return told.status_code, told.json() if is_json else told.text[:500]


def signed_request(said: Mapping[str, object], secret: str) -> str:
    """Sign what is said with the app's secret, as Meta does; URL-safe base64 without padding."""
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=")
    signature = hmac.new(secret.encode(), payload, hashlib.sha256).digest()
    return (base64.urlsafe_b64encode(signature).rstrip(b"=") + b"." + payload).decode()


def _asked_for() -> str:
    if request.path.startswith("/site/"):
        own_pages_only()
    return str(asked().get("user_id", ""))
