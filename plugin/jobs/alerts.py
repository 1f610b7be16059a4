"""Alerts: what the merchant is told by e-mail, in words that name no buyer, and the sending of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugin.jobs import each, mail
from plugin.jobs.mail import Mail, NotMailed
from plugin.language import N_, _
from plugin.recovery.pixel_health import Trouble
from plugin.services import Services
from plugin.storage import alerts, locks
from plugin.storage.alerts import Alert, raise_alert
from plugin.storage.locks import Lock
from plugin.translating import Translated

__all__ = ["TROUBLES", "Cause", "raise_alert", "send_waiting"]
log = logging.getLogger(__name__)
EVERYBODY: Final = 0
"""Instead of a shop's id: e-mails of all shops leave in one turn, so that two workers do not send the same."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a merchant should look: what happened, and what they can do.

    `then`: of an order that was paid at such a time, a sentence of its own; empty where that is not told.
    """

    title: str
    text: str
    repair: str
    then: str = ""


_TROUBLES: Final[Mapping[Trouble, Cause]] = {
    Trouble.BLOCKED: Cause(
        N_("Browsers block the pixel more than usual"),
        N_("Many more buyers' browsers than usual turn the pixel's requests to Meta away."),
        N_("Check whether your theme, a consent app or a content security policy has changed."),
        N_("When it was paid, the pixel was in trouble: browsers blocked the pixel more than usual."),
    ),
    Trouble.NO_PURCHASE: Cause(
        N_("The pixel reports fewer purchases than usual"),
        N_("Checkouts are seen, but far fewer of their purchases are reported than usual."),
        N_(
            "Check whether buyers still reach your thank-you page, and whether a payment app or checkout app has "
            "changed."
        ),
        N_("When it was paid, the pixel was in trouble: the pixel reported fewer purchases than usual."),
    ),
    Trouble.NOTHING_SEEN: Cause(
        N_("Nothing arrives from the pixel any more"),
        N_(
            "The pixel has stopped reporting altogether. Shopify may hold its events back while its data sharing is "
            "set to “Optimized”."
        ),
        N_(
            "In Shopify, open Settings, Customer events, App pixels, and set this app's data to “Always on”. If it is "
            "missing there, place the pixel anew on the settings page."
        ),
        N_("When it was paid, the pixel was in trouble: nothing arrived from the pixel any more."),
    ),
    Trouble.NOT_INSTALLED: Cause(
        N_("The pixel is not in your shop"),
        N_("Shopify does not have this app's pixel in your shop, so no purchase is reported from the browser."),
        N_("Place the pixel on the settings page."),
        N_("When it was paid, the pixel was in trouble: the pixel was not in your shop."),
    ),
}
TROUBLES: Final = Translated(_TROUBLES)
"""A broken pixel is to be repaired: offline conversion tracking makes up for some of it only."""
_MAILS: Final[Mapping[str, Cause]] = {f"pixel_{trouble}": cause for trouble, cause in _TROUBLES.items()} | {
    "connection_broken": Cause(
        N_("Meta turns the connection down"),
        N_("Meta no longer accepts the connection to your dataset, so no missed order can be sent."),
        N_("Connect Facebook again on the settings page: waiting orders are sent as long as they are not 7 days old."),
    ),
}
MAILS: Final = Translated(_MAILS)


def send_waiting(given: Services) -> int:
    """Send the e-mails that wait; return how many left. Without an SMTP server none is sent and none is kept long."""
    if not given.settings.smtp_url:
        return 0
    with locks.turn(given.database, EVERYBODY, Lock.MAILING) as mine:
        if not mine:
            return 0
        with given.database.transaction() as conn:
            waiting = alerts.waiting(conn, given.vault, given.clock.now())
        left = 0
        for alert in waiting:
            with each.apart(log, "e-mail failed", shop_id=alert.shop.id, reason=alert.cause):
                left += _send(given, alert)
        return left


def _send(given: Services, alert: Alert) -> bool:
    try:
        mail.send(given.settings.smtp_url, _mail(alert, given.settings.url))
    except NotMailed as fault:
        log.warning("e-mail not sent", extra={"shop_id": alert.shop.id, "reason": alert.cause, "result": str(fault)})
        return False
    with given.database.transaction() as conn:
        alerts.sent(conn, alert, given.clock.now())
    log.info("e-mail sent", extra={"shop_id": alert.shop.id, "reason": alert.cause})
    return True


def _mail(alert: Alert, own_url: str) -> Mail:
    """Put an e-mail into words: English ones, as a job answers no request and no shop's language is kept."""
    cause = MAILS[alert.cause]
    handle = alert.shop.domain.removesuffix(".myshopify.com")
    app = f"https://admin.shopify.com/store/{handle}/apps"
    lines = (
        _("Shop: %(shop)s", shop=alert.shop.domain),
        _("Open the app from your Shopify admin: %(address)s", address=app),
        "",
        _("You get this because your shop asked Conversion Backstop for e-mails, at most one a day for each cause."),
        _("To stop them, clear the address on the app's settings page."),
        _("How the app handles data: %(address)s", address=f"{own_url}/privacy"),
    )
    text = "\n".join((cause.text, "", cause.repair, "", *lines, ""))
    subject = _("%(what)s (%(shop)s)", what=cause.title, shop=alert.shop.domain)
    return Mail(alert.address, subject, text)
