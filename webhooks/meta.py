"""Meta's own messages: somebody has removed the app at Facebook, or wants the data about them deleted.

Both come as a form with a `signed_request`. Without a secret of an app of ours nothing here exists.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from http import HTTPStatus
from typing import Final

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge, Unauthorized

from plugin import refusals
from plugin.meta import login, signed_request
from plugin.meta.signed_request import NotSigned, Told, Unreadable
from plugin.services import Services, services
from plugin.storage import locks, meta_users

log = logging.getLogger(__name__)
blueprint = Blueprint("meta", __name__, url_prefix="/meta")

LIMIT: Final = 16 * 1024
"""Bytes."""
WAIT_FOR_FLIGHT: Final = 3.0
"""Seconds for a request that is under way; nothing new starts in any case."""
CODE: Final = 32
"""Characters of a confirmation code's random half; the other half is signed with the app's secret."""
POLICY: Final = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
NOTHING: Final = "Nothing is stored about you. There was nothing to delete."
DELETED: Final = (
    "What this app stored about you was deleted on {day}: a protected form of the id by which Facebook names you to "
    "this app, and the access that you had given it. Nothing else about you was stored."
)


@blueprint.post("/deauthorize")
def deauthorize() -> ResponseReturnValue:
    """Close the connections of somebody who has removed the app at Facebook. Told twice, or late, it does no harm."""
    given, told = _told()
    user_hash = login.user_hash(given.settings.meta_app_secret, told.user_id)
    for shop_id in _shops_of(given, user_hash):
        _take_away(given, shop_id, user_hash, told)
    return "", HTTPStatus.OK


@blueprint.post("/data-deletion")
def delete_data() -> ResponseReturnValue:
    """Erase what is stored about somebody, and tell where it can be read that this was done.

    Source: Meta, "Data deletion callback": JSON with a status page's `url` and a `confirmation_code`.
    """
    given, told = _told()
    secret, now = given.settings.meta_app_secret, given.clock.now()
    user_hash = login.user_hash(secret, told.user_id)
    code = _new_code(secret)
    for shop_id in _shops_of(given, user_hash):
        _take_away(given, shop_id, user_hash, Told(told.user_id, None))
        with given.database.transaction() as conn:
            meta_users.forget(conn, shop_id, user_hash, code, now)
        log.info("data of a Facebook user deleted", extra={"shop_id": shop_id})
    page = given.settings.url + url_for("meta.deletion_status", code=code)
    return jsonify(url=page, confirmation_code=code)


@blueprint.get("/data-deletion/<code>")
def deletion_status(code: str) -> ResponseReturnValue:
    """Say in plain words what became of a request."""
    given = _ours()
    if not _is_ours(code, given.settings.meta_app_secret):
        raise NotFound("This code was not given out by this app.")
    with given.database.transaction() as conn:
        at = meta_users.deleted_at(conn, code)
    sentence = NOTHING if at is None else DELETED.format(day=f"{at.day} {at:%B %Y}")
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return render_template("popup.html", shop=None, ticket="", sentence=sentence), HTTPStatus.OK, headers


def _ours() -> Services:
    given = services()
    if not given.settings.meta_app_secret:
        raise NotFound
    return given


def _told() -> tuple[Services, Told]:
    """Read the signed request; anything else ends as 400, 401 or 413, with one sentence."""
    given = _ours()
    request.max_content_length = LIMIT
    try:
        text = request.form.get("signed_request", "")
        return given, signed_request.read(text, given.settings.meta_app_secret)
    except RequestEntityTooLarge:
        raise
    except Unreadable as fault:
        refusals.tell(refusals.Door.META_MESSAGE, "no signed request")
        raise BadRequest("This is no signed request of Meta's.") from fault
    except NotSigned as fault:
        refusals.tell(refusals.Door.META_MESSAGE, "no signature that fits")
        raise Unauthorized("This request does not carry Meta's signature for this app.") from fault


def _shops_of(given: Services, user_hash: bytes) -> list[int]:
    with given.database.transaction() as conn:
        return meta_users.shops_of(conn, user_hash)


def _take_away(given: Services, shop_id: int, user_hash: bytes, told: Told) -> None:
    with given.database.transaction() as conn:
        ended = meta_users.take_away(conn, shop_id, user_hash, given.clock.now(), told.issued_at)
    if not ended:
        return
    log.warning("app removed at Facebook", extra={"shop_id": shop_id})
    try:
        with locks.nothing_in_flight(given.database, shop_id, WAIT_FOR_FLIGHT):
            pass
    except locks.LockTimeout:
        log.warning("one request is still out", extra={"shop_id": shop_id})


def _new_code(secret: str) -> str:
    """Return a code that needs no row to be known as ours: of somebody unknown, nothing is written."""
    made = secrets.token_hex(CODE // 2)
    return made + _mark(made, secret)


def _is_ours(code: str, secret: str) -> bool:
    made, mark = code[:CODE], code[CODE:]
    return hmac.compare_digest(mark.encode(errors="replace"), _mark(made, secret).encode())


def _mark(made: str, secret: str) -> str:
    return hmac.new(secret.encode(), b"deletion|" + made.encode(errors="replace"), hashlib.sha256).hexdigest()[:CODE]
