"""TEST USE ONLY: Facebook Login for Business and what Graph tells of tokens, businesses and datasets."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.faults import Fault
from sandbox.meta import proof_fits
from sandbox.meta_answers import HTML, said
from sandbox.meta_people import CODE_LASTS, EXPIRED, Grant, Pixel
from sandbox.meta_rules import BAD_PROOF, BAD_TOKEN, NO_PROOF, GraphError
from sandbox.world import world

blueprint = Blueprint("meta_login", __name__, url_prefix="/meta/<version>")

LARGEST_PAGE = 100
DENIED = GraphError(403, 200, "(#200) Requires business_management permission to manage the object")
USED = GraphError(400, 100, "This authorization code has been used.", 36009)
TOO_OLD = GraphError(400, 100, "This authorization code has expired.", 36007)
OTHER_ADDRESS = GraphError(400, 100, "Error validating verification code: redirect_uri differs", 36008)
NO_CODE = GraphError(400, 100, "Invalid verification code format.")
WRONG_SECRET = GraphError(400, 1, "Error validating client secret.")
NOT_THE_APP = GraphError(400, 100, "(#100) You must provide an app access token of the app")
OTHER_APP = GraphError(400, 100, "(#100) The App_id in the input_token did not match the Viewing App")
NO_OBJECT = GraphError(400, 100, "Unsupported get request. Object does not exist or is not visible", 33)


@blueprint.before_app_request
def let_expire() -> None:
    """Tokens end by themselves, whoever asks next."""
    world().people.let_expire()


@blueprint.route("/oauth/access_token", methods=["GET", "POST"])
def access_token(version: str) -> ResponseReturnValue:  # noqa: ARG001 - any version answers alike
    """Exchange a code, once, for whoever knows the app's secret and names the address of the dialog."""
    if world().faults.hit(Fault.LOGIN_500) is not None:
        return HTML, 500
    error = code_error() if world().faults.hit(Fault.LOGIN_REFUSED) is None else USED
    if error is not None:
        return said(error)
    grant = world().people.mint(world().people.codes[request.values["code"]])
    answer: dict[str, Any] = {"access_token": grant.token, "token_type": "bearer"}
    if grant.expires_at is not None:
        answer["expires_in"] = round((grant.expires_at - grant.issued_at).total_seconds())
    return jsonify(answer)


def code_error() -> GraphError | None:
    """Why a code is not exchanged, or None."""
    here, fields = world(), request.values
    if fields.get("client_id") != here.options.meta_app_id:
        return GraphError(400, 101, "Error validating application. Cannot get application info")
    if not hmac.compare_digest(fields.get("client_secret", "").encode(), here.options.meta_app_secret.encode()):
        return WRONG_SECRET
    code = here.people.codes.get(fields.get("code", ""))
    if code is None:
        return NO_CODE
    if code.used:
        return USED
    if code.made_at + CODE_LASTS <= here.clock.now():
        return TOO_OLD
    return None if fields.get("redirect_uri") == code.redirect_uri else OTHER_ADDRESS


@blueprint.get("/debug_token")
def debug_token(version: str) -> ResponseReturnValue:  # noqa: ARG001
    """Tell the app what a token of its own is good for."""
    here = world()
    if here.faults.hit(Fault.DEBUG_500) is not None:
        return said(GraphError(500, 2, "Service temporarily unavailable", transient=True))
    if asked_with() != f"{here.options.meta_app_id}|{here.options.meta_app_secret}":
        return said(NOT_THE_APP)
    grant = here.people.grants.get(request.args.get("input_token", ""))
    if grant is None:
        return said(OTHER_APP)
    return jsonify(data=token_facts(grant))


def token_facts(grant: Grant) -> dict[str, Any]:
    """What Graph tells of a token; 0 stands for never."""
    facts = {
        "app_id": world().options.meta_app_id,
        "type": "SYSTEM_USER",
        "application": "Backstop (sandbox)",
        "data_access_expires_at": 0,
        "expires_at": round(grant.expires_at.timestamp()) if grant.expires_at else 0,
        "is_valid": grant.dead is None,
        "issued_at": round(grant.issued_at.timestamp()),
        "scopes": list(grant.scopes),
        "granular_scopes": [{"scope": scope} for scope in grant.scopes],
        "user_id": grant.user_id,
    }
    if grant.dead is not None:
        text = "Session has expired" if grant.dead == EXPIRED else "The user has not authorized application"
        facts["error"] = {"code": 190, "message": text, "subcode": grant.dead}
    return facts


