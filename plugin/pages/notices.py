"""What a page says of the step before it. Its address carries a code, never a text: nobody puts words in our mouth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from plugin.language import N_, _, n_
from plugin.shopify import pixel

MOST_DIGITS = 9
Told = Callable[[int], str]
"""A sentence about a number, in the reader's language."""
STANDS: Final = N_("The dataset is connected, but the pixel is not placed yet.")
ONE_OUT: Final = N_("One request to Meta is still out; the pages of its orders tell how it ended.")
NOT_REVOKED: Final = N_(
    "Facebook did not take our permission back. To end it there, open your business settings at Meta, and remove this "
    "app under Integrations, Connected apps."
)
SHARED: Final = N_("Facebook goes on letting this app in, for another of your shops is connected by the same login.")
LEFT: Final = N_("The pixel could not be taken out of your shop yet; please remove it below.")


@dataclass(frozen=True, slots=True)
class Notice:
    """Whole sentences, marked with `N_` or about a number. A `problem` stays on the page, anything else passes by."""

    sentences: tuple[str | Told, ...]
    problem: bool = False

    def said(self, n: int = 0) -> str:
        """Return the sentences in the reader's language; `n`: the number that they are about."""
        return " ".join(_(each) if isinstance(each, str) else each(n) for each in self.sentences)


def _good(*sentences: str | Told) -> Notice:
    return Notice(sentences)


def _bad(*sentences: str | Told) -> Notice:
    return Notice(sentences, problem=True)


def _disconnected(n: int) -> str:
    if n == 0:
        return _("Disconnected. No order was waiting.")
    return n_(
        "Disconnected. %(num)s waiting order was dropped unsent.",
        "Disconnected. %(num)s waiting orders were dropped unsent.",
        n,
    )


def _disconnected_while_out(n: int) -> str:
    return _disconnected(n) if n else _("Disconnected.")


def _off(n: int) -> str:
    if n == 0:
        return _("Offline conversion tracking is off. No order was waiting to be sent.")
    return n_(
        "Offline conversion tracking is off. %(num)s waiting order was dropped unsent.",
        "Offline conversion tracking is off. %(num)s waiting orders were dropped unsent.",
        n,
    )


def _off_while_out(n: int) -> str:
    return _off(n) if n else _("Offline conversion tracking is off.")


def _held_sent(n: int) -> str:
    return n_("%(num)s held order is sent now.", "%(num)s held orders are sent now.", n) if n else _(NONE_HELD)


def _held_closed(n: int) -> str:
    if n == 0:
        return _(NONE_HELD)
    return n_(
        "%(num)s held order was closed without being sent.", "%(num)s held orders were closed without being sent.", n
    )


