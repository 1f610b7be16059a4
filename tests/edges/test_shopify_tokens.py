from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin.shopify.auth import IdTokenRefused
from plugin.shopify.errors import (
    ShopifyDisconnected,
    ShopifyError,
    ShopifyForbidden,
    ShopifyRefused,
    ShopifyUnavailable,
)
from plugin.shopify.tokens import ShopTokens, TokenClient
from sandbox.ports import free_port
from tests.edges.servers import Cut, Reply, Server, reply

SHOP = "cedar-and-sage.myshopify.com"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRET = "invented-secret-0123456789-0123456789"
GRANTED: dict[str, Any] = {
    "access_token": "shpat_invented",
    "scope": "read_orders,write_pixels",
    "expires_in": 3600,
    "refresh_token": "shprt_invented",
    "refresh_token_expires_in": 7_776_000,
}


def client(server: Server) -> TokenClient:
    return TokenClient(f"{server.url}/admin/{{shop}}", "key", SECRET, timeout=(0.2, 0.3))


def test_an_id_token_is_exchanged_for_tokens_that_expire() -> None:
    with Server(reply(GRANTED)) as server:
        tokens = client(server).exchange(SHOP, "id.token.signed", NOON)

    assert tokens == ShopTokens(
        access_token="shpat_invented",
        scope="read_orders,write_pixels",
        expires_at=NOON + timedelta(hours=1),
        refresh_token="shprt_invented",
        refresh_expires_at=NOON + timedelta(days=90),
    )
    [received] = server.received
    assert received.path == f"/admin/{SHOP}/oauth/access_token"
    assert received.json() == {
        "client_id": "key",
        "client_secret": SECRET,
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "id.token.signed",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
        "expiring": "1",
    }


def test_a_refresh_token_is_changed_for_a_new_pair() -> None:
    with Server(reply(GRANTED)) as server:
        tokens = client(server).refresh(SHOP, "shprt_older", NOON)

    assert tokens.refresh_token == "shprt_invented"
    assert server.received[0].json() == {
        "client_id": "key",
        "client_secret": SECRET,
        "grant_type": "refresh_token",
        "refresh_token": "shprt_older",
    }


def test_tokens_and_secrets_show_nowhere() -> None:
    with Server(reply(GRANTED)) as server:
        tokens = client(server).exchange(SHOP, "id.token.signed", NOON)
    away = TokenClient(f"http://127.0.0.1:{free_port()}/{{shop}}", "key", SECRET)
    with pytest.raises(ShopifyUnavailable) as caught:
        away.refresh(SHOP, tokens.refresh_token, NOON)

    told = repr(tokens) + repr(away) + str(away) + "".join(traceback.format_exception(caught.value))
    assert not any(word in told for word in ("shpat_", "shprt_", SECRET))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply({"error": "invalid_grant"}, 400), ShopifyDisconnected),
        (reply({"errors": "[API] Invalid API key or access token"}, 401), ShopifyDisconnected),
        (Reply(401, b"<html>"), ShopifyDisconnected),
        (Reply(403, b"<html>"), ShopifyForbidden),
        (Reply(404, b"<html>"), ShopifyUnavailable),
        (Reply(429), ShopifyUnavailable),
        (Reply(500, b"<html>"), ShopifyUnavailable),
        (Reply(302, headers={"Location": "https://example.com/"}), ShopifyUnavailable),
        (reply({"error": "invalid_client"}, 401), ShopifyRefused),
        (reply({"error": "invalid_request"}, 400), ShopifyRefused),
        (Reply(cut=Cut.AFTER_BODY), ShopifyUnavailable),
        (Reply(delay=0.5), ShopifyUnavailable),
        (Reply(body=b"<html>"), ShopifyUnavailable),
    ],
)
def test_each_refusal_says_what_to_do(answer: Reply, error: type[ShopifyError]) -> None:
    with Server(answer) as server, pytest.raises(ShopifyError) as caught:
        client(server).refresh(SHOP, "shprt_older", NOON)

    assert type(caught.value) is error


def test_an_id_token_too_old_for_shopify_is_refused_as_such() -> None:
    with Server(reply({"error": "invalid_subject_token"}, 400)) as server, pytest.raises(IdTokenRefused):
        client(server).exchange(SHOP, "id.token.signed", NOON)


def test_wrong_app_credentials_are_named() -> None:
    with Server(reply({"error": "invalid_client"}, 400)) as server, pytest.raises(ShopifyRefused) as caught:
        client(server).exchange(SHOP, "id.token.signed", NOON)

    assert caught.value.codes == {"invalid_client"}


def test_the_wait_that_shopify_asks_for_is_kept() -> None:
    with Server(reply({}, 429, Retry_After="2.0")) as server, pytest.raises(ShopifyUnavailable) as caught:
        client(server).refresh(SHOP, "shprt_older", NOON)

    assert caught.value.retry_after == timedelta(seconds=2)


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_in": None},
        {"expires_in": 0},
        {"expires_in": "3600"},
        {"expires_in": True},
        {"expires_in": 10**12},
        {"refresh_token": None},
        {"refresh_token_expires_in": None},
        {"access_token": ""},
        {"access_token": "shpat_ü"},
        {"access_token": "shpat\r\nX-Header: 1"},
        {"scope": None},
    ],
)
def test_an_answer_without_tokens_that_expire_is_of_no_use(changes: dict[str, Any]) -> None:
    with Server(reply(GRANTED | changes)) as server, pytest.raises(ShopifyUnavailable):
        client(server).exchange(SHOP, "id.token.signed", NOON)


@pytest.mark.parametrize("shop", ["", "example.com", f"{SHOP}\n", f"{SHOP}/..", f"x@{SHOP}", "{shop}"])
def test_only_a_shop_is_asked(shop: str) -> None:
    with Server(reply(GRANTED)) as server, pytest.raises(ValueError, match="domain"):
        client(server).exchange(shop, "id.token.signed", NOON)

    assert server.received == []


@pytest.mark.parametrize(
    "template", ["https://example.com/admin", "http://{shop}/admin", "https://{shop}/{shop}", "https://u@{shop}/admin"]
)
def test_a_template_must_be_one_to_trust(template: str) -> None:
    with pytest.raises(ValueError, match="address"):
        TokenClient(template, "key", SECRET)
