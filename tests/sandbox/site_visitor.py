"""A browser without scripts, for tests of the sandbox's sites."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.sandbox.conftest import DATASET, Sandbox

BUYER = {"email": "mara@example.com", "last_name": "Beispiel", "city": "Berlin"}


class Site:
    """A browser without scripts at one of the sites; it keeps the site's cookies."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox = sandbox
        self.host = f"{name}.localhost:{urlsplit(sandbox.url).port}"
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, *, origin: str | None = "own", **more: Any) -> requests.Response:
        headers = {"Host": self.host, "Cookie": "; ".join(f"{key}={text}" for key, text in self.cookies.items())}
        if origin is not None and method != "GET":
            headers["Origin"] = f"http://{self.host}" if origin == "own" else origin
        url = self.sandbox.url + path
        answer = requests.request(method, url, headers=headers, timeout=10, allow_redirects=False, **more)
        for line in answer.raw.headers.getlist("Set-Cookie"):
            key, _, text = line.partition(";")[0].partition("=")
            self.cookies[key] = text
        return answer

    def page(self, path: str) -> str:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def facts(self, path: str) -> Any:
        found = re.search(r'id="facts">(.*?)</script>', self.page(path), re.DOTALL)
        assert found
        return json.loads(html.unescape(found[1]))

    def json(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(method, path, json=body) if method == "POST" else self.ask(method, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def go(self, method: str, path: str, **more: Any) -> str:
        """Follow one redirect; return where it leads."""
        answer = self.ask(method, path, **more)
        assert answer.status_code in {302, 303}, answer.text
        return urlsplit(answer.headers["Location"]).path


def to_checkout(store: Site) -> str:
    assert store.go("POST", "/cart/add", data={"handle": "blue-mug"}) == "/cart"
    return store.go("GET", "/checkout")


def bought(store: Site, **typed: str) -> str:
    """Buy a mug; return the path of the page after payment."""
    checkout = to_checkout(store)
    store.page(checkout)
    return store.go("POST", checkout.replace("information", "pay"), data=BUYER | typed)


def place_pixel(sandbox: Sandbox, collector: str) -> None:
    token = sandbox.tokens()["access_token"]
    settings = {"pixelID": DATASET, "ingestKey": "k" * 16, "collector": collector, "contentIds": "product", "ldu": "no"}
    query = "mutation($s: JSON!) { webPixelCreate(webPixel: {settings: $s}) { webPixel {id} userErrors {code} } }"
    assert sandbox.admin(token, query, {"s": settings})["data"]["webPixelCreate"]["userErrors"] == []