NONE_HELD: Final = N_("No order needs your word any more: it was decided meanwhile.")
LOGIN: Final[Mapping[str, Notice]] = {
    "connected_one_out": _bad(N_("Connected. To the dataset before, one request is still out; no other will start.")),
    "login_cancelled": _good(N_("The login was cancelled; nothing was connected.")),
    "login_denied": _bad(N_("Facebook was not allowed to let the app in, so nothing was connected.")),
    "login_code_refused": _bad(N_("Facebook did not complete the login, so nothing was connected. Please try again.")),
    "login_meta_away": _bad(
        N_("Facebook does not answer right now, so nothing was connected. Please try again in a few minutes.")
    ),
    "login_not_ours": _bad(
        N_("Facebook calls the new permission invalid, so nothing was connected. Please log in again.")
    ),
    "disconnected_shared": _good(_disconnected, SHARED),
    "disconnected_not_revoked": _bad(_disconnected, NOT_REVOKED),
    "disconnected_one_out_shared": _bad(_disconnected, ONE_OUT, SHARED),
    "disconnected_one_out_not_revoked": _bad(_disconnected, ONE_OUT, NOT_REVOKED),
    "disconnected_pixel_left_shared": _bad(_disconnected, LEFT, SHARED),
    "disconnected_pixel_left_not_revoked": _bad(_disconnected, LEFT, NOT_REVOKED),
}
"""What is said of logins at Facebook, and of what becomes of them."""
NOTICES: Final[Mapping[str, Notice]] = {
    **LOGIN,
    "saved": _good(N_("Settings saved.")),
    "alerts_on": _good(N_("E-mails go to this address from now on.")),
    "alerts_off": _good(N_("No more e-mails are sent.")),
    "saved_one_out": _bad(N_("Settings saved; nothing starts by the older ones any more."), ONE_OUT),
    "test_code_used": _good(N_("The test code goes along for 24 hours. Orders sent with it count at Meta.")),
    "test_code_removed": _good(N_("The test code is removed.")),
    "connected": _good(N_("Connected, and the pixel is placed. One question is left: does another Meta pixel run?")),
    "renewed": _good(N_("Connected, and the pixel is placed.")),
    "other_pixel_answered": _good(N_("Your answer is saved.")),
    "pixel_placed": _good(N_("The pixel is placed.")),
    "pixel_refused": _bad(STANDS, pixel.REFUSED),
    "pixel_not_released": _bad(STANDS, pixel.NOT_DEPLOYED),
    "pixel_shopify_away": _bad(STANDS, N_("Shopify does not answer right now. Please try again in a minute.")),
    "pixel_shopify_forbids": _bad(STANDS, N_("Shopify turned this app's server away. Please tell our support.")),
    "pixel_shopify_refuses": _bad(
        STANDS,
        N_("Shopify did not let the app into your shop. Please close the app, open it again and try once more."),
    ),
    "disconnected": _good(_disconnected),
    "disconnected_one_out": _bad(_disconnected_while_out, ONE_OUT),
    "disconnected_pixel_left": _bad(
        N_("Disconnected. The pixel could not be taken out of your shop yet; please remove it below.")
    ),
    "on": _good(
        N_("Offline conversion tracking is on. Orders that come in from now on are sent if the pixel misses them.")
    ),
    "on_recovering": _good(
        N_(
            "Offline conversion tracking is on, and the orders of the last 7 days are read again. This page says how "
            "far."
        )
    ),
    "was_on": _good(N_("Offline conversion tracking was on already: somebody else has turned it on.")),
    "was_on_not_recovering": _bad(
        N_(
            "Offline conversion tracking was on already: somebody else has turned it on. The last 7 days are recovered "
            "only where that is ticked as it is turned on; your tick came too late."
        )
    ),
    "scope_granted": _good(N_("Shopify is asked for your customers' choice from now on.")),
    "scope_revoked": _good(N_("Shopify is no longer asked for your customers' choice.")),
    "scope_declined": _good(N_("Nothing has changed: this app was not allowed to read customers.")),
    "scope_unavailable": _bad(
        N_("Shopify could not ask you, so nothing has changed. If this is Shopify's mobile app, please use a browser.")
    ),
    "scope_not_revoked": _bad(N_("Shopify still lets this app read customers. Please try again.")),
    "scopes_not_read": _bad(
        N_("Shopify does not tell right now what it lets this app do. Please load this page again in a minute.")
    ),
    "sender_dismissed": _good(
        N_(
            "The warning is put away for 30 days. It comes back sooner if Meta counts more than twice as many, or none "
            "for a while and then some again."
        )
    ),
    "sender_changed": _good(N_("Meta has told other figures since that page was loaded. Please look again.")),
    "held_send": _good(_held_sent),
    "held_close": _good(_held_closed),
    "held_more": _bad(
        N_("Nothing was sent or closed: other orders need your word than when that page was loaded. Please look again.")
    ),
    "erasing": _good(N_("The order is erased within a minute or so; the list of requests tells when it is done.")),
    "guide_closed": _good(N_("The setup guide is closed.")),
    "guide_left_off": _good(N_("Offline conversion tracking stays off. You can turn it on at any time.")),
    "off": _good(_off),
    "off_one_out": _bad(_off_while_out, ONE_OUT),
}


def go_on(endpoint: str, code: str, n: int | None = None, *, order_id: int | None = None) -> ResponseReturnValue:
    """Lead to a page (of an order, where one is named) after a step, with what that page is to say about it."""
    return redirect(url_for(endpoint, order_id=order_id, note=code, n=n), HTTPStatus.SEE_OTHER)


def said() -> tuple[str, bool]:
    """Return what this page says of the step before it, and whether it is a problem; an empty text if nothing."""
    notice = NOTICES.get(request.args.get("note", ""))
    if notice is None:
        return "", False
    digits = request.args.get("n", "0")
    n = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS else 0
    return notice.said(n), notice.problem
