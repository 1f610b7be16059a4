"""The closed lists: what can become of a paid order, and why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Outcome(StrEnum):
    """What became of a paid order."""

    WAITING = "waiting"
    TRACKED = "tracked"
    RECOVERED = "recovered"
    WITHHELD = "withheld"
    MISSED = "missed"
    IGNORED = "ignored"
    FAILED = "failed"


class Reason(StrEnum):
    """Why; each belongs to one outcome."""

    GRACE_PERIOD = "grace_period"
    SENDING = "sending"
    CONNECTION_BROKEN = "connection_broken"
    META_UNAVAILABLE = "meta_unavailable"
    HELD = "held"
    PIXEL_DELIVERED = "pixel_delivered"
    PIXEL_SILENT = "pixel_silent"
    PIXEL_BLOCKED = "pixel_blocked"
    CONSENT_DECLINED = "consent_declined"
    DATA_SALE_OPT_OUT = "data_sale_opt_out"
    CONSENT_UNKNOWN = "consent_unknown"
    NO_MATCH_DATA = "no_match_data"
    ERASED = "erased"
    TRACKING_OFF = "tracking_off"
    NOT_CONNECTED = "not_connected"
    TEST_ORDER = "test_order"
    NOT_FROM_CHECKOUT = "not_from_checkout"
    CANCELLED = "cancelled"
    NO_DATASET = "no_dataset"
    PAID_LATE = "paid_late"
    REJECTED_BY_META = "rejected_by_meta"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"


REASONS: Final[Mapping[Outcome, frozenset[Reason]]] = MappingProxyType(
    {
        Outcome.WAITING: frozenset(
            {
                Reason.GRACE_PERIOD,
                Reason.SENDING,
                Reason.CONNECTION_BROKEN,
                Reason.META_UNAVAILABLE,
                Reason.HELD,
            }
        ),
        Outcome.TRACKED: frozenset({Reason.PIXEL_DELIVERED}),
        Outcome.RECOVERED: frozenset({Reason.PIXEL_SILENT, Reason.PIXEL_BLOCKED}),
        Outcome.WITHHELD: frozenset(
            {
                Reason.CONSENT_DECLINED,
                Reason.DATA_SALE_OPT_OUT,
                Reason.CONSENT_UNKNOWN,
                Reason.NO_MATCH_DATA,
                Reason.ERASED,
            }
        ),
        Outcome.MISSED: frozenset({Reason.TRACKING_OFF, Reason.NOT_CONNECTED}),
        Outcome.IGNORED: frozenset(
            {
                Reason.TEST_ORDER,
                Reason.NOT_FROM_CHECKOUT,
                Reason.CANCELLED,
                Reason.NO_DATASET,
                Reason.PAID_LATE,
            }
        ),
        Outcome.FAILED: frozenset({Reason.REJECTED_BY_META, Reason.EXPIRED, Reason.UNCONFIRMED}),
    }
)
"""Which reasons an outcome may have; no reason stands under two outcomes."""
