from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from hypothesis import given
from hypothesis import strategies as st
from shopify_app import ShopifyApp
from shopify_app.types import RequestInput

from webhooks.verify import BODY_LIMIT, EMPTY, NOT_SIGNED, TOO_LARGE, BadSignature, Delivery, verified, verify

SECRET = "invented-secret-0123456789-0123456789"
OLD_SECRET = "invented-older-secret-0123456789-0123456789"
SHOP = "cedar-and-sage.myshopify.com"
BODY = '{"id": 5550000000001, "name": "Größe 😀"}'.encode()


def signature(raw: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


def headers(raw: bytes = BODY, *, prefix: str = "X-Shopify-", secret: str = SECRET, **changes: str) -> dict[str, str]:
    given = {
        "Topic": "orders/paid",
        "Hmac-Sha256": signature(raw, secret),
        "Shop-Domain": SHOP,
        "API-Version": "2026-10",
        "Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "Triggered-At": "2026-11-24T10:00:00.123456789Z",
    }
    given |= {name.replace("_", "-"): text for name, text in changes.items()}
    return {prefix + name: text for name, text in given.items()}


def theirs(raw: bytes, given: dict[str, str]) -> bool:
    app = ShopifyApp(client_id="key", client_secret=SECRET, old_client_secret=OLD_SECRET)
    request = RequestInput(method="POST", url="https://backstop.example.com/", headers=given, body=raw.decode())
    return bool(app.verify_webhook_req(request).ok)


def is_ours(raw: bytes, given: dict[str, str]) -> bool:
    try:
        verify(raw, given, [SECRET, OLD_SECRET])
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize("prefix", ["X-Shopify-", "x-shopify-", "shopify-", "Shopify-"])
def test_a_signed_body_is_a_delivery(prefix: str) -> None:
    delivery = verify(BODY, headers(prefix=prefix), [SECRET])

    assert delivery == Delivery(
        topic="orders/paid",
        shop_domain=SHOP,
        webhook_id="b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        triggered_at=datetime(2026, 11, 24, 10, 0, 0, 123456, tzinfo=UTC),
        raw=BODY,
    )
    assert theirs(BODY, headers(prefix=prefix))
    assert "Größe" not in repr(delivery)


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_any_of_the_secrets_may_have_signed(secret: str) -> None:
    assert is_ours(BODY, headers(secret=secret))
    assert theirs(BODY, headers(secret=secret))


GOOD_MAC = signature(BODY)


@pytest.mark.parametrize(
    "mac",
    [
        "",
        " ",
        signature(BODY, "another-secret"),
        signature(BODY + b" "),
        GOOD_MAC.rstrip("="),
        GOOD_MAC.lower(),
        GOOD_MAC[:-2] + "A=",
        f"{GOOD_MAC} ",
        f"{GOOD_MAC}\n",
        hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest(),
    ],
)
def test_another_signature_is_refused_by_both(mac: str) -> None:
    assert not is_ours(BODY, headers(Hmac_Sha256=mac))
    assert not theirs(BODY, headers(Hmac_Sha256=mac))


@pytest.mark.parametrize("mac", ["é" * 44, "\ud800", "\x00", "Ω" * 10_000])
def test_a_signature_that_is_not_ascii_is_refused(mac: str) -> None:
    assert not is_ours(BODY, headers(Hmac_Sha256=mac))


def test_a_body_that_is_not_text_can_be_signed() -> None:
    raw = b"\xff\x00\xfe"

    assert verify(raw, headers(raw), [SECRET]).raw == raw


def test_without_secrets_nothing_is_signed() -> None:
    with pytest.raises(BadSignature):
        verify(BODY, headers(), [])


@pytest.mark.parametrize(
    "changes",
    [
        {"Shop-Domain": ""},
        {"Shop-Domain": "example.com"},
        {"Shop-Domain": f"{SHOP}\n"},
        {"Topic": ""},
        {"Topic": "x" * 200},
        {"Topic": "orders\npaid"},
        {"Webhook-Id": ""},
        {"Webhook-Id": "é"},
    ],
)
def test_a_delivery_says_what_it_is(changes: dict[str, str]) -> None:
    assert not is_ours(BODY, headers() | {f"X-Shopify-{name}": text for name, text in changes.items()})


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00-05:00", datetime(2026, 11, 24, 15, tzinfo=UTC)),
        ("2026-11-24T10:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("0000-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_that_cannot_be_read_is_no_time(text: str, moment: datetime | None) -> None:
    assert verify(BODY, headers(Triggered_At=text), [SECRET]).triggered_at == moment


@given(st.binary(max_size=99), st.dictionaries(st.sampled_from(list(headers())), st.text(max_size=60)))
def test_whatever_the_headers_hold_the_answer_is_yes_or_no(raw: bytes, changes: dict[str, str]) -> None:
    assert is_ours(raw, headers(raw) | changes) in {True, False}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    app.extensions["backstop"] = SimpleNamespace(settings=SimpleNamespace(shopify_secrets=(SECRET, OLD_SECRET)))

    @app.post("/webhooks/orders/paid")
    @verified
    def orders_paid(delivery: Delivery) -> ResponseReturnValue:
        return f"{delivery.topic} {delivery.shop_domain} {len(delivery.raw)}"

    return app.test_client()


def test_a_view_sees_what_shopify_signed(client: FlaskClient) -> None:
    answer = client.post("/webhooks/orders/paid", data=BODY, headers=headers(), content_type="application/json")

    assert (answer.status_code, answer.text) == (200, f"orders/paid {SHOP} {len(BODY)}")


def test_a_form_is_signed_by_its_bytes(client: FlaskClient) -> None:
    raw = b"a=1&b=2"

    answer = client.post(
        "/webhooks/orders/paid", data=raw, headers=headers(raw), content_type="application/x-www-form-urlencoded"
    )

    assert answer.text == f"orders/paid {SHOP} 7"


@pytest.mark.parametrize("given", [{}, headers(secret="another-secret"), headers(Hmac_Sha256="é")])
def test_what_shopify_did_not_sign_is_answered_401_in_one_sentence(client: FlaskClient, given: dict[str, str]) -> None:
    answer = client.post("/webhooks/orders/paid", data=BODY, headers=given)

    assert (answer.status_code, answer.text) == (401, NOT_SIGNED)


@pytest.mark.parametrize(("given", "answered"), [(headers(b""), (400, EMPTY)), (headers(), (401, NOT_SIGNED))])
def test_a_webhook_without_a_body_is_refused_whether_signed_or_not(
    client: FlaskClient, given: dict[str, str], answered: tuple[int, str]
) -> None:
    answer = client.post("/webhooks/orders/paid", headers=given)

    assert (answer.status_code, answer.text) == answered


def test_a_large_order_passes_and_an_endless_body_does_not(client: FlaskClient) -> None:
    large, endless = b"x" * BODY_LIMIT, b"x" * (BODY_LIMIT + 1)

    assert client.post("/webhooks/orders/paid", data=large, headers=headers(large)).status_code == 200
    answer = client.post("/webhooks/orders/paid", data=endless, headers=headers(endless))
    assert (answer.status_code, answer.text) == (413, TOO_LARGE)
