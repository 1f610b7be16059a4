"""Id tokens and webhooks, good and bad, for three judges: our own code and Shopify's two libraries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "invented-secret-0123456789-0123456789"
OLD_SECRET = "invented-older-secret-0123456789-0123456789"
STRANGER = "another-app's-secret-0123456789-0123456789"
SHOP = "cedar-and-sage.myshopify.com"
MALLORY = "mallory.myshopify.com"
NOW = int(time.time())
HOUR = 3600
"""Seconds; tokens are made when a run begins, and must mean the same at its end."""
ABSENT = object()
"""Stands for a claim or a header that is not there."""


def _segment(part: object) -> bytes:
    text = part if isinstance(part, str | bytes) else json.dumps(part)
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def token(secret: str = SECRET, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return an HS256 token, whatever its header says, with some claims changed."""
    claims = {
        "iss": f"https://{SHOP}/admin",
        "dest": f"https://{SHOP}",
        "aud": KEY,
        "sub": "42",
        "exp": NOW + HOUR,
        "nbf": NOW - 1,
        "iat": NOW - 1,
        "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
        "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
    } | changes
    kept = {name: value for name, value in claims.items() if value is not ABSENT}
    return _sealed(secret, {"alg": "HS256", "typ": "JWT"} | (header or {}), kept)


def _sealed(secret: str, header: object, claims: object) -> str:
    body = _segment(header) + b"." + _segment(claims)
    return (body + b"." + base64.urlsafe_b64encode(_mac(body, secret)).rstrip(b"=")).decode()


def _mac(raw: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), raw, hashlib.sha256).digest()


def _of_shop(host: str) -> dict[str, Any]:
    return {"iss": f"https://{host}/admin", "dest": f"https://{host}"}


