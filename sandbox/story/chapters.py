"""TEST USE ONLY: the story by chapters, each asserted from outside: the ledger by `backstop`, Meta by its events."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from sandbox.stage import BACKSTOP
from sandbox.story import lifecycle, privacy
from sandbox.story.actor import DATASET, GRACE_OVER, SHOP, TOKEN, WARNING, Actor, check, wait_until

Chapter = Callable[[Actor], None]


def installed(actor: Actor) -> None:
    """A merchant installs the app and opens it; offline conversion tracking is off."""
    actor.world("POST", "/admin/shops", {"shop": SHOP})
    answer = actor.page("GET", "/")
    check(answer.status_code == HTTPStatus.OK, f"the dashboard answered {answer.status_code}")
    check('data-tracking="off"' in answer.text, "the dashboard should say that tracking is off")
    check("installed" in actor.stage.command("shops", "list"), "the store should be installed")


def before_connecting(actor: Actor) -> None:
    """An order placed before a dataset is connected is no miss: nothing was there to miss it."""
    actor.ends(actor.buy(), "ignored", "no_dataset")


def connected(actor: Actor) -> None:
    """A wrong token is refused with a sentence; the right one connects, places the pixel, and sends no order data."""
    wrong = actor.page("POST", "/connect", {"dataset": DATASET, "token": "EAAnotThisTokenAtAll"})
    check(wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, f"a wrong token was answered with {wrong.status_code}")
    actor.connect()
    pixel = actor.world("GET", f"/admin/{SHOP}/state.json")["web_pixel"]
    check(pixel is not None, "the pixel should be placed")
    expected = {"pixelID", "ingestKey", "collector", "contentIds", "ldu"}
    check(set(pixel["settings"]) == expected, f"the pixel's settings are {sorted(pixel['settings'])}")
    check(actor.world("GET", "/meta/received.json")["events"] == [], "connecting should leave no event at Meta")


def tracked(actor: Actor) -> None:
    """The pixel reports a purchase: nothing is sent by the server."""
    actor.ends(actor.buy(), "tracked", "pixel_delivered", browser=1)


def missed_while_off(actor: Actor) -> None:
    """Meta's address is blocked while tracking is off: counted as missed, nothing sent."""
    order_id = actor.buy(adblock=True)
    actor.becomes(order_id, "waiting", "grace_period")
    actor.pass_time(GRACE_OVER)
    found = actor.ends(order_id, "missed", "tracking_off")
    check(not found["holds_event"], "nothing of the buyer should be kept")


def switched_on(actor: Actor) -> None:
    """Switching on without confirming is refused; with it, it is recorded."""
    refused = actor.switch("1", warning=WARNING)
    check(
        refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY,
        f"switching on without the tick answered {refused.status_code}",
    )
    check('data-tracking="off"' in actor.page("GET", "/").text, "tracking should still be off")
    answer = actor.switch("1", warning=WARNING, ack="yes", mode="recorded")
    check(answer.ok, f"switching on answered {answer.status_code}")
    for path in ("/", "/settings"):
        check('data-tracking="on"' in actor.page("GET", path).text, f"{path} should say that tracking is on")
    check(WARNING in actor.page("GET", "/switch-log").text, "the switch should be recorded with its warning")


def recovered_blocked(actor: Actor) -> None:
    """A blocked pixel: the order is sent from the server."""
    order_id = actor.buy(adblock=True)
    actor.pass_time(GRACE_OVER)
    found = actor.ends(order_id, "recovered", "pixel_blocked", server=1)
    check(found["basis"] == "recorded_consent", "the consent basis should be recorded")
    payload = actor.received(order_id)[0]["payload"]
    check({"em", "fn", "ln", "country"} <= set(payload["user_data"]), "the receipt's hashes should be in it")
    check(not found["holds_event"], "the event should be erased once it was sent")


def recovered_silent(actor: Actor) -> None:
    """The tab is closed before the thank-you page: the pixel is silent, the order is sent."""
    order_id = actor.buy(close_tab=True)
    actor.pass_time(GRACE_OVER)
    actor.ends(order_id, "recovered", "pixel_silent", server=1)


def withheld_unknown(actor: Actor) -> None:
    """The buyer refuses before the pixel loads: no record, so nothing is sent."""
    order_id = actor.buy(decline_before_load=True)
    actor.pass_time(GRACE_OVER)
    actor.ends(order_id, "withheld", "consent_unknown")


def withheld_declined(actor: Actor) -> None:
    """The buyer withdraws during the checkout: withheld at once, grace period or not."""
    actor.ends(actor.buy(withdraw_during_checkout=True), "withheld", "consent_declined")


