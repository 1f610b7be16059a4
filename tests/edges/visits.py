"""A member of a shop's staff at the app's pages, and the stand-in Shopify and Meta behind them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.services import Services
from plugin.settings import Settings
from plugin.shopify import access
from plugin.storage import connections, installs, shops
from plugin.storage.installs import Tokens
from plugin.storage.shops import Shop
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.ports import free_port
from sandbox.server import running
from sandbox.shops import Policy, shop_from
from sandbox.shops import Shop as SandboxShop
from sandbox.world import DEFAULT_SCOPES, Options, World
from tests import doors
from tests.builders import ORDER_ID
from tests.conftest import API_KEY, NOON, SECRETS, SHOP, settings_from
from tests.edges.ledger_view import policy_changes


@dataclass(frozen=True)
class Element:
    """A start tag as a browser reads it: attribute names in lower case."""

    tag: str
    attributes: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)


class Page(HTMLParser):
    """What tests look for in a page."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Return the elements with a tag and attributes (`data_x` for `data-x`)."""
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.elements if tag in ("", e.tag) and wanted.items() <= e.attributes.items()]

    def one(self, tag: str = "", **attributes: str) -> Element:
        """Return the only such element."""
        (found,) = self.all(tag, **attributes)
        return found

    @property
    def page(self) -> Element:
        """The page's own element, which carries its state."""
        return self.one("s-page")

    def orders(self) -> list[int]:
        """Return the orders listed, counted from the example order on."""
        return [int(row["data-order"]) - ORDER_ID for row in self.all("s-table-row")]

    def figures(self) -> dict[str, int]:
        """Return the dashboard's figures."""
        return {e["data-figure"]: int(e["data-count"]) for e in self.elements if "data-figure" in e.attributes}

    def error_at(self, name: str) -> str | None:
        """Return the error shown at a field."""
        return next((e.get("error") for e in self.elements if e.get("name") == name and e.tag.startswith("s-")), None)


@dataclass
class Merchant:
    """Visits the app as App Bridge lets a browser do: an id token in the address of a page, else as a Bearer."""

    client: FlaskClient
    shop: str = SHOP
    sub: str = "42"
    tokens: list[str] = field(default_factory=list)
    """Tokens to show; without any, one is made for each request."""

    def token(self) -> str:
        return self.tokens[-1] if self.tokens else doors.id_token(self.shop, sub=self.sub)

    def load(self, path: str = "/") -> TestResponse:
        """Load a page into the frame."""
        return self.client.get(path, query_string={"id_token": self.token(), "embedded": "1", "shop": self.shop})

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token()}"})

    def post(self, path: str, **fields: str | list[str]) -> TestResponse:
        """Send a form as the app's script does."""
        return self.client.post(path, data=fields, headers={"Authorization": f"Bearer {self.token()}"})

    def go(self, path: str, **fields: str | list[str]) -> TestResponse:
        """Send a form, and open the page that its answer leads to."""
        answer = self.post(path, **fields)
        return self.get(answer.headers["Location"]) if answer.status_code == 303 else answer


@contextmanager
def sandbox() -> Iterator[World]:
    """Run a stand-in Shopify and Meta whose clock shows the tests' noon, with one shop."""
    options = Options(port=free_port(), api_key=API_KEY, api_secrets=tuple(SECRETS.split(",")))
    with running(options) as world:
        world.clock.offset = (NOON - world.clock.now()).total_seconds()
        add_shop(world, SHOP)
        yield world


def add_shop(world: World, domain: str) -> SandboxShop:
    """Let a shop have the app."""
    shop = shop_from(
        {"shop": domain, "name": "Lantern", "policies": []}, world.new_id(), tuple(DEFAULT_SCOPES.split(","))
    )
    shop.policies = [Policy("DE", None, consent_required=True, sale_opt_out_required=False)]
    world.shops[domain] = shop
    return shop


def settings_for(world: World, **changes: str) -> Settings:
    """Return settings whose outside is the sandbox."""
    own = world.options.own_url
    addresses = {"META_GRAPH_URL": f"{own}/meta/v26.0", "SHOPIFY_ADMIN_URL_TEMPLATE": f"{own}/admin/{{shop}}"}
    return settings_from(**addresses | changes)


def minted(world: World, domain: str = SHOP, sub: str = "42") -> str:
    """Return an id token that the sandbox's Shopify also takes in exchange."""
    wish = {"sub": sub, "real_time": True}
    answer = requests.post(f"{world.options.own_url}/admin/{domain}/id-token", json=wish, timeout=5)
    return str(answer.json()["id_token"])


def connect(merchant: Merchant, **changes: str) -> Page:
    """Connect the sandbox's dataset; return the page that this leads to."""
    answer = merchant.go("/connect", **{"dataset": DEFAULT_DATASET, "token": DEFAULT_TOKEN} | changes)
    assert answer.status_code == 200
    return Page(answer)


def pixel_of(world: World) -> dict[str, str] | None:
    """Return the settings of the app's pixel in the sandbox's shop."""
    pixel = world.shops[SHOP].pixel
    return None if pixel is None else pixel.settings


def stored(services: Services, domain: str = SHOP) -> Shop | None:
    """Return a shop as it is stored, None if it is not installed."""
    with services.database.transaction() as conn:
        return shops.by_domain(conn, services.vault, domain)


def shop_of(services: Services) -> Shop:
    found = stored(services)
    assert found is not None
    return found


def tokens_of(services: Services) -> Tokens:
    with services.database.transaction() as conn:
        found = installs.tokens_of(conn, shop_of(services))
    assert found is not None
    return found


def access_token(given: Services, shop: Shop | None = None) -> str:
    """Ask for an access token as a job does."""
    asked = shop or shop_of(given)
    return access.access_token(given.database, given.vault, given.tokens, asked, given.clock.now())


def uninstall(services: Services) -> None:
    with services.database.transaction() as conn:
        connections.uninstall(conn, SHOP, services.clock.now())


def other_pixel_log(services: Services) -> list[tuple[str, ...]]:
    """Return what the log says of another Meta pixel: who, where, and from which answer to which."""
    changes = [c for c in policy_changes(services, shop_of(services)) if c["what"] == "other_pixel"]
    return [(c["user_id"], c["place"], c["old"], c["new"]) for c in reversed(changes)]