def _with_other_keys() -> dict[str, str]:
    """Tokens that another key or no key signed."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = jwt.decode(token(), options={"verify_signature": False})
    return {
        "alg none": jwt.encode(claims, "", algorithm="none"),
        "alg none, signed": token(header={"alg": "none"}),
        "alg RS256": jwt.encode(claims, private, algorithm="RS256"),
        "alg RS256, signed with the secret": token(header={"alg": "RS256"}),
        "alg HS512": jwt.encode(claims, SECRET * 2, algorithm="HS512"),
        "alg hs256": token(header={"alg": "hs256"}),
        "no alg": _sealed(SECRET, {"typ": "JWT"}, claims),
        "other app's secret": token(STRANGER),
        "secret with a newline": token(SECRET + "\n"),
        "empty secret": token(""),
        "signature cut": token()[:-4],
        "no signature": token().rpartition(".")[0] + ".",
        "unknown critical header": token(header={"crit": ["x"], "x": 1}),
    }


def _as_text() -> dict[str, str]:
    good = token()
    return {
        "empty": "",
        "newline after": good + "\n",
        "space before": " " + good,
        "padding": good + "=",
        "four parts": good + ".e30",
        "letters beyond ASCII": good + "é",
        "claims are a list": _sealed(SECRET, {"alg": "HS256"}, []),
        "claims with a number that is none": token(later=float("inf")),
        "claims in UTF-16": _sealed(SECRET, {"alg": "HS256"}, _claims_of(good).encode("utf-16-le")),
        "claims are no JSON": _sealed(SECRET, {"alg": "HS256"}, "{"),
        "claims twice": _sealed(SECRET, {"alg": "HS256"}, _said_twice(good)),
        "longer than 8 KiB": token(pad="x" * 9000),
    }


def _claims_of(good: str) -> str:
    return json.dumps(jwt.decode(good, options={"verify_signature": False}))


def _said_twice(good: str) -> str:
    """Two dests in one object; readers take the last."""
    return _claims_of(good)[:-1] + f', "dest": "https://{MALLORY}"}}'


def bad_tokens() -> dict[str, str]:
    """Return tokens that nobody should enter with."""
    return {
        "expired": token(exp=NOW - 60),
        "no exp": token(exp=ABSENT),
        "exp is null": token(exp=None),
        "exp is text": token(exp=str(NOW + HOUR)),
        "exp is true": token(exp=True),
        "exp beyond the calendar": token(exp=10**30),
        "nbf in the future": token(nbf=NOW + HOUR),
        "no nbf": token(nbf=ABSENT),
        "nbf is text": token(nbf="now"),
        "nbf is digits in a text": token(nbf=str(NOW - 1)),
        "nbf is true": token(nbf=True),
        "no iat": token(iat=ABSENT),
        "iat is digits in a text": token(iat=str(NOW - 1)),
        "iat is true": token(iat=True),
        "iat in the future": token(iat=NOW + HOUR),
        "aud of another app": token(aud="f" * 32),
        "no aud": token(aud=ABSENT),
        "aud is a list": token(aud=[KEY]),
        "aud is a list of two": token(aud=[KEY, "f" * 32]),
        "aud with a newline": token(aud=KEY + "\n"),
        "iss of another shop": token(iss=f"https://{MALLORY}/admin"),
        "dest of another shop": token(dest=f"https://{MALLORY}"),
        "no iss": token(iss=ABSENT),
        "no dest": token(dest=ABSENT),
        "iss is a number": token(iss=7),
        "dest is a list": token(dest=[f"https://{SHOP}"]),
        "dest with a port": token(**_of_shop(f"{SHOP}:444")),
        "dest with userinfo": token(**_of_shop(f"{MALLORY}@{SHOP}")),
        "dest with a newline": token(iss=f"https://{SHOP}\n/admin", dest=f"https://{SHOP}\n"),
        "dest over plain http": token(iss=f"http://{SHOP}/admin", dest=f"http://{SHOP}"),
        "dest in capitals": token(**_of_shop(SHOP.upper())),
        "dest beyond ASCII": token(**_of_shop("kösmetik.myshopify.com")),
        "dest of a look-alike": token(**_of_shop("a.myshopify.com.example.com")),
        "dest of no shop": token(**_of_shop("shop.example.com")),
        "dest of two labels": token(**_of_shop("a.b.myshopify.com")),
        "dest is no address": token(iss="https://[::1/admin", dest="https://[::1"),
        "no sub": token(sub=ABSENT),
        "sub is a number": token(sub=42),
        "sub is a sentence": token(sub="let me in"),
        "no jti": token(jti=ABSENT),
        "no sid": token(sid=ABSENT),
        **_with_other_keys(),
        **_as_text(),
    }


def good_tokens() -> dict[str, str]:
    """Return tokens that all should let in."""
    return {
        "good": token(),
        "nbf within the leeway": token(nbf=NOW + 5, iat=NOW + 5),
        "signed with the older secret": token(OLD_SECRET),
        "unknown claim": token(later="something new"),
        "no typ": _sealed(SECRET, {"alg": "HS256"}, jwt.decode(token(), options={"verify_signature": False})),
    }


BODY = '{"id": 5550000000001, "name": "Größe 😀"}'
Webhook = dict[str, Any]


def signature(body: str = BODY, secret: str = SECRET) -> str:
    """Return what Shopify writes into the header."""
    return base64.b64encode(_mac(body.encode(), secret)).decode()


def webhook(body: str = BODY, *, prefix: str = "X-Shopify-", **changes: Any) -> Webhook:
    """Return a signed delivery with some headers changed; underscores stand for hyphens."""
    headers = {
        "Topic": "orders/paid",
        "Hmac_Sha256": signature(body),
        "Shop_Domain": SHOP,
        "API_Version": "2026-10",
        "Webhook_Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "Triggered_At": "2026-11-24T10:00:00.123456789Z",
    } | changes
    kept = {prefix + name.replace("_", "-"): value for name, value in headers.items() if value is not ABSENT}
    return {"headers": kept, "body": body}


def bad_webhooks() -> dict[str, Webhook]:
    """Return deliveries that are not to be believed."""
    hexed = hmac.new(SECRET.encode(), BODY.encode(), hashlib.sha256).hexdigest()
    body = next(str(number) for number in range(99) if {"+", "/"} & set(signature(str(number))))
    url_safe = signature(body).replace("+", "-").replace("/", "_")
    return {
        "other app's secret": webhook(Hmac_Sha256=signature(secret=STRANGER)),
        "no signature": webhook(Hmac_Sha256=ABSENT),
        "empty signature": webhook(Hmac_Sha256=""),
        "signature of another body": webhook(Hmac_Sha256=signature("{}")),
        "body changed by a space": webhook(BODY + " ", Hmac_Sha256=signature()),
        "signature cut": webhook(Hmac_Sha256=signature()[:-1]),
        "signature in hex": webhook(Hmac_Sha256=hexed),
        "signature URL-safe": webhook(body, Hmac_Sha256=url_safe),
        "signature twice": webhook(Hmac_Sha256=f"{signature()}, {signature()}"),
        "signature beyond ASCII": webhook(Hmac_Sha256="é" + signature()[1:]),
        "no topic": webhook(Topic=ABSENT),
        "no shop": webhook(Shop_Domain=ABSENT),
        "no webhook id": webhook(Webhook_Id=ABSENT),
        "shop of nobody": webhook(Shop_Domain="shop.example.com"),
        "shop with a path": webhook(Shop_Domain=SHOP + "/../x"),
        "topic beyond ASCII": webhook(Topic="größe"),
        "empty body": webhook(""),
    }


def good_webhooks() -> dict[str, Webhook]:
    """Return deliveries as Shopify makes them."""
    return {
        "good": webhook(),
        "signed with the older secret": webhook(Hmac_Sha256=signature(secret=OLD_SECRET)),
        "header names in small letters": webhook(prefix="x-shopify-"),
    }
