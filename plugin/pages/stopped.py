"""Where a page cannot be shown: one clear sentence, in our own frame, never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from plugin.language import N_, _
from plugin.shopify.errors import ShopifyForbidden, ShopifyUnavailable
from plugin.storage.database import DatabaseAway

log = logging.getLogger(__name__)

SHOPIFY_AWAY = N_("Shopify does not answer right now, so the app could not be opened. Please try again in a minute.")
SHOPIFY_FORBIDS = N_("Shopify turned this app's server away, so the app could not be opened. Please tell our support.")
SHOPIFY_REFUSES = N_(
    "Shopify did not let the app into your shop. Please close the app and open it again from your Shopify admin; tell "
    "our support if it stays like this."
)
SHOP_HAS_LEFT = N_("The app was removed from your shop meanwhile, so nothing was changed. Please open it again.")
DATABASE_AWAY = N_("The app's database does not answer right now. Nothing was changed; please try again in a moment.")
NO_SUCH_ORDER = N_(
    "There is no such order here. Orders appear when they are paid, from the day the app was installed on."
)
TOO_LARGE = N_("That is more than this form can take. Nothing was changed.")
NO_SUCH_PAGE = N_("This page cannot be opened like this. Nothing was changed.")
NO_SUCH_ADDRESS = N_("There is no such page. Please open the app from your Shopify admin.")
NOT_LIKE_THIS = N_("This address cannot be asked like this. Nothing was changed.")
UNFORESEEN = N_("Something went wrong on our side; nothing was changed. Number %(number)s.")
"""The number stands in our log, beside what it was."""


def stopped(sentence: str, status: HTTPStatus, *, wait: int | None = None) -> ResponseReturnValue:
    """Return the page that says why there is no other one; `wait`: in how many seconds to try again.

    `sentence` is marked with `N_`, and translated here.
    """
    page = render_template("stopped.html", sentence=_(sentence))
    return page, status, {} if wait is None else {"Retry-After": str(wait)}


def by_shopify(fault: Exception) -> ResponseReturnValue:
    """The page could not be opened since Shopify did not do what we asked, or did not take the id token."""
    log.warning("visit stopped by Shopify", extra={"error": type(fault).__name__})
    if isinstance(fault, ShopifyUnavailable):
        wait = 60 if fault.retry_after is None else max(1, round(fault.retry_after.total_seconds()))
        return stopped(SHOPIFY_AWAY, HTTPStatus.SERVICE_UNAVAILABLE, wait=wait)
    sentence = SHOPIFY_FORBIDS if isinstance(fault, ShopifyForbidden) else SHOPIFY_REFUSES
    return stopped(sentence, HTTPStatus.BAD_GATEWAY)


def by_database(_fault: DatabaseAway) -> ResponseReturnValue:
    """Nothing was written."""
    return stopped(DATABASE_AWAY, HTTPStatus.SERVICE_UNAVAILABLE, wait=5)


def by_request(fault: HTTPException) -> ResponseReturnValue:
    """What Flask refuses by itself; its redirects pass."""
    status = HTTPStatus(fault.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if status < HTTPStatus.BAD_REQUEST:
        return fault
    return stopped(TOO_LARGE if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE else NO_SUCH_PAGE, status)


def by_routing(fault: HTTPException) -> ResponseReturnValue:
    """No view of ours is at this address, or not for this method: a sentence, as nothing is known of who asks."""
    answer = fault.get_response()
    sentence = NO_SUCH_ADDRESS if fault.code == HTTPStatus.NOT_FOUND else NOT_LIKE_THIS
    answer.set_data(_(sentence))
    answer.headers["Content-Type"] = "text/plain; charset=utf-8"
    return answer
