"""TEST USE ONLY: admin.localhost: a stand-in for a shop's admin, with the app in a frame as Shopify loads it."""

from __future__ import annotations

import tomllib
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from sandbox import control, lifecycle, shopify_admin
from sandbox.browser import guide
from sandbox.browser.sites import own_pages_only, site_url
from sandbox.faults import Fault
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.shopify_auth import id_token, page_query
from sandbox.shops import Json, Shop, shop_from
from sandbox.world import ROOT, asked, shop_named, world

blueprint = Blueprint("admin_site", __name__, url_prefix="/site/admin", template_folder="templates")
blueprint.before_request(own_pages_only)

DEMO = "lantern"
"""The shop that is there before anybody made one; without the app, until someone installs it."""
STAFF = "42"
TROUBLES: dict[Fault, str] = {
    Fault.META_500: "Meta answers with errors",
    Fault.META_TIMEOUT: "Meta takes events but never answers",
    Fault.META_THROTTLE: "Meta asks to wait",
    Fault.META_REVOKED: "Meta refuses the access token",
    Fault.TR_DOWN: "The pixel cannot reach Meta",
    Fault.EVIDENCE_LOST_PURCHASE: "The pixel's report of the purchase gets lost",
    Fault.EVIDENCE_LOST: "Every report of the pixel gets lost",
    Fault.WEBHOOKS_DOWN: "Webhooks fail at the first try",
    Fault.WEBHOOKS_TWICE: "Webhooks come twice",
    Fault.TOKEN_500: "Shopify's token endpoint is down",
    Fault.GRAPHQL_500: "Shopify's Admin API is down",
}
"""What may go wrong at the press of a switch; ``POST /faults`` has more."""


def shop_called(name: str) -> Shop:
    """The shop by the first word of its domain; the demo's is made when it is first asked for."""
    here, domain = world(), f"{name}.myshopify.com"
    with here.lock:
        if name == DEMO and domain not in here.shops:
            shop = shop_from({"shop": domain, "name": "Lantern Supplies"}, here.new_id(), here.options.scopes)
            shop.installed = False
            here.shops[domain] = shop
    return shop_named(domain)


@blueprint.get("/")
def front() -> ResponseReturnValue:
    """The newest shop's admin."""
    name = next(reversed(world().shops), DEMO).partition(".")[0]
    return redirect(f"{site_url('admin')}/store/{name}")


@blueprint.get("/store/<name>", strict_slashes=False)
@blueprint.get("/store/<name>/<path:path>")
def admin(name: str, path: str = "") -> ResponseReturnValue:
    """The admin; what follows the shop's name is the app's own path."""
    del path  # read by the page's script
    shop = shop_called(name)
    config = app_config()
    facts = {
        "app": config["name"],
        "shop": name,
        "domain": shop.domain,
        "appOrigin": origin_of(world().options.app_url),
        "storeUrl": store_url(name),
        "metaUrl": site_url("meta"),
        "dataset": DEFAULT_DATASET,
        "token": DEFAULT_TOKEN,
        "scopes": sorted(world().options.scopes),
        "optionalScopes": optional_scopes(),
    }
    return render_template("browser/admin.html", shop=shop, facts=facts, app_name=config["name"], troubles=TROUBLES)


def app_config() -> Json:
    """What the app declares to Shopify."""
    return tomllib.loads((ROOT / "shopify.app.toml").read_text("utf-8"))


def optional_scopes() -> list[str]:
    """The scopes that the app may ask for while it runs, and give back."""
    return sorted(app_config()["access_scopes"].get("optional_scopes", []))


def store_url(name: str) -> str:
    """The address of a shop's storefront."""
    return site_url("store" if name == DEMO else f"{name}.store")


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@blueprint.get("/api/<name>/state.json")
def state(name: str) -> ResponseReturnValue:
    """What the page shows and keeps asking for."""
    shop, here = shop_called(name), world()
    return jsonify(
        shopify_admin.shop_json(shop)
        | {"guide": guide.guide_json(shop), "clock": here.clock.as_json()}
        | {"faults": [plan["name"] for plan in here.faults.as_json()]}
    )


@blueprint.post("/api/<name>/id-token")
def token(name: str) -> ResponseReturnValue:
    """``{"id_token"}``: what App Bridge gets when it asks."""
    return jsonify(id_token=id_token(installed(name), STAFF, real_time=True))


@blueprint.post("/api/<name>/frame")
def frame(name: str) -> ResponseReturnValue:
    """``{"path", "locale"}`` to ``{"url"}``: the address with which the admin loads the app."""
    shop, wish = installed(name), asked()
    path = str(wish.get("path", "/"))
    if not path.startswith("/") or path.startswith("//"):
        abort(400, "path must be a path of the app")
    query = page_query(shop, id_token(shop, STAFF, real_time=True), str(wish.get("locale", "en")))
    return jsonify(url=f"{world().options.app_url.rstrip('/')}{path}{'&' if '?' in path else '?'}{query}")


def installed(name: str) -> Shop:
    """The shop, if it has the app; else 409."""
    shop = shop_called(name)
    if not shop.installed:
        abort(409, "the app is not installed in this shop")
    return shop


@blueprint.post("/api/<name>/install")
def install(name: str) -> ResponseReturnValue:
    """Install the app."""
    return shopify_admin.install(shop_called(name).domain)


@blueprint.post("/api/<name>/uninstall")
def uninstall(name: str) -> ResponseReturnValue:
    """Remove the app and tell it."""
    return shopify_admin.uninstall(installed(name).domain)


@blueprint.post("/api/<name>/scopes")
def scopes(name: str) -> ResponseReturnValue:
    """``{"step": "grant" | "revoke", "names"}``: optional scopes are granted or taken back, and the app is told."""
    shop, wish = installed(name), asked()
    names = set(wish.get("names", []))
    if not names <= set(optional_scopes()):
        abort(400, "not among the app's optional scopes")
    lifecycle.grant(shop, shop.scopes | names if wish.get("step") == "grant" else shop.scopes - names)
    return jsonify(scopes=sorted(shop.scopes))


@blueprint.post("/api/clock")
def move_clock() -> ResponseReturnValue:
    """Move everybody's clock, as ``POST /clock`` does."""
    return control.move_clock()


@blueprint.post("/api/faults")
def switch_fault() -> ResponseReturnValue:
    """``{"name", "on": bool}``: one of the listed troubles begins or ends."""
    wish: dict[str, Any] = asked()
    name = wish.get("name")
    if name not in set(TROUBLES):
        abort(400, "no such trouble")
    if wish.get("on"):
        world().faults.put({"name": name})
    else:
        world().faults.clear(name)
    plans: list[Json] = world().faults.as_json()
    return jsonify(faults=[plan["name"] for plan in plans])
