"""TEST USE ONLY: store.localhost: the storefront of a shop, each page a document of its own with its own pixel."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.browser.admin_site import DEMO, shop_called
from sandbox.browser.basket import Basket, handle_of, new_basket, product_called
from sandbox.browser.sites import own_pages_only, shop_of_host, site_url
from sandbox.checkout_data import STAGES, cart_line, checkout, collection, search_result, variant
from sandbox.goods import SHELF, SHIPPING, Line, subtotal
from sandbox.shops import Json
from sandbox.visit import META, PURPOSES, shop_data
from sandbox.world import world

blueprint = Blueprint("store_site", __name__, url_prefix="/site/store", template_folder="templates")
blueprint.before_request(own_pages_only)

BASKET = "sandbox_basket"
REGION = "sandbox_region"
REGIONS = {
    "DE": "Germany",
    "FR": "France",
    "GB": "United Kingdom",
    "US": "Wyoming, USA",
    "US-CA": "California, USA",
    "JP": "Japan",
}
"""Where the buyer may be, beside the shop's own country."""
Events = list[tuple[str, Json]]
OF_THE_THEME = frozenset({"home", "collection", "search", "product", "cart"})
"""Pages that the merchant's theme makes, with the app's block if that is on; the checkout is Shopify's."""


def basket_of_visitor() -> Basket:
    """The basket that the browser's cookie names, else a new one. Its buyer lives where the other cookie says."""
    shop = shop_called(shop_of_host() or DEMO)
    region = request.cookies.get(REGION, "")
    region = region if region in REGIONS else shop.country
    found = world().visits.get(request.cookies.get(BASKET, ""))
    if isinstance(found, Basket) and found.shop is shop:
        found.live_in(region)
    else:
        machine = {"user_agent": request.user_agent.string or None, "fbclid": request.args.get("fbclid")}
        found = new_basket(shop, region, machine)
    found.find_collector()
    return found


def page(name: str, basket: Basket, events: Events, *, later: Json | None = None, **more: Any) -> ResponseReturnValue:
    """A document: ``events`` are published when it is there, ``later`` (by name) when the buyer does something."""
    facts = facts_for_script(basket) | {"events": [("page_viewed", {}), *events], "later": later or {}}
    facts["block"] = basket.has_block and name in OF_THE_THEME
    html = render_template(
        f"browser/store_{name}.html",
        basket=basket,
        sale=basket.sale,
        facts=facts,
        regions=REGIONS,
        money=basket.sale.money.sold,
        currency=basket.sale.money.presentment,
        handle_of=handle_of,
        shipping=SHIPPING,
        in_basket=sum(line.quantity for line in basket.sale.lines),
        **more,
    )
    answer = make_response(html)
    answer.headers["Cache-Control"] = "no-store"
    answer.set_cookie(BASKET, basket.name, httponly=True, samesite="Lax")
    return answer


def facts_for_script(basket: Basket) -> Json:
    """What the page's script needs: the pixel as the storefront prints it, the shop's privacy rules, the addresses."""
    here, shop, buyer = world(), basket.shop, basket.sale.buyer
    policy = shop.policy_for(str(buyer.country_code), buyer.province_code)
    relay = {basket.collector: f"{here.options.own_url}/relay/{basket.name}"} if basket.collector else {}
    return {
        "shop": shop.domain,
        "settings": shop.pixel.settings if shop.pixel else None,
        "map": {META: site_url("meta")} | relay,
        "collector": urlsplit(basket.collector).hostname,
        "data": {"shop": shop_data(shop)},
        "language": buyer.locale,
        "clockOffset": here.clock.offset * 1000,
        "asksFirst": policy.consent_required,
        "saleOptOut": policy.sale_opt_out_required,
        "atFirst": dict.fromkeys(PURPOSES, not policy.consent_required),
    }


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """What there is to buy."""
    return page("home", basket_of_visitor(), [], shelf=SHELF)


@blueprint.get("/collections/all")
def everything() -> ResponseReturnValue:
    """The one collection."""
    basket = basket_of_visitor()
    seen: Events = [("collection_viewed", {"collection": collection(basket.sale, SHELF)})]
    return page("collection", basket, seen, shelf=SHELF)


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """What is called like that."""
    basket, query = basket_of_visitor(), request.args.get("q", "").strip()
    found = tuple(line for line in SHELF if query.lower() in line.title.lower()) if query else ()
    told: Events = [("search_submitted", {"searchResult": search_result(basket.sale, query, found)})]
    return page("search", basket, told if query else [], shelf=found, query=query)


