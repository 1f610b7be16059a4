"""Knocks at the proxy as Shopify, browsers and people with bad intentions do. Standard library only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.host.shell import sh

NAME = "backstop.example.com"
CERTIFICATE = f"/etc/letsencrypt/live/{NAME}/fullchain.pem"
SHOP = "lantern.myshopify.com"
SECRET = b"client-secret-of-the-app"
BUYER = "81.2.69.160"
"""An address of the public internet, which this machine has on its own loopback alone."""
CONSENT = {"m": True, "a": True, "p": True, "s": True}
_orders = count(int(time.time()) * 1000)


def certificate() -> None:
    """Make a certificate of our own where a real one would lie; let its name lead here."""
    folder = f"/etc/letsencrypt/live/{NAME}"
    sh(f"mkdir -p {folder}; grep -q {NAME} /etc/hosts || echo 127.0.0.1 {NAME} >>/etc/hosts")
    sh(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={NAME} -addext subjectAltName=DNS:{NAME}"
        f" -keyout {folder}/privkey.pem -out {CERTIFICATE} 2>/dev/null"
    )


def ask(
    method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, *, source: str = ""
) -> tuple[int, dict[str, str]]:
    """Send one request through the proxy; return status and headers."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    origin = (source, 0) if source else None
    line = http.client.HTTPSConnection(NAME, timeout=20, context=context, source_address=origin)
    with closing(line):
        line.request(method, path, body, headers or {})
        answer = line.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def order(number: int, size: int = 0) -> bytes:
    """Return a paid order of today; `size`: bytes of a note that makes it long."""
    now = datetime.now(UTC).isoformat()
    body = {
        "id": number,
        "name": f"#{number}",
        "created_at": now,
        "processed_at": now,
        "updated_at": now,
        "checkout_token": f"token-{number}",
        "financial_status": "paid",
        "source_name": "web",
        "email": "zoe@example.com",
        "currency": "EUR",
        "presentment_currency": "EUR",
        "total_price": "10.00",
        "total_price_set": {
            "shop_money": {"amount": "10.00", "currency_code": "EUR"},
            "presentment_money": {"amount": "10.00", "currency_code": "EUR"},
        },
        "test": False,
        "line_items": [],
        "note": "n" * size,
    }
    return json.dumps(body).encode()


def new_order() -> int:
    """Return an id that no order has."""
    return next(_orders)


def webhook(raw: bytes, secret: bytes = SECRET) -> int:
    """Deliver orders/paid."""
    signed = base64.b64encode(hmac.digest(secret, raw, hashlib.sha256)).decode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Hmac-Sha256": signed,
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": f"webhook-{time.monotonic_ns()}",
        "X-Shopify-Triggered-At": datetime.now(UTC).isoformat(),
    }
    return ask("POST", "/webhooks/orders/paid", raw, headers)[0]


def post(key: str, token: str, *, padding: int = 0, headers: dict[str, str] | None = None) -> int:
    """Post evidence of a checkout that began, from the buyer's address."""
    now = datetime.now(UTC).isoformat()
    body: dict[str, Any] = {"v": 1, "key": key, "stage": "checkout_started", "token": token, "order": None, "eid": None}
    body |= {"ts": now, "consent": CONSENT, "tr": None, "url": None, "fbp": None, "fbc": None, "x": "x" * padding}
    given = {"Content-Type": "text/plain", "User-Agent": "Mozilla/5.0 (example)"} | (headers or {})
    return ask("POST", "/pixel/evidence", json.dumps(body).encode(), given, source=BUYER)[0]


def flood(most: int) -> set[int]:
    """Post nothing of sense from one address over one connection, until it is turned away; return all answers."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    answers: set[int] = set()
    with closing(http.client.HTTPSConnection(NAME, timeout=20, context=context, source_address=(BUYER, 0))) as line:
        for _ in range(most):
            line.request("POST", "/pixel/evidence", b"{}", {"Content-Type": "text/plain"})
            with line.getresponse() as answer:
                answer.read()
                answers.add(answer.status)
            if http.HTTPStatus.TOO_MANY_REQUESTS in answers:
                break
    return answers


def plain(path: str, host: str = NAME) -> tuple[int, str]:
    """Ask by http; return status and where it leads. 0: no answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", 80, timeout=10)) as line:
        try:
            line.request("POST", path, b"{}", {"Host": host})
            answer = line.getresponse()
        except (http.client.HTTPException, OSError):
            return 0, ""
        return answer.status, answer.getheader("Location", "")


def stranger() -> bool:
    """Whether another name gets as far as a TLS connection."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    try:
        with (
            socket.create_connection(("127.0.0.1", 443), 10) as line,
            context.wrap_socket(line, server_hostname="x.test"),
        ):
            return True
    except OSError:
        return False


def slow_body(seconds: float) -> tuple[float, int]:
    """Promise a body, send a byte, fall silent; return after how many seconds the proxy cut it, and how many of the
    app's connections to the proxy were in use meanwhile."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    head = f"POST /webhooks/orders/paid HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 5000\r\n\r\n{{"
    with (
        socket.create_connection(("127.0.0.1", 443), 10) as bare,
        context.wrap_socket(bare, server_hostname=NAME) as line,
    ):
        began = time.monotonic()
        line.sendall(head.encode())
        time.sleep(1)
        held = requests_of_the_app()
        line.settimeout(seconds)
        while line.recv(4096):
            pass
        return time.monotonic() - began, held


def slow_bodies(most: int) -> tuple[int, int, float]:
    """Let this many bodies begin, from several addresses, and fall silent; deliver a webhook meanwhile.

    Return how many of the bodies the proxy waits for, the webhook's status, and its seconds.
    """
    context = ssl.create_default_context(cafile=CERTIFICATE)
    head = f"POST /webhooks/orders/paid HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 5000\r\n\r\n{{".encode()
    with ExitStack() as open_ones:
        lines = []
        for n in range(most):
            bare = socket.create_connection(("127.0.0.1", 443), 10, (f"127.0.1.{1 + n // 90}", 0))
            lines.append(open_ones.enter_context(context.wrap_socket(bare, server_hostname=NAME)))
            lines[-1].sendall(head)
        began = time.monotonic()
        status = webhook(order(new_order()))
        took = time.monotonic() - began
        return sum(map(_is_waited_for, lines)), status, took


def _is_waited_for(line: ssl.SSLSocket) -> bool:
    """Whether the proxy has neither answered nor hung up."""
    line.setblocking(False)
    try:
        line.recv(1)
    except ssl.SSLWantReadError:
        return True
    except OSError:
        pass
    return False


def requests_of_the_app() -> int:
    """How many connections hold bytes that a web service has not read; the others are idle ones that nginx keeps."""
    return int(sh("ss -Htn state established '( sport = :8001 or sport = :8002 )' | awk '$1 > 0' | wc -l"))
