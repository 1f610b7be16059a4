"""What a page says of the step before it. Its address carries a code, never a text: nobody puts words in our mouth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from plugin.pages.words import SWITCH
from plugin.shopify import pixel

MOST_DIGITS = 9
STANDS: Final = "The dataset is connected, but the pixel is not placed yet. "
ONE_OUT: Final = "One request to Meta is still out; the pages of its orders tell how it ended."

NOT_REVOKED: Final = (
    " Facebook did not take our permission back. To end it there, open your business settings at Meta, and remove this "
    "app under Integrations, Connected apps."
)
SHARED: Final = " Facebook goes on letting this app in, for another of your shops is connected by the same login."


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence or two. A `problem` stays on the page as a banner, anything else passes by as a toast.

    `{n}` is a number; `none` is said instead where it is 0, `one` where it is 1.
    """

    text: str
    none: str = ""
    one: str = ""
    problem: bool = False

    def with_number(self, n: int) -> str:
        """Return the text for a number."""
        special = {0: self.none, 1: self.one}.get(n)
        return special or self.text.format(n=n)


def _pixel_problem(sentence: str) -> Notice:
    return Notice(STANDS + sentence, problem=True)


def _disconnected(said: str, *, problem: bool) -> Notice:
    return Notice(
        "Disconnected. {n} waiting orders were dropped unsent." + said,
        none="Disconnected. No order was waiting." + said,
        one="Disconnected. 1 waiting order was dropped unsent." + said,
        problem=problem,
    )


LEFT: Final = " The pixel could not be taken out of your shop yet; please remove it below."
LOGIN: Final[Mapping[str, Notice]] = {
    "connected_one_out": Notice(
        "Connected. To the dataset before, one request is still out; no other will start.", problem=True
    ),
    "login_cancelled": Notice("The login was cancelled; nothing was connected."),
    "login_denied": Notice("Facebook was not allowed to let the app in, so nothing was connected.", problem=True),
    "login_code_refused": Notice(
        "Facebook did not complete the login, so nothing was connected. Please try again.", problem=True
    ),
    "login_meta_away": Notice(
        "Facebook does not answer right now, so nothing was connected. Please try again in a few minutes.", problem=True
    ),
    "login_not_ours": Notice(
        "Facebook calls the new permission invalid, so nothing was connected. Please log in again.", problem=True
    ),
    "disconnected_shared": _disconnected(SHARED, problem=False),
    "disconnected_not_revoked": _disconnected(NOT_REVOKED, problem=True),
    "disconnected_one_out_shared": _disconnected(" " + ONE_OUT + SHARED, problem=True),
    "disconnected_one_out_not_revoked": _disconnected(" " + ONE_OUT + NOT_REVOKED, problem=True),
    "disconnected_pixel_left_shared": _disconnected(LEFT + SHARED, problem=True),
    "disconnected_pixel_left_not_revoked": _disconnected(LEFT + NOT_REVOKED, problem=True),
}
"""What is said of logins at Facebook, and of what becomes of them."""
NOTICES: Final[Mapping[str, Notice]] = {
    **LOGIN,
    "saved": Notice("Settings saved."),
    "alerts_on": Notice("E-mails go to this address from now on."),
    "alerts_off": Notice("No more e-mails are sent."),
    "saved_one_out": Notice(f"Settings saved; nothing starts by the older ones any more. {ONE_OUT}", problem=True),
    "test_code_used": Notice("The test code goes along for 24 hours. Orders sent with it count at Meta."),
    "test_code_removed": Notice("The test code is removed."),
    "connected": Notice("Connected, and the pixel is placed. One question is left: does another Meta pixel run?"),
    "renewed": Notice("Connected, and the pixel is placed."),
    "other_pixel_answered": Notice("Your answer is saved."),
    "pixel_placed": Notice("The pixel is placed."),
    "pixel_refused": _pixel_problem(pixel.REFUSED),
    "pixel_not_released": _pixel_problem(pixel.NOT_DEPLOYED),
    "pixel_shopify_away": _pixel_problem("Shopify does not answer right now. Please try again in a minute."),
    "pixel_shopify_forbids": _pixel_problem("Shopify turned this app's server away. Please tell our support."),
    "pixel_shopify_refuses": _pixel_problem(
        "Shopify did not let the app into your shop. Please close the app, open it again and try once more."
    ),
    "disconnected": Notice(
        "Disconnected. {n} waiting orders were dropped unsent.",
        none="Disconnected. No order was waiting.",
        one="Disconnected. 1 waiting order was dropped unsent.",
    ),
    "disconnected_one_out": Notice(
        "Disconnected. {n} waiting orders were dropped unsent. " + ONE_OUT,
        none="Disconnected. " + ONE_OUT,
        one="Disconnected. 1 waiting order was dropped unsent. " + ONE_OUT,
        problem=True,
    ),
    "disconnected_pixel_left": Notice(
        "Disconnected. The pixel could not be taken out of your shop yet; please remove it below.", problem=True
    ),
    "on": Notice(f"{SWITCH} is on. Orders that come in from now on are sent if the pixel misses them."),
    "on_recovering": Notice(
        f"{SWITCH} is on, and the orders of the last 7 days are read again. This page says how far."
    ),
    "held_send": Notice(
        "{n} held orders are sent now.",
        none="No order needs your word any more: it was decided meanwhile.",
        one="1 held order is sent now.",
    ),
    "held_close": Notice(
        "{n} held orders were closed without being sent.",
        none="No order needs your word any more: it was decided meanwhile.",
        one="1 held order was closed without being sent.",
    ),
    "held_more": Notice(
        "Nothing was sent or closed: other orders need your word than when that page was loaded. Please look again.",
        problem=True,
    ),
    "erasing": Notice("The order is erased within a minute or so; the list of requests tells when it is done."),
    "guide_closed": Notice("The setup guide is closed."),
    "guide_left_off": Notice(f"{SWITCH} stays off. You can turn it on at any time."),
    "off": Notice(
        f"{SWITCH} is off. {{n}} waiting orders were dropped unsent.",
        none=f"{SWITCH} is off. No order was waiting to be sent.",
        one=f"{SWITCH} is off. 1 waiting order was dropped unsent.",
    ),
    "off_one_out": Notice(
        f"{SWITCH} is off. {{n}} waiting orders were dropped unsent. {ONE_OUT}",
        none=f"{SWITCH} is off. {ONE_OUT}",
        one=f"{SWITCH} is off. 1 waiting order was dropped unsent. {ONE_OUT}",
        problem=True,
    ),
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
    return notice.with_number(n), notice.problem
