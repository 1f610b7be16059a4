"""Somebody who connects a shop by logging in at Facebook: the admin, the window of its own, the dialog, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.jobs import connecting
from plugin.services import Services
from plugin.settings import Settings
from sandbox.meta_people import FIRST
from sandbox.meta_store import DEFAULT_DATASET
from sandbox.ports import free_port
from sandbox.server import running
from sandbox.world import Options, World
from tests.conftest import API_KEY, NOON, SECRETS, SHOP, MovedClock
from tests.edges import visits
from tests.edges.visits import Merchant, Page, minted

OTHER_SHOP = "harbour.myshopify.com"

APP = "http://127.0.0.1:1"
USER = FIRST.user_id
OUTLET = "1234567890123457"
PARTNER = "1234567890123458"


@contextmanager
def sandbox() -> Iterator[World]:
    """Run a stand-in Shopify and Meta whose clock shows the tests' noon, with one shop."""
    options = Options(port=free_port(), app_url=APP, api_key=API_KEY, api_secrets=tuple(SECRETS.split(",")))
    with running(options) as world:
        world.clock.offset = (NOON - world.clock.now()).total_seconds()
        visits.add_shop(world, SHOP)
        yield world


def settings_for(world: World, **changes: str) -> Settings:
    """Return settings with a login that leads to the sandbox."""
    app = {
        "META_APP_ID": world.options.meta_app_id,
        "META_APP_SECRET": world.options.meta_app_secret,
        "META_CONFIG_ID": world.options.meta_config_id,
        "META_DIALOG_URL": f"{world.options.own_url}/meta/v26.0/dialog/oauth",
    }
    return visits.settings_for(world, **app | changes)


@dataclass
class Window:
    """A browser window outside the admin. A test client keeps the cookies of one browser."""

    browser: FlaskClient
    ticket: str = ""
    dialog: str = field(default="", repr=False)

    def look(self) -> TestResponse:
        return self.browser.get("/facebook/connect", query_string={"ticket": self.ticket})

    def go_on(self, origin: str = APP) -> TestResponse:
        """Press the button of our own page; what Facebook is to be opened with is kept."""
        answer = self.browser.post("/facebook/connect", data={"ticket": self.ticket}, headers={"Origin": origin})
        self.dialog = answer.headers.get("Location", "")
        return answer

    def answer(self, word: str = "yes", business: str = FIRST.id, **more: str) -> str:
        """Answer Facebook's dialog; return the address that it leads back to."""
        fields = {"answer": word, "business": business} | more
        back = requests.post(self.dialog, data=fields, timeout=5, allow_redirects=False)
        assert back.status_code == 302, back.text
        return back.headers["Location"].partition("#")[0]

    def come_back(self, address: str) -> TestResponse:
        """Follow an address of ours, and where it leads on to."""
        parts = urlsplit(address)
        return self.browser.get(f"{parts.path}?{parts.query}", follow_redirects=True)


def begin(merchant: Merchant) -> Window:
    """Click in the admin; the window opens in the same browser."""
    answer = merchant.post("/facebook/start")
    assert answer.status_code == 200, answer.text
    (ticket,) = parse_qs(urlsplit(answer.json["url"]).query)["ticket"] if answer.json else ("",)
    return Window(merchant.client, ticket)


def log_in(merchant: Merchant, **answers: str) -> Page:
    """Go all the way to the choice of a dataset."""
    window = begin(merchant)
    assert window.go_on().status_code == 303
    done = window.come_back(window.answer(**answers))
    assert done.status_code == 200, done.text
    return Page(merchant.get("/settings"))


def connect(merchant: Merchant, dataset: str = DEFAULT_DATASET, **answers: str) -> Page:
    """Connect a dataset by login; return the page that this leads to."""
    log_in(merchant, **answers)
    answer = merchant.go("/facebook/choose", dataset=dataset)
    assert answer.status_code == 200, answer.text
    return Page(answer)


def row_of(services: Services, table: str) -> dict[str, Any]:
    """Return a table's newest row."""
    with services.database.transaction() as conn:
        order = "id" if table != "meta_deletion" else "asked_at"
        found = conn.execute(f"SELECT * FROM {table} ORDER BY {order} DESC LIMIT 1").fetchone()  # noqa: S608 - of the tests
    assert found is not None
    return found


def count(services: Services, table: str) -> int:
    """Return how many rows a table has."""
    with services.database.transaction() as conn:
        found = conn.execute(f"SELECT count(*) AS n FROM {table}").fetchone()  # noqa: S608 - of the tests
    assert found is not None
    return int(found["n"])


def new_merchant(client: FlaskClient, world: World, sub: str = "42") -> Merchant:
    """Somebody of the shop's staff, at their first visit."""
    merchant = Merchant(client, tokens=[minted(world, sub=sub)])
    assert merchant.load().status_code == 200
    return merchant


def away(merchant: Merchant) -> Window:
    """A window at Facebook's dialog."""
    window = begin(merchant)
    assert window.go_on().status_code == 303
    return window


def refused(answer: TestResponse, *, words: str, status: int = 400) -> None:
    assert answer.status_code == status
    assert words in answer.text
    assert "<form" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def changed(address: str, **fields: str | None) -> str:
    """An address of ours with other fields in it."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | fields
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def tokens(world: World) -> list[int | None]:
    """Why each token of the app is dead; None for a living one."""
    return [grant.dead for grant in world.people.grants.values()]


def later(clock: MovedClock, world: World, **span: float) -> None:
    """Let time pass for the app and for Meta."""
    world.clock.offset += timedelta(**span).total_seconds()
    clock.pass_by(**span)


def checked(services: Services) -> str | None:
    """Check what is due; return the connection's cause, None if it works."""
    for shop_id in connecting.due(services):
        connecting.check(services, shop_id)
    broken: str | None = row_of(services, "meta_connection")["broken"]
    return broken
