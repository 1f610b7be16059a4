"""Tokens by the thousand before judges who do not know our code: a reader written from Shopify's and Meta's rules, and
Shopify's own Python library. Ours may never take what one of them refuses, and must take what the rules allow."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from plugin.meta import signed_request
from tests.contract import cases, judges
from tests.fuzz import grammar
from tests.fuzz.proofs import signed_request as signed_by

META_SECRET: Final = "invented-meta-app-secret-0123456789"
LEEWAY: Final = 10
SHOP: Final = re.compile(r"https://[a-z0-9][a-z0-9-]*\.myshopify\.com")
HEADERS: Final[tuple[Any, ...]] = (
    {"alg": "HS256"}, {"alg": "HS256", "typ": "JWT"}, {"alg": "none"}, {"alg": "HS512"}, {"alg": "RS256"},
    {"alg": "hs256"},
    {"alg": ["HS256"]}, {"alg": None}, {}, [], {"alg": "HS256", "crit": ["exp"]}, {"alg": "HS256", "b64": False},
)  # fmt: skip
ANOTHER: Final = "another-app's-secret-0123456789-0123456789"


def id_token(dice: Random) -> str:
    """Return an id token, good or bent somewhere before or after it was signed."""
    claims: Any = json.loads(base64.urlsafe_b64decode(cases.token().split(".")[1] + "=="))
    claims |= {"exp": int(time.time()) + dice.choice((60, 30, 600, -60, 0)), "nbf": int(time.time()) - 5}
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        claims = grammar.bent(dice, claims)
    header = HEADERS[dice.choice((0, 1))] if dice.random() < 0.7 else dice.choice(HEADERS)
    body = _part(json.dumps(header).encode()) + b"." + _part(grammar.encoded(dice, claims))
    secret = cases.SECRET if dice.random() < 0.8 else dice.choice((cases.OLD_SECRET, ANOTHER, ""))
    token = (body + b"." + _part(hmac.digest(secret.encode(), body, hashlib.sha256))).decode()
    return token if dice.random() < 0.85 else grammar.text_bent(dice, token)


def by_the_rules(token: str, now: float, *, strict: bool) -> bool:
    """Judge an id token as Shopify describes it, "Session tokens": signature, times, and that its claims agree.

    `strict`: as Shopify makes them; else `jti` and `sid` may be anything, and `iss` may have another path.
    """
    parts = token.split(".")
    if len(token) > 8192 or len(parts) != 3 or not all(re.fullmatch(r"[\w-]+", part, re.ASCII) for part in parts):
        return False
    body = ".".join(parts[:2]).encode()
    given = _bytes(parts[2])
    fits = any(hmac.compare_digest(given, hmac.digest(s.encode(), body, hashlib.sha256)) for s in judges.SECRETS)
    header, claims = _object(parts[0]), _object(parts[1])
    if not fits or header is None or claims is None or header.get("alg") != "HS256":
        return False
    return "crit" not in header and header.get("b64") is not False and _agree(claims, now, strict=strict)


def _agree(claims: dict[str, Any], now: float, *, strict: bool) -> bool:
    texts = [claims.get(name) for name in ("aud", "iss", "dest", "sub", *(("jti", "sid") if strict else ()))]
    if not all(isinstance(text, str) and text for text in texts) or claims["aud"] != cases.KEY:
        return False
    if not SHOP.fullmatch(claims["dest"]) or not claims["iss"].startswith(claims["dest"]):
        return False
    rest = claims["iss"].removeprefix(claims["dest"])
    if rest and (rest[0] != "/" or (strict and rest != "/admin")):
        return False
    times = [claims.get(name) for name in ("exp", "nbf", "iat")]
    if not all(isinstance(at, int | float) and not isinstance(at, bool) and abs(at) < 6e10 for at in times):
        return False
    is_now = claims["exp"] + LEEWAY > now and max(claims["nbf"], claims["iat"]) <= now + LEEWAY
    return is_now and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", claims["sub"]) is not None


def metas(dice: Random) -> str:
    """Return a signed request, good or bent somewhere."""
    claims: Any = {"user_id": "5550001", "algorithm": "HMAC-SHA256", "issued_at": 1_795_000_000}
    for _ in range(dice.choice((0, 1, 1, 2))):
        claims = grammar.bent(dice, claims)
    text = signed_by(claims, META_SECRET if dice.random() < 0.8 else ANOTHER)
    return text if dice.random() < 0.7 else grammar.text_bent(dice, text)


def metas_by_the_rules(text: str) -> bool:
    """Judge a signed request as Meta describes it, "Data deletion callback"."""
    if text.count(".") != 1 or not re.fullmatch(r"[\w.=-]*", text, re.ASCII):
        return False
    signature, payload = text.split(".")
    fits = hmac.compare_digest(_bytes(signature), hmac.digest(META_SECRET.encode(), payload.encode(), hashlib.sha256))
    said = _object(payload, constants=float)  # Meta's side is read as Python reads: nothing rests on such a number
    user = None if said is None else said.get("user_id")
    named = isinstance(user, int | str) and not isinstance(user, bool) and user != ""
    return fits and named and said is not None and said.get("algorithm") == "HMAC-SHA256"


def judged(seed: int, count: int) -> dict[str, Any]:
    """Put `count` tokens of each kind to all judges; return how many were taken, and every disagreement."""
    dice, counts, faults = Random(seed), Counter[str](), []  # noqa: S311 - the same tokens each time
    for _ in range(count):
        token = id_token(dice)
        now = datetime.now(UTC).timestamp()
        ours = judges.our_word_on_token(token)
        sound = by_the_rules(token, now, strict=not ours) == ours and not (ours and not judges.python_on_token(token))
        counts["id tokens taken" if ours else "id tokens refused"] += 1
        if not sound:
            faults.append(f"id token: ours {ours}: {token[:900]}")
        text = metas(dice)
        taken = _ours_on_metas(text)
        counts["signed requests taken" if taken else "signed requests refused"] += 1
        if taken and not metas_by_the_rules(text):
            faults.append(f"signed request taken: {text[:300]}")
    return {"counts": dict(counts), "faults": faults[:20]}


def _ours_on_metas(text: str) -> bool:
    try:
        signed_request.read(text, META_SECRET)
    except (signed_request.Unreadable, signed_request.NotSigned):
        return False
    return True


def _object(part: str, constants: Callable[[str], float] = int) -> dict[str, Any] | None:
    try:
        found = json.loads(_bytes(part).decode(), parse_constant=constants)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _part(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""
