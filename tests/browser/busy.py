"""A shop with an order of every kind that buyers can cause, each bought in a browser of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.browser.buyer import Choice, Manner
from tests.browser.merchant import PATIENCE, Merchant
from tests.browser.town import Town

SHOP = "harbor"
OPT_IN, OPT_OUT = "DE", "US-CA"
"""A region where consent must be asked for first, and one where the buyer may opt out of the sale of their data."""

TRACKED = ("tracked", "pixel_delivered")
SILENT = ("recovered", "pixel_silent")
BLOCKED = ("recovered", "pixel_blocked")
DECLINED = ("withheld", "consent_declined")
UNKNOWN = ("withheld", "consent_unknown")
SALE = ("withheld", "data_sale_opt_out")

CASES: Mapping[Manner, tuple[str, str]] = {
    Manner(Choice.ACCEPT, OPT_IN): TRACKED,
    Manner(Choice.ACCEPT, OPT_IN, adblock=True): BLOCKED,
    Manner(Choice.ACCEPT, OPT_IN, close_tab=True): SILENT,
    Manner(Choice.ACCEPT, OPT_OUT, adblock=True, close_tab=True): SILENT,
    # who declines before the checkout leaves no record: the pixel is never loaded in it
    Manner(Choice.DECLINE, OPT_IN, adblock=True): UNKNOWN,
    Manner(Choice.DECLINE, OPT_OUT, close_tab=True): UNKNOWN,
    Manner(Choice.WITHDRAW, OPT_IN, close_tab=True): DECLINED,
    Manner(Choice.WITHDRAW, OPT_OUT, adblock=True): DECLINED,
    Manner(Choice.OPT_OUT, OPT_IN, adblock=True, close_tab=True): SALE,
    Manner(Choice.OPT_OUT, OPT_OUT): SALE,
    # nobody is asked first where consent is the rule without a word
    Manner(Choice.NONE, OPT_IN): UNKNOWN,
    Manner(Choice.NONE, OPT_OUT): TRACKED,
    Manner(Choice.NONE, OPT_OUT, adblock=True, close_tab=True): SILENT,
}


@dataclass(frozen=True, slots=True)
class Busy:
    """The shop, its orders by how they were bought, and one that was missed before the switch."""

    town: Town
    merchant: Merchant
    orders: Mapping[Manner, str]
    missed: str


def fill(town: Town) -> Busy:
    """Let it all happen. The clock is moved twice: once for the missed order, once for all the others."""
    merchant = town.connected(SHOP)
    missed = town.buy(SHOP, Manner(adblock=True))
    merchant.forward()
    merchant.sees(missed, "missed")
    merchant.home()
    merchant.turn_on()
    orders = {manner: town.buy(SHOP, manner) for manner in CASES}
    merchant.forward()
    _wait_for_decisions(merchant)
    return Busy(town, merchant, orders, missed)


def _wait_for_decisions(merchant: Merchant) -> None:
    end = time.monotonic() + PATIENCE
    while waiting := [order for order, (outcome, _) in merchant.outcomes().items() if outcome == "waiting"]:
        assert time.monotonic() < end, f"still waiting: {waiting}"
        merchant.page.wait_for_timeout(400)


def named(busy: Busy) -> Mapping[str, str]:
    """Return orders that pages are about, by their outcome; the waiting one is new, for tests move the clock."""
    found = {outcome: busy.orders[manner] for manner, outcome in CASES.items()}
    waiting = busy.town.buy(SHOP, Manner(adblock=True))
    busy.merchant.sees(waiting, "waiting")
    return {"recovered": found[SILENT], "withheld": found[DECLINED], "waiting": waiting, "missed": busy.missed}
