"""TEST USE ONLY: chapters about webhooks that never come, and about a store that comes back."""

from __future__ import annotations

from sandbox.story.actor import GRACE_OVER, SHOP, WARNING, Actor, check, wait_until

LOST_FOR = 4 * 3600 + 300
"""Seconds: Shopify gives a webhook up after four hours."""


def webhooks_lost(actor: Actor) -> None:
    """For four hours no webhook arrives: reconciliation finds the orders, and the one that the pixel missed is sent."""
    before = actor.counts()
    actor.fault("webhooks_lost")
    reported, silent = actor.buy_unheard(), actor.buy_unheard(close_tab=True)
    actor.pass_time(LOST_FOR)
    wait_until(lambda: actor.knows(reported) and actor.knows(silent), "the orders were not found", 30)
    actor.ends(reported, "tracked", "pixel_delivered", browser=1)
    actor.ends(silent, "recovered", "pixel_silent", server=1)
    for order in (reported, silent):
        found = actor.page("GET", f"/orders/{order}").text
        check("No webhook told of it" in found, "the order's page should say that no webhook told of it")
    actor.repair()
    after = actor.counts()
    actor.world("POST", f"/admin/{SHOP}/orders/{silent}", {"action": "resend"})
    check(actor.counts() == after, "a webhook that comes after all should change nothing")
    gained = {what: n - before.get(what, 0) for what, n in after.items() if n != before.get(what, 0)}
    check(sum(gained.values()) == 2, f"the ledger should hold two orders more, and changed by {gained}")  # noqa: PLR2004 - two were bought


def reinstalled(actor: Actor) -> None:
    """The store installs it again: a new generation, the switch off, and nothing of the time before is sent."""
    generation, before = actor.generation(), actor.from_server()
    actor.act("reinstall")
    check('data-tracking="off"' in actor.load().text, "the switch should be off after an install")
    check(actor.generation() > generation, "an install should raise the generation")
    actor.connect()
    check('data-tracking="off"' in actor.page("GET", "/").text, "connecting should leave the switch off")
    actor.pass_time(GRACE_OVER)
    actor.ends(actor.buy(), "tracked", "pixel_delivered", browser=1)
    check(actor.from_server() == before, "no order of the time before should be sent")


def left_untold(actor: Actor) -> None:
    """The store leaves and comes back while no webhook arrives: the switch is off, what waited is not sent."""
    check(actor.switch("1", warning=WARNING, ack="yes", mode="recorded").ok, "switching on should work")
    waiting, before, generation = actor.buy(close_tab=True), actor.from_server(), actor.generation()
    actor.becomes(waiting, "waiting", "grace_period")
    actor.fault("webhooks_lost")
    actor.act("uninstall")
    actor.act("reinstall")
    check('data-tracking="off"' in actor.load().text, "the switch should be off though nobody told of the uninstall")
    told = actor.stage.command("shops", "show", SHOP)
    check(f"(generation {generation})" not in told, "an install should raise the generation")
    check("not connected" in told, "the Meta token should be gone")
    actor.pass_time(GRACE_OVER)
    actor.ends(waiting, "missed", "not_connected")
    check(actor.from_server() == before, "nothing should have left since")
    actor.repair()