@blueprint.get("/me")
def me(version: str) -> ResponseReturnValue:  # noqa: ARG001
    """The system user, and its business."""
    grant = who()
    if isinstance(grant, GraphError):
        return said(grant)
    return jsonify(id=grant.user_id, client_business_id=grant.business)


@blueprint.get("/me/businesses")
def businesses(version: str) -> ResponseReturnValue:  # noqa: ARG001
    """The businesses of a token's user; of a system user, its one."""
    grant = who()
    if isinstance(grant, GraphError):
        return said(grant)
    business = world().people.businesses[grant.business]
    return jsonify(data=[{"id": business.id, "name": business.name}])


@blueprint.delete("/me/permissions")
def give_back(version: str) -> ResponseReturnValue:  # noqa: ARG001
    """End a user's whole login: every token of theirs for this app dies."""
    if world().faults.hit(Fault.REVOKE_500) is not None:
        return HTML, 500
    grant = who()
    if isinstance(grant, GraphError):
        return said(grant)
    world().people.remove(grant.user_id)
    return jsonify(success=True)


@blueprint.get("/<node>")
def node(version: str, node: str) -> ResponseReturnValue:  # noqa: ARG001
    """The token's business, or one of its datasets."""
    grant = who()
    if isinstance(grant, GraphError):
        return said(grant)
    business = world().people.businesses[grant.business]
    if node == business.id:
        return jsonify(id=business.id, name=business.name)
    found = next((pixel for pixel in (*business.owned, *business.client) if pixel.id == node), None)
    return said(NO_OBJECT) if found is None else jsonify(found.as_json())


@blueprint.get("/<business>/<any(owned_pixels, client_pixels):edge>")
def pixels(version: str, business: str, edge: str) -> ResponseReturnValue:
    """The datasets of the token's business, page by page."""
    here, grant = world(), who()
    if isinstance(grant, GraphError):
        return said(grant)
    if here.faults.hit(Fault.LISTS_500) is not None:
        return said(GraphError(500, 2, "Service temporarily unavailable", transient=True))
    if business != grant.business or here.faults.hit(Fault.LISTS_DENIED) is not None:
        return said(DENIED)
    known = here.people.businesses[business]
    listed = known.owned if edge == "owned_pixels" else known.client
    return jsonify(page_of(listed, url_for(".pixels", version=version, business=business, edge=edge)))


def page_of(listed: list[Pixel], path: str) -> dict[str, Any]:
    """One page. Like Graph's, the address of the next one has the token in it."""
    start = int(request.args.get("after", "0") or 0)
    size = min(request.args.get("limit", 25, int), LARGEST_PAGE)
    shown = listed[start : start + size]
    end = start + len(shown)
    answer: dict[str, Any] = {"data": [pixel.as_json() for pixel in shown]}
    if shown:
        answer["paging"] = {"cursors": {"before": str(start), "after": str(end)}}
    if end < len(listed):
        answer["paging"]["next"] = f"{world().options.own_url}{path}?access_token={asked_with()}&after={end}"
    return answer


def asked_with() -> str:
    """The access token of this request, from the header or the query."""
    bearer = request.headers.get("Authorization", "")
    return bearer.removeprefix("Bearer ") if bearer.startswith("Bearer ") else request.args.get("access_token", "")


def who() -> Grant | GraphError:
    """Whose token this request has. The app's setting "Require app secret" is on, so it has to be proved."""
    text = asked_with()
    grant = world().people.living(text)
    if grant is None:
        dead = world().people.grants.get(text)
        return BAD_TOKEN if dead is None else GraphError(401, 190, "Error validating access token", dead.dead)
    proof = request.args.get("appsecret_proof")
    if proof is None:
        return NO_PROOF
    return grant if proof_fits(proof, text, world().options.meta_app_secret) else BAD_PROOF
