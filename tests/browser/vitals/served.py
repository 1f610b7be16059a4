"""What a page costs the server, and what of its bytes is ours."""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import requests
from flask.testing import FlaskClient

from app import create_app
from plugin.services import Services
from plugin.storage import orm
from sandbox.stage import ROOT, Stage
from tests.browser.states import services_of
from tests.edges.statements import counted

TIMES = 40
SCRIPTS = ("app.js", "facebook.js")
STYLES = ("app.css",)


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds from the request to the answer's end, without a browser, and SQL statements."""

    milliseconds: float
    statements: int


@dataclass(frozen=True, slots=True)
class Served:
    """What the server does for a page: for the admin's load of it, which also asks Shopify whether our token holds
    still, and for a visit by a link of ours; and the bytes of the document."""

    load: Cost
    visit: Cost
    html: int
    html_gzip: int


def address_of(stage: Stage, shop: str, path: str) -> str:
    """Return the path and query with which the admin loads a page; its token lives for a minute."""
    told = requests.post(
        f"{stage.sandbox}/api/{shop}/frame",
        json={"path": path},
        headers={"Host": f"admin.localhost:{stage.sandbox_port}", "Origin": stage.admin},
        timeout=10,
    )
    parts = urlsplit(told.json()["url"])
    return f"{parts.path}?{parts.query}"


@contextmanager
def twin_of(stage: Stage) -> Iterator[FlaskClient]:
    """Build the stage's app once more, in this process, where its statements can be counted."""
    given = services_of(stage)
    app = create_app(given.settings, given.database.url)
    yield app.test_client()
    inner = app.extensions["backstop"]
    assert isinstance(inner, Services)
    for services in (given, inner):
        services.close()
    orm.close(app)


def serve(stage: Stage, twin: FlaskClient, shop: str, path: str) -> Served:
    """Ask for a page some times over, both ways; medians count."""
    loaded = address_of(stage, shop, path)
    token = dict(parse_qsl(urlsplit(loaded).query))["id_token"]
    load, _ = _asked(stage, twin, loaded, {})
    visit, page = _asked(stage, twin, path, {"Authorization": f"Bearer {token}"})
    return Served(load, visit, len(page), len(gzip.compress(page)))


def _asked(stage: Stage, twin: FlaskClient, path: str, headers: dict[str, str]) -> tuple[Cost, bytes]:
    times, page = [], b""
    with requests.Session() as line:
        line.headers.update(headers | {"Host": f"app.localhost:{stage.app_port}"})
        for _ in range(TIMES):
            begun = time.perf_counter()
            answer = line.get(f"{stage.app}{path}", timeout=30)
            times.append((time.perf_counter() - begun) * 1000)
            assert answer.ok, answer.status_code
            page = answer.content
    assert twin.get(path, headers=headers).status_code == 200  # the first one opens connections
    with counted() as statements:
        assert twin.get(path, headers=headers).status_code == 200
    return Cost(statistics.median(times), len(statements)), page


def own_bytes() -> dict[str, int]:
    """Return the bytes of our scripts and styles, as they are and packed."""
    found = {}
    for kind, names in (("js", SCRIPTS), ("css", STYLES)):
        files = [(ROOT / "static" / name).read_bytes() for name in names]
        found[kind] = sum(map(len, files))
        found[f"{kind}_gzip"] = sum(len(gzip.compress(file)) for file in files)
    return found