def evidence_lost(actor: Actor) -> None:
    """The pixel reported the purchase, its evidence got lost: sent with the same event id, and Meta drops the copy."""
    actor.fault("evidence_lost_purchase")
    order_id = actor.buy()
    actor.repair()
    actor.pass_time(GRACE_OVER)
    actor.ends(order_id, "recovered", "pixel_silent", browser=1, server=1)
    copies = actor.received(order_id)
    check([copy["deduplicated"] for copy in copies] == [False, True], "Meta should drop the server's copy")


def not_ours(actor: Actor) -> None:
    """An order from the till and a test order are nothing that a pixel could miss."""
    actor.ends(actor.order("pos"), "ignored", "not_from_checkout")
    actor.ends(actor.order("test"), "ignored", "test_order")


def meta_down(actor: Actor) -> None:
    """Meta is down for a while: the order waits, then is recovered once."""
    actor.fault("meta_500")
    order_id = actor.buy(close_tab=True)
    actor.pass_time(GRACE_OVER)
    actor.becomes(order_id, "waiting", "meta_unavailable")
    actor.repair()
    actor.pass_time(3600)
    actor.ends(order_id, "recovered", "pixel_silent", server=1)


def worker_killed(actor: Actor) -> None:
    """The worker is killed between the request and the commit: sent again with the same id, one event counts."""
    actor.fault("meta_slow", delay=6, count=1)
    order_id = actor.buy(close_tab=True)
    actor.pass_time(GRACE_OVER)
    wait_until(lambda: bool(actor.received(order_id)), "the request never reached Meta")
    actor.stage.kill("worker")
    actor.stage.start("worker", [BACKSTOP, "worker"])
    found = actor.ends(order_id, "recovered", "pixel_silent", server=2)
    check(found["reposts"] == 1, f"it was sent again {found['reposts']} times")
    first, second = actor.received(order_id)
    check(first["payload"] == second["payload"], "both requests should carry the same event")


def switched_off(actor: Actor) -> None:
    """Switching off erases what waits; on again within the grace period revives none; nothing more leaves."""
    actor.fault("meta_500")
    due = actor.buy(close_tab=True)
    actor.pass_time(GRACE_OVER)
    actor.becomes(due, "waiting", "meta_unavailable")
    young = actor.buy(close_tab=True)
    actor.becomes(young, "waiting", "grace_period")
    before = actor.from_server()
    answer = actor.switch("0")
    check(answer.ok, f"switching off answered {answer.status_code}")
    actor.repair()
    actor.ends(due, "missed", "tracking_off")
    check(not actor.explained(young)["holds_event"], "the waiting order's event should be erased")
    check(actor.switch("1", warning=WARNING, ack="yes", mode="recorded").ok, "switching on again should work")
    actor.pass_time(GRACE_OVER)
    actor.ends(young, "missed", "tracking_off")
    check(actor.from_server() == before, "nothing should have left since")


def uninstalled(actor: Actor) -> None:
    """The store uninstalls: its tokens are gone, what waits ends, nothing leaves."""
    waiting = actor.buy(close_tab=True)
    actor.becomes(waiting, "waiting", "grace_period")
    before = actor.from_server()
    gone = actor.world("POST", f"/admin/{SHOP}/uninstall")
    check(gone["webhook"]["status"] == HTTPStatus.OK, f"app/uninstalled was answered with {gone['webhook']}")
    check("left" in actor.stage.command("shops", "list"), "the store should have left")
    check("not connected" in actor.stage.command("shops", "show", SHOP), "the Meta token should be gone")
    check(not actor.explained(waiting)["holds_event"], "the waiting order's event should be erased")
    actor.pass_time(GRACE_OVER)
    actor.ends(waiting, "missed", "not_connected")
    check(actor.from_server() == before, "nothing should have left since")


def nothing_personal(actor: Actor) -> None:
    """No buyer and no token stands in any log."""
    for name, text in actor.stage.logs().items():
        for secret in ("@example.", TOKEN, "shpat_", "shprt_", actor.stage.env["SHOPIFY_API_SECRET"]):
            check(secret not in text, f"the log of {name} holds what it must not")


CHAPTERS: tuple[Chapter, ...] = (
    installed,
    before_connecting,
    connected,
    privacy.another_leaves,
    tracked,
    missed_while_off,
    switched_on,
    recovered_blocked,
    recovered_silent,
    withheld_unknown,
    withheld_declined,
    privacy.opted_out_of_sale,
    evidence_lost,
    lifecycle.webhooks_lost,
    privacy.asked,
    not_ours,
    meta_down,
    worker_killed,
    switched_off,
    privacy.answered,
    privacy.another_destroyed,
    uninstalled,
    lifecycle.reinstalled,
    lifecycle.left_untold,
    nothing_personal,
)
