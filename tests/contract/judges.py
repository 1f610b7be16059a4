"""Three judges of one token or webhook: our own code, shopifyapp (Python) and @shopify/shopify-api (JavaScript)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shopify_app import ShopifyApp
from shopify_app.types import RequestInput

from plugin.recovery.order import UnreadablePayload, parse_body
from plugin.shopify.auth import IdTokenRefused, verify_id_token
from tests.contract import cases, published
from webhooks.verify import BadSignature, verify

PYTHON = "shopifyapp"
JAVASCRIPT = "@shopify/shopify-api"
SECRETS = [cases.SECRET, cases.OLD_SECRET]
Laxer = dict[str, frozenset[str]]
"""By case, the libraries that take what we refuse."""


def our_word_on_token(token: str) -> bool:
    try:
        verify_id_token(token, api_key=cases.KEY, secrets=SECRETS, now=datetime.now(UTC))
    except IdTokenRefused:
        return False
    return True


def our_word_on_webhook(webhook: cases.Webhook) -> bool:
    """The door, and the reader that every view calls next."""
    try:
        parse_body(verify(webhook["body"].encode(), webhook["headers"], SECRETS).raw)
    except (BadSignature, UnreadablePayload):
        return False
    return True


def _python() -> ShopifyApp:
    return ShopifyApp(client_id=cases.KEY, client_secret=cases.SECRET, old_client_secret=cases.OLD_SECRET)


def python_on_token(token: str) -> bool:
    request = RequestInput(
        method="GET",
        url="https://backstop.example.com/",
        headers={"Authorization": f"Bearer {token}"},
        body="",
    )
    try:
        return bool(_python().verify_app_home_req(request, app_home_patch_id_token_path="/patch").ok)
    except Exception:  # noqa: BLE001 - it fails on some in its own ways; nobody comes in by that
        return False


def python_on_webhook(webhook: cases.Webhook) -> bool:
    request = RequestInput(
        method="POST", url="https://backstop.example.com/", headers=webhook["headers"], body=webhook["body"]
    )
    try:
        return bool(_python().verify_webhook_req(request).ok)
    except TypeError:  # a header beyond ASCII
        return False


def javascript(home: Path, **asked: Any) -> dict[str, dict[str, bool]]:
    answer = published.ask("oracle.mjs", {"key": cases.KEY, "secrets": SECRETS, **asked}, home)
    assert isinstance(answer, dict)
    return answer


def table_of(heading: str) -> Laxer:
    """Read a table of docs/security.md: a case a line, an x in the columns of the libraries that take it."""
    text = (published.ROOT / "docs" / "security.md").read_text().partition(heading)[2].partition("\n##")[0]
    lines = re.findall(r"^\| ([^|]+) \| (x?) ?\| (x?) ?\|$", text, re.MULTILINE)
    return {
        name: frozenset(judge for judge, mark in ((PYTHON, python), (JAVASCRIPT, script)) if mark)
        for name, python, script in lines
    }


def laxer(verdicts: dict[str, dict[str, bool]]) -> Laxer:
    """Return what each library takes of the cases, those left out that none takes."""
    names = {name for taken in verdicts.values() for name in taken}
    found = {name: frozenset(judge for judge, taken in verdicts.items() if taken[name]) for name in names}
    return {name: judges for name, judges in found.items() if judges}
