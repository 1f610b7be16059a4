"""Inputs that once broke something; each stays mended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugin.jobs import compliance
from plugin.services import Services
from plugin.storage.shops import Shop
from tests import doors
from tests.edges.privacy import redact_shop, requests_of
from tests.fuzz.asking import Input
from tests.fuzz.knock import knock

LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("at", [LATEST, EARLIEST])
@pytest.mark.parametrize("path", ["/webhooks/app/uninstalled", "/webhooks/orders/paid"])
def test_a_time_at_the_calendars_end_is_no_time(client: FlaskClient, shop: Shop, path: str, at: datetime) -> None:
    assert doors.webhook(client, path, {"id": 1}, shop="nobody.myshopify.com", at=at).status_code in {200, 400}


@pytest.mark.parametrize("at", [LATEST, EARLIEST])
def test_a_privacy_request_with_such_a_time_is_settled(
    client: FlaskClient, services: Services, shop: Shop, at: datetime
) -> None:
    redact_shop(client, at)

    compliance.settle_requests(services)

    assert [line["state"] for line in requests_of(services)] == ["ignored"]


@pytest.mark.parametrize(
    "path", ["/", "/bounce", "/settings", "/facebook/connect", "/privacy", "/static/none.js", "/none"]
)
@pytest.mark.parametrize("query", ["\xff", "shop=\xe9", "id_token=a&x=\xc3\x28"])
def test_a_query_beyond_ascii_is_read_as_if_it_were_encoded(flask_app: Flask, path: str, query: str) -> None:
    heard = knock(flask_app, Input("", "GET", path, query))

    assert heard.faults == ()
    assert heard.status in {200, 302, 404}


@pytest.mark.parametrize(
    "path", ["//evil.example.com", "/orders//evil.example.com", "/settings//", "//settings", "/%2F/x"]
)
def test_no_redirect_names_the_host_that_a_request_names(flask_app: Flask, path: str) -> None:
    heard = knock(flask_app, Input("", "GET", path, "", {"Host": "evil.example.com"}))

    assert heard.faults == ()
    assert heard.status in {302, 404}
