from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from shopify_app import ShopifyApp
from shopify_app.types import RequestInput

from plugin.shopify.auth import IdTokenRefused, StaffSession, is_shop_domain, verify_id_token

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "invented-secret-0123456789-0123456789"
OLD_SECRET = "invented-older-secret-0123456789-0123456789"
SHOP = "cedar-and-sage.myshopify.com"


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": KEY,
        "sub": "42",
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
        "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(secret: str = SECRET, **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, algorithm="HS256")


def ours(token: str, *secrets: str) -> StaffSession | None:
    try:
        return verify_id_token(token, api_key=KEY, secrets=secrets or (SECRET,), now=datetime.now(UTC))
    except IdTokenRefused:
        return None


def theirs(token: str, old_secret: str | None = None) -> bool:
    app = ShopifyApp(client_id=KEY, client_secret=SECRET, old_client_secret=old_secret)
    request = RequestInput(
        method="GET",
        url="https://backstop.example.com/",
        headers={"Authorization": f"Bearer {token}"},
        body="",
    )
    return bool(app.verify_app_home_req(request, app_home_patch_id_token_path="/patch").ok)


def test_a_good_token_names_shop_user_and_end() -> None:
    token = signed()

    session = ours(token)

    assert session is not None
    assert (session.shop, session.user_id) == (SHOP, "42")
    assert timedelta(seconds=50) < session.expires_at - datetime.now(UTC) <= timedelta(seconds=60)
    assert theirs(token)


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_any_of_the_secrets_will_do(secret: str) -> None:
    token = signed(secret)

    assert ours(token, SECRET, OLD_SECRET)
    assert theirs(token, OLD_SECRET)


BAD = {
    "expired": {"exp": int(time.time()) - 30},
    "not yet valid": {"nbf": int(time.time()) + 3600},
    "issued in the future": {"iat": int(time.time()) + 3600},
    "another app": {"aud": "f" * 32},
    "no app": {"aud": None},
}
BAD_FOR_US_ONLY = {
    "no end": {"exp": None},
    "end is text": {"exp": "tomorrow"},
    "end out of time": {"exp": 10**30},
    "end is infinite": {"exp": float("inf")},
    "end is a bool": {"exp": True},
    "several apps": {"aud": [KEY, "f" * 32]},
    "other shop's issuer": {"iss": "https://mallory.myshopify.com/admin"},
    "issuer is a number": {"iss": 7},
    "dest is a list": {"dest": [f"https://{SHOP}"]},
    "no user": {"sub": None},
    "user is a number": {"sub": 42},
    "user is a sentence": {"sub": "let me in"},
    "no session": {"sid": None},
    "plain http": {"iss": f"http://{SHOP}/admin", "dest": f"http://{SHOP}"},
    "port": {"iss": f"https://{SHOP}:444/admin", "dest": f"https://{SHOP}:444"},
    "userinfo": {"iss": f"https://a@{SHOP}/admin", "dest": f"https://a@{SHOP}"},
    "newline": {"iss": f"https://{SHOP}\n/admin", "dest": f"https://{SHOP}\n"},
    "unicode": {"iss": "https://kösmetik.myshopify.com/admin", "dest": "https://kösmetik.myshopify.com"},
    "upper case": {"iss": f"https://{SHOP.upper()}/admin", "dest": f"https://{SHOP.upper()}"},
    "no shop of Shopify's": {"iss": "https://shop.example.com/admin", "dest": "https://shop.example.com"},
    "look-alike": {"iss": "https://a.myshopify.com.example.com/", "dest": "https://a.myshopify.com.example.com"},
    "broken address": {"iss": "https://[::1/admin", "dest": "https://[::1"},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_refused_by_both(changes: dict[str, Any]) -> None:
    token = signed(**changes)

    assert ours(token) is None
    assert not theirs(token)


@pytest.mark.parametrize("changes", BAD_FOR_US_ONLY.values(), ids=BAD_FOR_US_ONLY.keys())
def test_what_libraries_let_pass_is_refused(changes: dict[str, Any]) -> None:
    body = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, claims(**changes))
    )
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(body, SECRET.encode())

    assert ours((body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()) is None


def test_a_token_without_a_signature_or_of_another_kind_is_refused() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    for token in (
        jwt.encode(claims(), "", algorithm="none"),
        jwt.encode(claims(), private, algorithm="RS256"),
        jwt.encode(claims(), SECRET * 2, algorithm="HS512"),
        signed("another-app's-secret-0123456789-0123456789"),
        signed()[:-4] + "AAAA",
    ):
        assert ours(token) is None
        assert not theirs(token)


def test_no_secret_is_no_way_in() -> None:
    with pytest.raises(IdTokenRefused):
        verify_id_token(signed(), api_key=KEY, secrets=(), now=datetime.now(UTC))


def test_a_token_ends_by_the_time_we_are_given() -> None:
    with pytest.raises(IdTokenRefused, match="expired"):
        verify_id_token(signed(), api_key=KEY, secrets=(SECRET,), now=datetime.now(UTC) + timedelta(seconds=71))


def test_text_that_is_no_token_is_refused() -> None:
    good = signed()
    deep = base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()

    for text in ("", ".", "..", "a.b", f"{good}\n", f" {good}", f"{good}é", "é.é.é", "\ud800.a.a", f"{deep}.a.a"):
        assert ours(text) is None
    assert ours(signed(pad="x" * 9000)) is None


@given(st.text(max_size=99) | st.text("eyJA-_.=", max_size=99) | st.binary(max_size=99).map(lambda raw: f"{raw!r}"))
def test_garbage_is_refused_and_nothing_else(text: str) -> None:
    assert ours(text) is None


JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.text(), max_size=2)


@given(st.dictionaries(st.sampled_from(sorted(claims())), JSON, min_size=1))
def test_claims_of_any_kind_are_refused_and_nothing_else(changes: dict[str, Any]) -> None:
    payload = json.dumps(claims() | changes).encode()
    token = jwt.api_jws.encode(payload, SECRET, algorithm="HS256")

    session = ours(token)

    assert session is None or (session.shop == SHOP and session.expires_at > datetime.now(UTC) - timedelta(seconds=10))


@pytest.mark.parametrize("text", ["a.myshopify.com", "0.myshopify.com", SHOP, "a--.myshopify.com"])
def test_shop_domains(text: str) -> None:
    assert is_shop_domain(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".myshopify.com",
        "-a.myshopify.com",
        "A.myshopify.com",
        "a.myshopify.com\n",
        "a.b.myshopify.com",
        "a.myshopify.com.example.com",
        "a.myshopify.com/../..",
        "a.myshopify.com:80",
        "u@a.myshopify.com",
        "a_b.myshopify.com",
        "ä.myshopify.com",
        "a" * 300 + ".myshopify.com",
    ],
)
def test_what_is_no_shop_domain(text: str) -> None:
    assert not is_shop_domain(text)
