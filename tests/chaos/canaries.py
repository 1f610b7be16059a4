"""Looking for what must be nowhere: buyers' data, tokens and secrets, in the database, in logs, on pages of errors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import quote

import aiohttp
import psycopg
from psycopg.sql import SQL, Identifier

from tests.chaos.places import METRICS, SECRET
from tests.chaos.truth import CITY, CLIENT_IP, FBP, LAST_NAME, MAIL_DOMAIN, PHONE, STREET, USER_AGENT, Truth
from tests.chaos.world import World

WORDS = (LAST_NAME, STREET, CITY, PHONE, CLIENT_IP, USER_AGENT, FBP, MAIL_DOMAIN, "canarytoken", "EAAchaosCanaryToken")
HASHED = (LAST_NAME.lower(), CITY.lower(), PHONE.lstrip("+"), "canarinea", "berlin")
SHAPES = re.compile(rb"shp(?:at|rt)_[0-9a-f]{32}")
"""Shopify's tokens, whichever they are."""
PUBLIC_TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


def needles(world: World) -> dict[bytes, str]:
    """Every word in every form in which it could lie about, with what it is."""
    found: dict[bytes, str] = {}
    for word in (*WORDS, SECRET, METRICS, world.keys[0].partition(":")[2]):
        raw = word.encode()
        forms = {"plain": raw, "reversed": raw[::-1], "quoted": quote(word).encode(), "hex": raw.hex().encode()}
        forms |= {f"base64 {n}": _base64(raw, n) for n in range(3)}
        found |= {form.lower(): f"{word} ({name})" for name, form in forms.items()}
    for word in HASHED:
        digest = hashlib.sha256(word.encode()).hexdigest()
        found |= {digest.encode(): f"sha256 of {word}"}
        found |= {base64.b64encode(bytes.fromhex(digest))[:40].lower(): f"sha256 of {word} (base64)"}
    return found


def _base64(raw: bytes, shift: int) -> bytes:
    """The part of a word's base64 that is the same wherever it stands in a text."""
    whole = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
    return whole[-(-shift * 4 // 3) + (shift > 0) : -1]


async def hits(world: World, truth: Truth) -> list[str]:
    """Look everywhere; return where something was found, never the thing's surroundings."""
    found, words = [], needles(world)
    digests = {hashlib.sha256(order.email.encode()).hexdigest().encode() for order in truth.orders}
    places = {f"table {name}": raw for name, raw in dumped(world)}
    places |= {
        f"log of {file.stem}": file.read_bytes() for file in world.folder.glob("*.log") if file.stem != "sandbox"
    }
    server = world.folder / "server" / "postgres.log"
    places |= {"log of postgres": server.read_bytes() if server.exists() else b""}
    places |= {name: raw async for name, raw in _pages(world)}
    for place, raw in places.items():
        lower = raw.lower()
        found += [f"{place}: {what}" for form, what in words.items() if form in lower]
        found += [f"{place}: a token of Shopify's"] * bool(SHAPES.search(raw))
        seen = set(re.findall(rb"[0-9a-f]{64}", lower)) & digests
        found += [f"{place}: hashed e-mails, {len(seen)}"] * bool(seen)
    return found


def dumped(world: World) -> Iterator[tuple[str, bytes]]:
    """Every table as text, as pg_dump would write it."""
    with psycopg.connect(world.url, autocommit=True) as conn:
        for (name,) in conn.execute(PUBLIC_TABLES).fetchall():
            with conn.cursor().copy(SQL("COPY (SELECT * FROM {}) TO STDOUT").format(Identifier(name))) as rows:
                yield name, b"".join(bytes(row) for row in rows)


async def _pages(world: World) -> AsyncIterator[tuple[str, bytes]]:
    """Pages of errors, asked for with canaries in all that is sent; and the metrics."""
    bad = json.dumps({"id": "no id", "email": f"someone@{MAIL_DOMAIN}", "note": LAST_NAME}).encode()
    post = json.dumps({"v": 1, "key": LAST_NAME * 3, "token": FBP, "stage": STREET, "consent": CITY}).encode()
    asked: tuple[tuple[str, str, bytes, Mapping[str, str]], ...] = (
        ("POST", "/webhooks/orders/paid", bad, signed(bad)),
        ("POST", "/webhooks/orders/paid", bad, {}),
        ("POST", "/webhooks/compliance", bad, signed(bad)),
        ("POST", "/pixel/evidence", post, {"Content-Type": "text/plain"}),
        ("GET", f"/orders/77?id_token={quote(STREET)}", b"", {}),
        ("GET", f"/nowhere/{quote(STREET)}?q={quote(MAIL_DOMAIN)}", b"", {}),
        ("GET", "/", b"", {"Authorization": f"Bearer {LAST_NAME}.{FBP}.x"}),
        ("GET", "/metrics", b"", {"Authorization": f"Bearer {METRICS}"}),
    )
    for n, (method, path, body, headers) in enumerate(asked):
        try:
            async with world.http.request(
                method, f"{world.app}{path}", data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                yield f"answer {n} to {method} {path.partition('?')[0][:24]}", await answer.read()
        except aiohttp.ClientError:
            continue


def signed(body: bytes) -> Mapping[str, str]:
    """The headers of a webhook that Shopify has signed."""
    mark = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    names = {"Hmac-Sha256": mark, "Topic": "orders/paid", "Shop-Domain": "chaos-0.myshopify.com", "Webhook-Id": "w-1"}
    return {f"X-Shopify-{name}": text for name, text in names.items()}
