"""Counters of what happens, for `/metrics`. Nothing is counted until `begin` was called, and never by shop.

Everything of the app may call these functions; each takes a few microseconds at most. Labels come from closed lists.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugin.metrics.meters import Meters

_meters: Meters | None = None


def begin(folder: Path) -> None:
    """Count from now on, in files of this process in `folder`, which all processes of this machine share."""
    global _meters  # noqa: PLW0603 - one process has one set of counters, as it has one log
    from plugin.metrics.meters import Meters  # noqa: PLC0415 - the library costs memory and time: only who counts pays

    if _meters is None:
        _meters = Meters(folder)


def end() -> None:
    """Stop counting."""
    global _meters  # noqa: PLW0603 - see begin
    _meters = None


def webhook(topic: str, result: str, seconds: float) -> None:
    """Count a webhook that was answered after some time."""
    if _meters is not None:
        _meters.webhooks(topic, result)
        _meters.ack(seconds)


def evidence(result: str) -> None:
    """Count a post of the pixel."""
    if _meters is not None:
        _meters.evidence(result)


def refused(door: str) -> None:
    """Count somebody who was turned away for want of a good token or signature."""
    if _meters is not None:
        _meters.refused(door)


def batch(result: str, seconds: float) -> None:
    """Count a request with orders to Meta: how its attempt ended (as the attempt's row says it), after some time."""
    if _meters is not None:
        _meters.batches(result)
        _meters.meta(seconds)


def events(outcome: str, count: int) -> None:
    """Count orders of requests to Meta by what the answer made of them."""
    if _meters is not None and count:
        _meters.events(outcome, by=count)


def reposts(cause: str, count: int) -> None:
    """Count orders that reached Meta once more: `unanswered` (in doubt), or `released` by the merchant's word."""
    if _meters is not None and count:
        _meters.reposts(cause, by=count)


def token_refresh(result: str) -> None:
    """Count a renewal of a shop's Shopify token."""
    if _meters is not None:
        _meters.refreshes(result)


def reconcile_found(count: int) -> None:
    """Count orders that no webhook had told of."""
    if _meters is not None and count:
        _meters.found(by=count)


def crypto_failed() -> None:
    """Count a sealed value or a key that did not open."""
    if _meters is not None:
        _meters.crypto()


def unhandled() -> None:
    """Count a request that ended in an error which nobody foresaw."""
    if _meters is not None:
        _meters.unhandled()
