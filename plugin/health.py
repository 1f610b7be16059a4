"""For operators: does the process live, can it do its work, and what has it done."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue

from plugin import counting, metrics, refusals
from plugin.services import Services, services
from plugin.storage import gauges, schema
from plugin.storage.database import DatabaseAway

if TYPE_CHECKING:
    from plugin.metrics.page import Sample

TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
TOPICS: Final = {
    "/webhooks/orders/paid": "orders/paid",
    "/webhooks/app/uninstalled": "app/uninstalled",
    "/webhooks/app/scopes_update": "app/scopes_update",
    "/webhooks/compliance": "compliance",
}
EVIDENCE: Final = "/pixel/evidence"
RESULTS: Final = {
    "200": "taken",
    "204": "taken",
    "400": "unreadable",
    "401": "unsigned",
    "413": "too_large",
    "415": "unreadable",
    "429": "too_many",
    "500": "unforeseen",
    "503": "away",
}
blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    """Answer as long as the process does; asks nobody else."""
    return {"live": True}


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """Answer 503 until the database can be written and lacks no migration of this version. Meta has no say in it.

    One that a newer version has changed already will do: while that takes over this one serves on.
    """
    with services().database.transaction() as conn:
        version = conn.execute("SELECT version_num FROM alembic_version").fetchone()
        conn.execute("CREATE TEMP TABLE ready_probe (x int) ON COMMIT DROP")
    if version is None or not schema.suits(version["version_num"]):
        return {"ready": False, "why": "run `backstop db upgrade`"}, HTTPStatus.SERVICE_UNAVAILABLE
    return {"ready": True}


def measure(app: Flask) -> None:
    """Count what the app answers, and show it at `/metrics`, if there is a token for that page; else there is none.

    For the end of the wiring: what answers ahead of Flask is counted too.
    """
    given = app.extensions["backstop"]
    if given.settings.metrics_token:
        counting.begin(given.settings)
        app.wsgi_app = Timed(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
        _show(app, given)


def _show(app: Flask, given: Services) -> None:
    from plugin.metrics.page import Page  # noqa: PLC0415 - only who counts loads the library

    page = Page(counting.folder(given.settings), lambda: _figures(given))

    def tell() -> ResponseReturnValue:
        """Show the counters and figures to whoever has the token."""
        asked = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(asked, f"Bearer {given.settings.metrics_token}".encode()):
            refusals.tell(refusals.Door.METRICS, "no token" if not asked else "another token")
            return Response(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        return Response(page.text(), content_type=TYPE, headers={"Cache-Control": "no-store"})

    app.add_url_rule("/metrics", "metrics", tell)


def _figures(given: Services) -> Iterable[Sample]:
    from plugin.metrics.page import Sample  # noqa: PLC0415 - as above

    with suppress(DatabaseAway), given.database.transaction() as conn:
        found = gauges.figures(conn, given.clock.now())
        return [Sample(one.name, one.text, one.value, (one.label,) if one.label else ()) for one in found]
    return []


class Timed:
    """A WSGI app whose webhooks and posts of the pixel are counted by their answers."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as the app does."""
        began, said = time.perf_counter(), "500"

        def start(status: str, *more: Any) -> Any:
            nonlocal said
            said = status[:3]
            return start_response(status, *more)

        try:
            return self._app(environ, start)
        finally:
            _count(environ["PATH_INFO"], said, time.perf_counter() - began)


def _count(path: str, status: str, seconds: float) -> None:
    if (topic := TOPICS.get(path)) is not None:
        metrics.webhook(topic, RESULTS.get(status, "other"), seconds)
    elif path == EVIDENCE:
        metrics.evidence(RESULTS.get(status, "other"))
    if status == "500":
        metrics.unhandled()
