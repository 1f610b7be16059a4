"""TEST USE ONLY: chapters about what buyers and Shopify ask for somebody's privacy.

The worker looks at such requests once a minute of real time, so they are sent in one chapter and looked at in a later
one; the story goes on between.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from sandbox.story.actor import AGREED, GRACE_OVER, SHOP, Actor, check, wait_until

OTHER = "harbor.myshopify.com"
REDACT_AFTER = 48 * 3600
A_MINUTE_AND_MORE = 75
"""Seconds of real time within which the worker looks."""
FILE = re.compile(r'"(/data-protection/[0-9]+\.json)"')


def another_leaves(actor: Actor) -> None:
    """Another store installs, connects, sells something, and uninstalls again."""
    actor.world("POST", "/admin/shops", {"shop": OTHER})
    check(actor.load(OTHER).ok, "the other store should open the app")
    actor.connect(OTHER)
    path = f"/orders/{actor.buy(OTHER)}"
    tracked = 'data-outcome="tracked"'
    wait_until(lambda: tracked in actor.page("GET", path, shop=OTHER).text, "its order should be tracked")
    gone = actor.act("uninstall", OTHER)
    check(gone["webhook"]["status"] == HTTPStatus.OK, f"app/uninstalled was answered with {gone['webhook']}")


def opted_out_of_sale(actor: Actor) -> None:
    """The buyer allows tracking but opts out of the sale of their data: withheld at once."""
    actor.ends(actor.buy(consent=AGREED | {"sale_of_data": False}), "withheld", "data_sale_opt_out")


def asked(actor: Actor) -> None:
    """One buyer asks what is kept of them, another to be erased; two days after leaving, so does the other store."""
    actor.about, actor.erased = actor.buy(close_tab=True), actor.buy(close_tab=True)
    actor.pass_time(GRACE_OVER)
    for order_id in (actor.about, actor.erased):
        actor.ends(order_id, "recovered", "pixel_silent", server=1)
    for name, order_id in (("customers_data_request", actor.about), ("customers_redact", actor.erased)):
        told = actor.act(name, order=order_id)
        check(told["orders"] == [order_id], f"{name} should be about one order and is about {told['orders']}")
        check(told["webhook"]["status"] == HTTPStatus.OK, f"{name} was answered with {told['webhook']}")
    actor.pass_time(REDACT_AFTER)


def answered(actor: Actor) -> None:
    """There is a file for the buyer who asked; of the erased one nothing is left, and none comes back."""
    wait_until(lambda: len(open_or_done(actor, "done")) == 2, "a request was not done", A_MINUTE_AND_MORE)  # noqa: PLR2004 - two were sent
    check(not actor.knows(actor.erased), "the buyer's order should be erased")
    counts = actor.counts()
    late = actor.world("POST", f"/admin/{SHOP}/orders/{actor.erased}", {"action": "resend"})
    check(late["webhook"]["status"] == HTTPStatus.OK, f"the late webhook was answered with {late['webhook']}")
    check(not actor.knows(actor.erased), "an erased order should not come back")
    check(actor.counts() == counts, "the late webhook should change nothing")
    links = FILE.findall(actor.page("GET", "/data-protection").text)
    check(len(links) == 1, f"there should be one file to load, and there are {len(links)}")
    (order,) = actor.page("GET", links[0]).json()["orders"]
    check(order["order_id"] == actor.about, "the file should be about the order of the buyer who asked")
    check((order["outcome"], order["sent_to_meta"]) == ("Recovered", "yes"), f"the file says {order}")


def open_or_done(actor: Actor, state: str) -> list[str]:
    """Return the topics of the requests that the page shows in a state."""
    return re.findall(rf'data-topic="([a-z_/]+)" data-state="{state}"', actor.page("GET", "/data-protection").text)


def another_destroyed(actor: Actor) -> None:
    """Shopify's word came 48 hours after the other store left: its key and all of its rows are gone."""
    words = ("privacy", "report", OTHER)
    wait_until(
        lambda: actor.stage.command(*words).startswith(f"All of {OTHER} was erased"),
        "the other store was not erased",
        A_MINUTE_AND_MORE,
    )
    check(actor.counts(OTHER) == {}, "nothing of the other store should be in the ledger")
    check("keys are gone" in actor.stage.command("shops", "show", OTHER), "its key should be destroyed")