@blueprint.get("/products/<handle>")
def product(handle: str) -> ResponseReturnValue:
    """One product."""
    line, basket = on_the_shelf(handle), basket_of_visitor()
    seen: Events = [("product_viewed", {"productVariant": variant(basket.sale, line)})]
    later = {"product_added_to_cart": {"cartLine": cart_line(basket.sale, line)}}
    return page("product", basket, seen, later=later, line=line)


def on_the_shelf(handle: str) -> Line:
    """The product; else 404."""
    line = product_called(handle)
    if line is None:
        abort(404, "no such product")
    return line


@blueprint.get("/cart")
def cart() -> ResponseReturnValue:
    """What is in the basket."""
    basket = basket_of_visitor()
    return page("cart", basket, [], goods=subtotal(basket.sale.lines))


@blueprint.get("/checkout")
def begin_checkout() -> ResponseReturnValue:
    """On to the checkout of what is in the basket."""
    basket = basket_of_visitor()
    if basket.order is not None or not basket.sale.lines:
        return redirect("/cart", 303)
    basket.take_over()
    return redirect(f"/checkouts/cn/{basket.sale.checkout_token}/information", 303)


def basket_at(token: str) -> Basket:
    """The visitor's basket, if this is its checkout; else 404."""
    basket = basket_of_visitor()
    if basket.sale.checkout_token != token:
        abort(404, "this browser has no such checkout")
    return basket


@blueprint.get("/checkouts/cn/<token>/information")
def checkout_page(token: str) -> ResponseReturnValue:
    """The checkout, one document with its steps."""
    basket = basket_at(token)
    if basket.order is not None:
        return redirect(f"/checkouts/cn/{token}/thank-you", 303)
    said = {stage: {"checkout": checkout(basket.sale, basket.shop, stage)} for stage in STAGES[:-1]}
    begun: Events = [(STAGES[0], said.pop(STAGES[0]))]
    return page("checkout", basket, begun, later=said)


@blueprint.post("/checkouts/cn/<token>/pay")
def pay(token: str) -> ResponseReturnValue:
    """Pay; then an offer or the thank-you page, unless the tab is closed before it."""
    basket = basket_at(token)
    basket.pay(request.form)
    if request.form.get("close_tab"):
        return redirect("/closed", 303)
    return redirect("/post-purchase" if request.form.get("offer") else f"/checkouts/cn/{token}/thank-you", 303)


def purchase_of(basket: Basket) -> Events:
    """What pixels are told of the purchase: once a checkout, on the first page after the payment."""
    if basket.reported:
        return []
    basket.reported = True
    return [(STAGES[-1], {"checkout": checkout(basket.sale, basket.shop, STAGES[-1])})]


@blueprint.get("/post-purchase")
def post_purchase() -> ResponseReturnValue:
    """An offer between the payment and the thank-you page; the purchase is told to pixels here."""
    basket = basket_of_visitor()
    if basket.order is None:
        return redirect("/cart", 303)
    return page("offer", basket, purchase_of(basket), order=basket.order)


@blueprint.get("/checkouts/cn/<token>/thank-you")
def thank_you(token: str) -> ResponseReturnValue:
    """Where the purchase is told to pixels, if an offer before it did not."""
    basket = basket_at(token)
    if basket.order is None:
        return redirect(f"/checkouts/cn/{token}/information", 303)
    return page("thanks", basket, purchase_of(basket), order=basket.order)


@blueprint.get("/wallet")
def wallet() -> ResponseReturnValue:
    """What a wallet shows on a site of its own: no document of the shop, no pixel; it knows nothing of the cart."""
    basket = basket_of_visitor()
    if basket.order is not None or not basket.sale.lines:
        return redirect("/cart", 303)
    basket.attributes.clear()
    basket.take_over()
    return render_template(
        "browser/store_wallet.html", sale=basket.sale, total=basket.sale.money.sold(basket.sale.total)
    )


@blueprint.get("/closed")
def closed() -> ResponseReturnValue:
    """What is on the screen when the tab is gone: no document of the shop, no pixel."""
    return render_template("browser/store_closed.html", order=basket_of_visitor().order)
