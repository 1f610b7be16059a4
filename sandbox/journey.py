"""TEST USE ONLY: a buyer's way through the shop, from the landing page to the thank-you page, as the test wishes."""

from __future__ import annotations

from sandbox.checkout_data import STAGES, cart_line, collection, search_result, variant
from sandbox.goods import SHELF
from sandbox.shops import Json
from sandbox.visit import Visit

Events = list[tuple[str, Json]]
BEFORE = ("home", "collection", "search")
"""Pages that a buyer may pass before the product's."""
BANNER_ON = ("landing", "product", "checkout")
PAYMENTS = ("card", "wallet", "redirect")
CONTACT = "checkout_contact_info_submitted"


def shopping(visit: Visit) -> None:
    """The pages before, as the test names them, then the product page. The first of them is where the buyer lands."""
    sale, line = visit.sale, visit.sale.lines[0]
    found = tuple(one for one in SHELF if one.title == line.title) or (line,)
    before: dict[str, tuple[str, Events]] = {
        "home": ("/", []),
        "collection": ("/collections/all", [("collection_viewed", {"collection": collection(sale, SHELF)})]),
        "search": (
            f"/search?q={line.title.lower().replace(' ', '+')}",
            [("search_submitted", {"searchResult": search_result(sale, line.title.lower(), found)})],
        ),
    }
    for name in visit.wish.get("pages", ()):
        shop_page(visit, name, *before[name])
    product: Events = [
        ("product_viewed", {"productVariant": variant(sale, line)}),
        ("product_added_to_cart", {"cartLine": cart_line(sale, line)}),
    ]
    shop_page(visit, "product", f"/products/{line.title.lower().replace(' ', '-')}", product)
    if in_a_hurry(visit):
        visit.attributes.clear()  # the checkout is one of its own, not that of the cart
    elif visit.has_block:
        shop_page(visit, "cart", "/cart", [])
    visit.take_over()


def in_a_hurry(visit: Visit) -> bool:
    """Whether the buyer pays from the product's page, past the cart: "Buy it now", or a wallet's button."""
    return bool(visit.wish.get("buy_now")) or visit.wish.get("pays_with") == "wallet"


def shop_page(visit: Visit, name: str, path: str, events: Events) -> None:
    """One page of the storefront; the first one carries the click, and may be where the banner is answered."""
    is_landing, clicked = not visit.urls, visit.sale.buyer.fbclid
    banner_on = visit.wish.get("choose_on", "landing")
    click = f"{'&' if '?' in path else '?'}fbclid={clicked}" if is_landing and clicked else ""
    with visit.document(path + click, **visit.block()):
        visit.publish("page_viewed", {})
        if banner_on == name or (is_landing and banner_on == "landing"):
            visit.answer_banner()
        for event, data in events:
            visit.publish(event, data)


def checking_out(visit: Visit) -> None:
    """The checkout, up to the payment; a wallet takes the buyer away before the form, a bank after it."""
    payment = visit.wish.get("pays_with", "card")
    with visit.document(information(visit)):
        visit.publish("page_viewed", {})
        if visit.wish.get("choose_on") == "checkout":
            visit.answer_banner()
        for stage in STAGES[:1] if payment == "wallet" else STAGES[:-1]:
            visit.publish(stage, visit.about(stage))
            if stage == CONTACT:
                visit.withdraw("withdraw_during_checkout")
        if visit.wish.get("second_tab") or visit.wish.get("withdraw_in_second_tab"):
            opened_again(visit)
    if payment == "wallet":
        visit.elsewhere(f"https://shop.app/checkout/1/cn/{visit.sale.checkout_token}")
    if payment == "redirect":
        visit.elsewhere("https://bank.example/confirm")


def information(visit: Visit) -> str:
    """The checkout's first address."""
    return f"/checkouts/cn/{visit.sale.checkout_token}/information"


def opened_again(visit: Visit) -> None:
    """The same checkout in a second tab, which begins it once more."""
    with visit.second_tab(), visit.document(information(visit)):
        visit.publish("page_viewed", {})
        visit.publish(STAGES[0], visit.about(STAGES[0]))
        visit.withdraw("withdraw_in_second_tab")


def thanking(visit: Visit) -> None:
    """After the payment: an offer, if the shop makes one, and the thank-you page, as often as the buyer loads it.

    Pixels hear of the purchase once a checkout: on the first of these pages, and not if it is never reached.
    """
    wish, thanks = visit.wish, f"/checkouts/cn/{visit.sale.checkout_token}/thank-you"
    paths = [thanks] * (1 + int(wish.get("reload_thanks", 0)))
    if wish.get("post_purchase"):
        paths.insert(0, f"/post-purchase?token={visit.sale.checkout_token}")
    for number, path in enumerate(paths):
        with visit.document(path):
            visit.publish("page_viewed", {})
            if number == 0:
                visit.publish(STAGES[-1], visit.about(STAGES[-1]))
