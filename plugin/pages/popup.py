"""The window of its own in which a login happens: our page that names the shop, Facebook's dialog, and the way back.

Nobody is signed in here: no page of Facebook's may be framed, so this is outside the admin, and no id token comes
along. What ties the window to the shop, to the staff user and to this browser is a ticket that opens it once, a state
that comes back from Facebook once, and a cookie.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as BaseResponse

from plugin.language import _
from plugin.meta import login
from plugin.meta.errors import MetaError, MetaUnavailable
from plugin.meta.graph import TokenState
from plugin.meta.login import App, Problem
from plugin.pages.headers import ALWAYS
from plugin.pages.login_ends import AWAY, ENDS, GONE, NOT_FROM_HERE, NOT_OFFERED
from plugin.services import Services, services
from plugin.settings import Settings
from plugin.storage import logins, shops
from plugin.storage.database import DatabaseAway
from plugin.storage.logins import Granted, Login, Refusal

log = logging.getLogger(__name__)
blueprint = Blueprint("facebook", __name__)

LIMIT: Final = 8 * 1024
"""Bytes of a form, characters of a code."""


@blueprint.get("/facebook/connect")
def ask_leave() -> ResponseReturnValue:
    """Say which shop is to be connected and what happens next. Looking at it uses nothing up."""
    given, ticket = _offering(), request.args.get("ticket", "")
    with given.database.transaction() as conn:
        found = logins.of_ticket(conn, ticket, given.clock.now())
    if found is None:
        return _say(GONE, HTTPStatus.GONE)
    return render_template("popup.html", shop=found, ticket=ticket, sentence="")


@blueprint.post("/facebook/connect")
def go_to_facebook() -> ResponseReturnValue:
    """Use up the ticket, tie the login to this browser, and lead to Facebook's dialog.

    From our own page only, where the shop's name was read: else a stranger's page could send somebody's browser through
    a login for the stranger's shop.
    """
    given = _offering()
    if request.headers.get("Origin") != _origin(given.settings.url):
        return _say(NOT_FROM_HERE, HTTPStatus.FORBIDDEN)
    with given.database.transaction() as conn:
        found = logins.of_ticket(conn, request.form.get("ticket", ""), given.clock.now())
        secrets = None if found is None else logins.leave(conn, found)
    if secrets is None:
        return _say(GONE, HTTPStatus.GONE)
    answer = redirect(app_of(given.settings).dialog(secrets.state), HTTPStatus.SEE_OTHER)
    name, is_secure = cookie_of(given.settings)
    answer.set_cookie(
        name, secrets.browser, max_age=logins.STEPS_WITHIN, secure=is_secure, httponly=True, samesite="Lax", path="/"
    )
    return answer


@blueprint.get(login.CALLBACK)
def callback() -> ResponseReturnValue:
    """Come back from Facebook: exchange the code for a token, and keep it sealed until a dataset is chosen.

    Answers by leading on at once, so that state and code stay in no browser's history.
    """
    given = _offering()
    name, is_secure = cookie_of(given.settings)
    state, browser = request.args.get("state", ""), request.cookies.get(name, "")
    with given.database.transaction() as conn:
        back = logins.come_back(conn, state, browser, given.clock.now())
    if isinstance(back, Refusal):
        log.warning("login turned away", extra={"reason": back})
        return _lead_on(back)
    end = _finish(given, back) or "granted"
    log.info("login came back", extra={"shop_id": back.shop_id, "result": end})
    answer = _lead_on(end)
    answer.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="Lax")
    return answer


@blueprint.get("/facebook/ended")
def say_how_it_ended() -> ResponseReturnValue:
    """Say in one sentence how a login has ended; there is nothing else on the page."""
    _offering()
    found = ENDS.get(request.args.get("how", ""))
    if found is None:
        raise NotFound
    return _say(*found)


def _lead_on(end: str) -> BaseResponse:
    return redirect(url_for("facebook.say_how_it_ended", how=end), HTTPStatus.SEE_OTHER)


def _finish(given: Services, back: Login) -> Problem | None:
    """Get the token and keep it; return why there is none."""
    try:
        got = _token(given, back)
    except MetaError as fault:
        said = {"shop_id": back.shop_id, "code": fault.code, "subcode": fault.subcode, "trace_id": fault.trace_id}
        log.warning("login not completed", extra=said)
        got = Problem.META_AWAY if isinstance(fault, MetaUnavailable) else Problem.CODE_REFUSED
    with given.database.transaction() as conn:
        if isinstance(got, Problem):
            logins.fail(conn, back, got)
            return got
        shop = shops.by_id(conn, given.vault, back.shop_id)
        kept = shop is not None and logins.grant(conn, shop.key, back, got)
        return None if kept else Problem.CODE_REFUSED


def _token(given: Services, back: Login) -> Granted | Problem:
    """Exchange the code, and learn whose the token is.

    Raises:
        MetaError: Meta is away, or does not take the code.
    """
    code, now = request.args.get("code", ""), given.clock.now()
    if "error" in request.args or not code:
        return Problem.DENIED if request.args.get("error") == "access_denied" else Problem.CODE_REFUSED
    if len(code) > LIMIT or not (code.isascii() and code.isprintable()):
        return Problem.CODE_REFUSED
    grant = given.graph.exchange(code, app_of(given.settings).redirect_uri, now)
    state = given.graph.inspect(grant.token)
    if not state.is_valid:
        return Problem.NOT_OURS
    ends = [end for end in (grant.expires_at, state.expires_at) if end is not None]
    business = _business(given, grant.token)
    return Granted(back.id, grant.token, min(ends, default=None), business, _user_hash(given.settings, state))


def _business(given: Services, token: str) -> str | None:
    """The token's business; a person's token belongs to none, and Meta then knows no such field."""
    try:
        return login.business_of(given.graph, token)
    except MetaUnavailable:
        raise
    except MetaError:
        return None


def _user_hash(settings: Settings, state: TokenState) -> bytes | None:
    return None if state.user_id is None else login.user_hash(settings.meta_app_secret, state.user_id)


def app_of(settings: Settings) -> App:
    """Return our app at Meta."""
    return App(settings.dialog_url, settings.meta_app_id, settings.meta_config_id, settings.url)


def cookie_of(settings: Settings) -> tuple[str, bool]:
    """Return the name of the browser's cookie, and whether it is for secure connections only.

    `__Host-` asks for a secure one, which some browsers refuse from plain http even on their own machine. The settings
    allow plain http there only, where nobody else can listen: so there the cookie goes without both.
    """
    is_secure = urlsplit(settings.url).scheme == "https"
    return ("__Host-facebook-login" if is_secure else "facebook-login"), is_secure


@blueprint.after_request
def guard(response: Response) -> Response:
    """Nobody may frame these pages, and they load nothing but our style sheet. The dialog is where the form leads.

    Browsers also hold each redirect against `form-action`, and Facebook leads on to sisters of its www host (m., web.,
    business.), by device and kind of account.
    """
    dialog = _origin(services().settings.dialog_url).replace("://www.", "://*.", 1)
    response.headers.update(ALWAYS)
    response.headers["Referrer-Policy"] = "same-origin"  # an address with a ticket in it is told to nobody
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self' {dialog}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return response


@blueprint.errorhandler(DatabaseAway)
def database_away(_fault: DatabaseAway) -> ResponseReturnValue:
    """Nothing was written."""
    return _page(AWAY), HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"}


@blueprint.errorhandler(HTTPException)
def refused(fault: HTTPException) -> ResponseReturnValue:
    """What Flask refuses by itself."""
    return _say(NOT_OFFERED, HTTPStatus(fault.code or HTTPStatus.INTERNAL_SERVER_ERROR))


def _offering() -> Services:
    request.max_content_length = LIMIT
    given = services()
    if not given.settings.offers_login:
        raise NotFound
    return given


def _say(sentence: str, status: HTTPStatus) -> ResponseReturnValue:
    return _page(sentence), status


def _page(sentence: str) -> str:
    return render_template("popup.html", shop=None, ticket="", sentence=_(sentence))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
