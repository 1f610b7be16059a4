# ruff: noqa: SLF001 - defects reach inside
"""Defects where orders are taken in. Each function gets the module, as it was just read, and changes it."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any


def no_upsert(module: Any) -> None:
    module._RECORD = module._RECORD.partition("ON CONFLICT")[0]


def ack_first(module: Any) -> None:
    whole = module.take

    def take(given: Any, delivery: Any) -> int:
        module.parse_body(delivery.raw)

        def later() -> None:
            with suppress(Exception):
                whole(given, delivery)

        threading.Timer(0.3, later).start()
        return 0

    module.take = take


def wrong_tenant(module: Any) -> None:
    whole = module.record_all

    def record_all(conn: Any, incoming: Any) -> Any:
        mixed = {"chaos-1.myshopify.com": "chaos-0.myshopify.com"}
        return whole(conn, [replace(one, domain=mixed.get(one.domain, one.domain)) for one in incoming])

    module.record_all = record_all


def no_away(module: Any) -> None:
    module.AWAY = ()


def nothing_due(module: Any) -> None:
    module.due = lambda _given: []


def not_kept(module: Any) -> None:
    whole = module.keep

    def keep(database: Any, shop: Any, tokens: Any) -> None:
        with database.transaction() as conn:
            held = module.installs.tokens_of(conn, shop)
        if held is None or held.refresh is None:  # the first ones, from the install
            whole(database, shop, tokens)

    module.keep = keep


def no_bury(module: Any) -> None:
    module.bury = lambda _conn, _shop, _order_ids: None
