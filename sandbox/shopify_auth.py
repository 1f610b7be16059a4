"""TEST USE ONLY: how Shopify proves who is asking: id tokens, the query of an embedded page, and the token endpoint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from jwt.types import Options

from sandbox.faults import Fault
from sandbox.history import hang_up
from sandbox.shops import Shop
from sandbox.tokens import ACCESS_LIFE, Pair, answer
from sandbox.world import asked, shop_named, world

blueprint = Blueprint("shopify_auth", __name__, url_prefix="/admin")

ID_TOKEN_LIFE = 60
"""Seconds."""
SHORT_LIFE = 90
"""Seconds that an access token lives while ``tokens_short`` is on; an app that renews a minute early has 30."""
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"


class Refused(Exception):
    """The token endpoint refuses: the OAuth error word, and the HTTP status."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@blueprint.post("/<domain>/id-token")
def mint_id_token(domain: str) -> ResponseReturnValue:
    """Mint what App Bridge would hand to the app: ``{"id_token", "query"}``.

    ``{"sub": "42"}`` names the staff user. ``"real_time": true`` dates the token by the real clock, for readers
    that know no other. ``query`` is the query string with which the admin loads the app's page.
    """
    shop, wish = shop_named(domain), asked()
    if not shop.installed:
        return jsonify(error="the app is not installed in this shop"), 409
    token = id_token(shop, str(wish.get("sub", "42")), real_time=bool(wish.get("real_time")))
    return jsonify(id_token=token, query=page_query(shop, token, str(wish.get("locale", "en"))))


def now_for(*, real_time: bool) -> int:
    """Unix seconds, by the sandbox's clock or the real one."""
    return int(time.time() if real_time else world().clock.now().timestamp())


def id_token(shop: Shop, user: str, *, real_time: bool) -> str:
    """A JWT as App Bridge gives it: HS256 with the client secret, good for a minute (session tokens)."""
    now, options = now_for(real_time=real_time), world().options
    claims = {
        "iss": f"https://{shop.domain}/admin",
        "dest": f"https://{shop.domain}",
        "aud": options.api_key,
        "sub": user,
        "exp": now + ID_TOKEN_LIFE,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "sid": hashlib.sha256(f"{shop.domain} {user}".encode()).hexdigest(),
    }
    if real_time:
        shop.real_time_tokens.add(str(claims["jti"]))
    return jwt.encode(claims, options.signing_secret, algorithm="HS256")


def page_query(shop: Shop, token: str, locale: str) -> str:
    """The query string of an embedded document load, with Shopify's own hmac over it."""
    host = base64.urlsafe_b64encode(f"admin.shopify.com/store/{shop.domain.partition('.')[0]}".encode()).decode()
    fields = {
        "embedded": "1",
        "host": host.rstrip("="),
        "id_token": token,
        "locale": locale,
        "session": hashlib.sha256(token.encode()).hexdigest(),
        "shop": shop.domain,
        "timestamp": str(now_for(real_time=False)),
    }
    message = "&".join(f"{key}={fields[key]}" for key in sorted(fields))
    proof = hmac.new(world().options.signing_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return urlencode(fields | {"hmac": proof})


@blueprint.post("/<domain>/oauth/access_token")
def access_token(domain: str) -> ResponseReturnValue:
    """Shopify's token endpoint: token exchange and refresh, JSON or form."""
    faults, shop = world().faults, shop_named(domain)
    if faults.hit(Fault.TOKEN_500, shop=domain) is not None:
        return jsonify(errors="Internal Server Error"), 500
    fields = asked() if request.is_json else request.form.to_dict()
    try:
        with world().lock:
            pair = grant(shop, fields)
    except Refused as refused:
        return jsonify(error=refused.error, error_description="TEST USE ONLY: refused"), refused.status
    if faults.hit(Fault.TOKEN_LOST, shop=domain) is not None:
        return hang_up()
    return jsonify(answer(pair, shop.scopes))


def grant(shop: Shop, fields: Mapping[str, Any]) -> Pair:
    """Judge one request to the token endpoint. Raises Refused."""
    options = world().options
    if fields.get("client_id") != options.api_key or fields.get("client_secret") not in options.api_secrets:
        raise Refused("invalid_client", 401)
    ways: dict[str, Callable[[Shop, Mapping[str, Any]], Pair]] = {EXCHANGE: exchange, "refresh_token": refresh}
    way = ways.get(str(fields.get("grant_type")))
    if way is None:
        raise Refused("unsupported_grant_type")
    return way(shop, fields)


def exchange(shop: Shop, fields: Mapping[str, Any]) -> Pair:
    """Take an id token for a pair of tokens; only expiring offline tokens are given to apps of 2026."""
    if fields.get("requested_token_type") != OFFLINE or fields.get("subject_token_type") != ID_TOKEN:
        raise Refused("invalid_request")
    if str(fields.get("expiring")) != "1":
        raise Refused("invalid_request")
    check_id_token(shop, str(fields.get("subject_token", "")))
    return shop.tokens.exchange(world().clock.now(), life(shop))


def refresh(shop: Shop, fields: Mapping[str, Any]) -> Pair:
    """Take a refresh token for a new pair."""
    pair = shop.tokens.refresh(str(fields.get("refresh_token", "")), world().clock.now(), life(shop))
    if pair is None:
        raise Refused("invalid_grant")
    return pair


def life(shop: Shop) -> timedelta:
    """How long an access token lives that is minted now."""
    short = world().faults.peek(Fault.TOKENS_SHORT, shop=shop.domain)
    return ACCESS_LIFE if short is None else timedelta(seconds=float(short.get("seconds", SHORT_LIFE)))


def check_id_token(shop: Shop, token: str) -> None:
    """Check signature, audience, shop, installation and time. Raises Refused."""
    options = world().options
    loose: Options = {
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
    }  # by the sandbox's clock instead, below
    try:
        claims = jwt.decode(
            token, options.signing_secret, algorithms=["HS256"], audience=options.api_key, options=loose
        )
    except jwt.PyJWTError as cause:
        raise Refused("invalid_subject_token") from cause
    now = now_for(real_time=claims.get("jti") in shop.real_time_tokens)
    in_time = claims.get("nbf", now) <= now < claims.get("exp", 0)
    if not (in_time and claims.get("dest") == f"https://{shop.domain}" and shop.installed):
        raise Refused("invalid_subject_token")
