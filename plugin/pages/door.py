"""The door of the pages: an id token of Shopify's admin, or no entry. It alone says which shop this is.

There are no cookies. A page may be loaded with the token in its address, as the admin does it; everything that changes
something takes the token as a Bearer header only, which no foreign site can set: nothing is left to forge.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.language import N_, _
from plugin.pages import headers, install
from plugin.pages.stopped import by_shopify
from plugin.services import Services, services
from plugin.settings import Settings
from plugin.shopify.auth import IdTokenRefused, StaffSession, is_shop_domain, verify_id_token
from plugin.shopify.errors import ShopifyError
from plugin.storage.shops import Shop

P = ParamSpec("P")

FORM_LIMIT = 64 * 1024
"""Bytes; the longest field is an access token."""
RETRY = {"X-Shopify-Retry-Invalid-Session-Request": "1"}
"""App Bridge then tries once more, with a new id token."""
BEARER = "Bearer "
STALE = frozenset({"id_token", "hmac", "session", "timestamp"})
"""What the admin adds to an address for one load."""
OWN_PATH = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")
"""A path of our own, in visible ASCII; with two slashes at its start, or a backslash, it could name another host."""
HOST = re.compile(r"[A-Za-z0-9_=-]{1,512}")
NOT_SIGNED_IN = N_("This page opens inside your Shopify admin only. Nothing was changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A member of a shop's staff at one of our pages; `now` is the app's clock at their arrival."""

    given: Services
    shop: Shop
    user_id: str
    id_token: str = field(repr=False)
    now: datetime


def merchant_only(view: Callable[Concatenate[Visit, P], ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view see verified visits only; the first one of a shop installs it."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        given = services()
        request.max_content_length = FORM_LIMIT
        try:
            session, token = _who(given.settings)
        except IdTokenRefused:
            return _without_token()
        headers.allow_framing(session.shop)
        now = given.clock.now()
        try:
            shop = install.opened(given, session.shop, token, now)
        except IdTokenRefused as fault:  # a page's load would only come back with the next token, and so on for ever
            return _try_again() if "Authorization" in request.headers else by_shopify(fault)
        except ShopifyError as fault:
            return by_shopify(fault)
        visit = Visit(given=given, shop=shop, user_id=session.user_id, id_token=token, now=now)
        return view(visit, *args, **kwargs)

    return door


def bounce() -> ResponseReturnValue:
    """Load App Bridge, which fetches a new id token and goes where `shopify-reload` says: to our own paths only."""
    shop = request.args.get("shop", "")
    headers.allow_framing(shop if is_shop_domain(shop) else None)
    wanted = request.args.getlist("shopify-reload")
    if len(wanted) != 1 or not _is_own_page(wanted[0]):
        return redirect(_bounce_to("/"))
    return render_template("bounce.html")


def _who(settings: Settings) -> tuple[StaffSession, str]:
    """Return who asks and the token that says so.

    Raises:
        IdTokenRefused: no token, a bad one, or one in a place where it does not count.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        token = header.removeprefix(BEARER) if header.startswith(BEARER) else ""
    else:
        token = request.args.get("id_token", "") if _only_reads() else ""
    real_now = datetime.now(UTC)  # an id token lives a minute of real time, also where the app's clock was moved
    session = verify_id_token(token, api_key=settings.api_key, secrets=settings.shopify_secrets, now=real_now)
    return session, token


def _only_reads() -> bool:
    return request.method in {"GET", "HEAD"}


def _without_token() -> ResponseReturnValue:
    """A page's load fetches a token by way of the bounce page; a request of our script tries again with a new one."""
    if "Authorization" in request.headers or not _only_reads():
        return _try_again()
    query = urlencode([pair for pair in request.args.items(multi=True) if pair[0] not in STALE])
    return redirect(_bounce_to(request.path + ("?" + query if query else "")))


def _try_again() -> ResponseReturnValue:
    return _(NOT_SIGNED_IN), HTTPStatus.UNAUTHORIZED, RETRY | {"Content-Type": "text/plain; charset=utf-8"}


def _is_own_page(path: str) -> bool:
    return OWN_PATH.fullmatch(path) is not None and not path.startswith(url_for("pages.bounce"))


def _bounce_to(path: str) -> str:
    """Return the bounce page's address, with what of the admin's own parameters App Bridge starts from."""
    query = {"shopify-reload": path if _is_own_page(path) else "/"}
    shop, host = request.args.get("shop", ""), request.args.get("host", "")
    if is_shop_domain(shop):
        query["shop"] = shop
    if HOST.fullmatch(host):
        query["host"] = host
    return f"{url_for('pages.bounce')}?{urlencode(query)}"
