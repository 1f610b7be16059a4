"""TEST USE ONLY: store.localhost: what changes the cart, and its Ajax API with the cart's attributes."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from sandbox.browser.basket import new_basket
from sandbox.browser.sites import own_pages_only
from sandbox.browser.store_site import BASKET, basket_of_visitor, on_the_shelf
from sandbox.world import asked

blueprint = Blueprint("store_cart", __name__, url_prefix="/site/store")
blueprint.before_request(own_pages_only)


@blueprint.post("/cart/add")
def add() -> ResponseReturnValue:
    """Put one of a product into the basket; a basket that was paid for stays what it is, and a new one begins."""
    line, basket = on_the_shelf(request.form.get("handle", "")), basket_of_visitor()
    if basket.order is not None:
        basket = new_basket(basket.shop, basket.region, basket.machine)
    basket.put_in(line, 1)
    answer = redirect("/cart", 303)
    answer.set_cookie(BASKET, basket.name, httponly=True, samesite="Lax")
    return answer


@blueprint.post("/buy-now")
def buy_now() -> ResponseReturnValue:
    """From the product to a checkout of its own, past the cart and its attributes."""
    line, basket = on_the_shelf(request.form.get("handle", "")), basket_of_visitor()
    basket = new_basket(basket.shop, basket.region, basket.machine)
    basket.put_in(line, 1)
    answer = redirect(f"/checkouts/cn/{basket.sale.checkout_token}/information", 303)
    answer.set_cookie(BASKET, basket.name, httponly=True, samesite="Lax")
    return answer


@blueprint.get("/cart.js")
def cart_as_json() -> ResponseReturnValue:
    """The cart, as the storefront's Ajax API shows it."""
    return jsonify(basket_of_visitor().cart())


@blueprint.post("/cart/update.js")
def update_cart() -> ResponseReturnValue:
    """``{"attributes": {...}}``: merged into the cart's."""
    basket = basket_of_visitor()
    basket.put_attributes(asked().get("attributes", {}))
    return jsonify(basket.cart())
