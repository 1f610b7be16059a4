# ruff: noqa: SLF001 - defects reach inside
"""Defects where orders are judged and sent. Each function gets the module, as it was just read, and changes it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

PAUSE = 3.0
"""Seconds from the last check to the request; it must begin within five."""


def slow(module: Any) -> None:
    whole = module._post

    def post(given: Any, what: Any, started: float) -> Any:
        time.sleep(PAUSE)
        return whole(given, what, started)

    module._post = post


def no_refusal(module: Any) -> None:
    module.Evidence.refused = property(lambda _self: False)


def no_delivery(module: Any) -> None:
    module.Evidence.delivered_for = lambda _self, _order_id: False


def no_grace(module: Any) -> None:
    whole = module.decide

    def decide(order: Any, standing: Any, evidence: Any, policy: Any, now: Any) -> Any:
        return whole(order, standing, evidence, replace(policy, grace=timedelta(0)), now)

    module.decide = decide


def no_ignoring(module: Any) -> None:
    module._why_ignored = lambda _order, _standing: None


def no_ldu(module: Any) -> None:
    whole = module.with_browser

    def with_browser(event: Any, browser: Any, *, ldu: bool, ids: bool = True) -> Any:
        return whole(event, browser, ldu=False, ids=ids and not ldu)

    module.with_browser = with_browser


def no_lock(module: Any) -> None:
    @contextmanager
    def nothing(*_: Any) -> Iterator[None]:
        yield

    module.sending = nothing
    module.nothing_in_flight = nothing


def no_turn(module: Any) -> None:
    @contextmanager
    def mine(*_: Any) -> Iterator[bool]:
        yield True

    module.turn = mine


def always_on(module: Any) -> None:
    whole = module.standing

    def standing(entry: Any, shop: Any) -> Any:
        return replace(whole(entry, shop), tracking_on_since_intake=True)

    module.standing = standing


def no_erasing(module: Any) -> None:
    module.erase_waiting = lambda *_: module.SwitchedOff(0, still_out=False)


def keeps_event(module: Any) -> None:
    module._WRITE = module._WRITE.replace("AND switch_count = %(switch_count)s ", "")


def random_id(module: Any) -> None:
    whole = module.purchase_event

    def purchase_event(*given: Any, **named: Any) -> bytes:
        event = json.loads(whole(*given, **named))
        return json.dumps(event | {"event_id": f"purchase.{uuid.uuid4()}"}).encode()

    module.purchase_event = purchase_event


def other_bytes(module: Any) -> None:
    whole = module.ConversionsClient.send

    def send(self: Any, dataset_id: str, token: str, body_events: Any, **named: Any) -> Any:
        changed = [event[:-1] + b',"note":"%d"}' % time.time_ns() for event in body_events]
        return whole(self, dataset_id, token, changed, **named)

    module.ConversionsClient.send = send


def one_dataset(module: Any) -> None:
    whole, first = module.ConversionsClient.send, []

    def send(self: Any, dataset_id: str, token: str, body_events: Any, **named: Any) -> Any:
        if b'"purchase.' in body_events[0]:  # orders, and not the trial of a token
            first.append((dataset_id, token))
            dataset_id, token = first[0]
        return whole(self, dataset_id, token, body_events, **named)

    module.ConversionsClient.send = send


def settled_first(module: Any) -> None:
    whole = module._post

    def post(given: Any, what: Any, started: float) -> Any:
        module._settle(given, what, module.Receipt(len(what.events), "Atoosoon", None))
        return whole(given, what, started)

    module._post = post


def doubt_is_success(module: Any) -> None:
    whole = module._post

    def post(given: Any, what: Any, started: float) -> Any:
        answer = whole(given, what, started)
        doubtful = isinstance(answer, module.MetaUnavailable) and answer.in_doubt
        return module.Receipt(len(what.events), "Amaybe", None) if doubtful else answer

    module._post = post


def no_doubt(module: Any) -> None:
    module._doubtful = module._never_left


def gives_up(module: Any) -> None:
    module.Settling._postponed = lambda self, change, _wait, _why: self._rejected(change)


def no_lease(module: Any) -> None:
    for name in ("_DOUBT", "_FREE"):
        text = getattr(module, name)
        early = text.partition("AND o.lease_until < now()")[0]
        setattr(module, name, early + (" AND a.post_started IS NOT NULL" if name == "_DOUBT" else ""))
