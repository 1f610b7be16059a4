"""What the merchant reads: one wording for each outcome, reason, field and notice, all in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Delivery, Stage
from plugin.recovery.outcomes import Outcome, Reason
from plugin.storage.policy import UNANSWERED
from plugin.storage.shops import OtherPixel

SWITCH: Final = "Offline conversion tracking"
SETTINGS: Final = "Facebook integration settings"
WARNING_VERSION: Final = "2026-11"
"""Names the text of the privacy warning (templates/_switch.html); a changed text gets a new name."""

LABELS: Final[Mapping[Outcome, str]] = {
    Outcome.WAITING: "Waiting",
    Outcome.TRACKED: "Tracked by pixel",
    Outcome.RECOVERED: "Recovered",
    Outcome.WITHHELD: "Withheld",
    Outcome.MISSED: "Missed",
    Outcome.IGNORED: "Ignored",
    Outcome.FAILED: "Failed",
}
TONES: Final[Mapping[Outcome, str]] = {
    Outcome.WAITING: "neutral",
    Outcome.TRACKED: "info",
    Outcome.RECOVERED: "success",
    Outcome.WITHHELD: "neutral",
    Outcome.MISSED: "warning",
    Outcome.IGNORED: "neutral",
    Outcome.FAILED: "critical",
}
"""Withheld is a correct result and missed a fact: neither is shown as an error."""


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: `short` for a list, `full` for the order's own page."""

    short: str
    full: str


WHY: Final[Mapping[Reason, Why]] = {
    Reason.GRACE_PERIOD: Why(
        "Waiting for the pixel",
        "The pixel still has time to report this order. It is decided when the grace period is over.",
    ),
    Reason.SENDING: Why("Being sent", "The pixel missed this order. It is next in line to be sent to Meta."),
    Reason.CONNECTION_BROKEN: Why(
        "Meta turns our connection down",
        "The pixel missed this order, and Meta no longer accepts the access token. It is sent once you connect again.",
    ),
    Reason.META_UNAVAILABLE: Why(
        "Meta does not answer", "The pixel missed this order, and Meta does not answer. It is sent as soon as it does."
    ),
    Reason.HELD: Why(
        "Needs your word",
        "Meta may have had this order for more than 47 hours, after which it no longer recognises a copy. A second one "
        "might count twice, so nothing is sent unless you say so.",
    ),
    Reason.PIXEL_DELIVERED: Why(
        "The pixel reported it", "The pixel reported this order. Nothing more is sent, and no order data was."
    ),
    Reason.PIXEL_SILENT: Why(
        "No word from the pixel", "The pixel missed this order: no word of it came within the grace period."
    ),
    Reason.PIXEL_BLOCKED: Why(
        "Blocked in the browser",
        "The pixel missed this order: its request was stopped in the browser, as ad blockers do it.",
    ),
    Reason.CONSENT_DECLINED: Why("Buyer declined", "The buyer declined marketing or analytics, so nothing is sent."),
    Reason.DATA_SALE_OPT_OUT: Why(
        "Buyer opted out of data sale",
        "The buyer opted out of the sale and sharing of their data, so nothing is sent.",
    ),
    Reason.CONSENT_UNKNOWN: Why(
        "No record of a choice",
        "No consent of the buyer is on record, and your consent setting does not allow sending without one.",
    ),
    Reason.NO_MATCH_DATA: Why(
        "Nothing to match by", "The order holds nothing that Meta could match to a person, so nothing is sent."
    ),
    Reason.ERASED: Why("Erased on request", "The buyer's data was erased on request, so nothing is sent."),
    Reason.TRACKING_OFF: Why(
        "Tracking was off",
        f"The pixel missed this order. Nothing was sent, for {SWITCH.lower()} was off after it came in.",
    ),
    Reason.NOT_CONNECTED: Why(
        "Dataset no longer connected",
        "The pixel missed this order. Nothing was sent, for its dataset was disconnected meanwhile.",
    ),
    Reason.TEST_ORDER: Why("Test order", "A test order is no purchase, so it is left out."),
    Reason.NOT_FROM_CHECKOUT: Why(
        "Not from the online checkout",
        "The order was not placed in the online checkout (but in person, as a draft, a renewal or an import), so the "
        "pixel could not have missed it.",
    ),
    Reason.CANCELLED: Why("Cancelled", "The order was cancelled, voided or refunded in full, so it is left out."),
    Reason.NO_DATASET: Why(
        "No dataset was connected", "No dataset was connected when the order was placed, so it is left out."
    ),
    Reason.PAID_LATE: Why(
        "Paid after more than 7 days",
        "The order was paid more than 7 days after it was placed. Meta takes nothing that old, so it is left out.",
    ),
    Reason.REJECTED_BY_META: Why(
        "Refused by Meta", "The pixel missed this order, and Meta refused it for good when it was sent."
    ),
    Reason.EXPIRED: Why(
        "Too old for Meta",
        "The pixel missed this order, and it could not be sent within the 7 days in which Meta takes it.",
    ),
    Reason.UNCONFIRMED: Why(
        "Meta's answer never came",
        "A request with this order may have reached Meta, but its answer never came. Meta may or may not count it.",
    ),
}

FIELDS: Final[Mapping[str, str]] = {
    "em": "Email",
    "ph": "Phone",
    "fn": "First name",
    "ln": "Last name",
    "ct": "City",
    "st": "Region",
    "zp": "Postal code",
    "country": "Country",
    "external_id": "Customer id",
}
"""Meta's names of what is sent hashed (Meta, "Customer information parameters")."""

AS_IS: Final[Mapping[str, str]] = {
    "client_ip_address": "IP address",
    "client_user_agent": "Browser",
    "fbp": "Meta browser id",
    "fbc": "Meta click id",
}
"""What is sent as it is, since Meta takes it in no other form (same source)."""

BASES: Final[Mapping[str, str]] = {
    Basis.RECORDED_CONSENT: "The buyer's consent, recorded in the checkout",
    Basis.RECORDED_CONSENT_LDU: "The buyer's consent, recorded in the checkout; sent with limited data use",
    Basis.STORE_POLICY: "Your shop's consent policy for the buyer's region",
    Basis.STORE_POLICY_LDU: "Your shop's consent policy for the buyer's region; sent with limited data use",
}

DELIVERIES: Final[Mapping[str, str]] = {
    Delivery.PENDING: "The pixel began its request; how it ended was not reported.",
    Delivery.SENT: "The pixel reported it: its request was sent and answered.",
    Delivery.BLOCKED: "The pixel's request was stopped in the browser.",
    Delivery.TIMEOUT: "The pixel's request got no answer in time.",
    Delivery.NO_ORDER_ID: "The checkout named no order, so the pixel sent nothing.",
    Delivery.SKIPPED: "The buyer's choice did not allow the pixel's request.",
}
NO_DELIVERY: Final = "No word of the purchase came from the browser."

STAGES: Final[Mapping[str, str]] = {
    Stage.CHECKOUT_STARTED: "checkout begun",
    Stage.CONTACT_INFO_SUBMITTED: "contact given",
    Stage.ADDRESS_INFO_SUBMITTED: "address given",
    Stage.SHIPPING_INFO_SUBMITTED: "shipping chosen",
    Stage.PAYMENT_INFO_SUBMITTED: "payment given",
    Stage.CHECKOUT_COMPLETED: "checkout completed",
    Stage.CONSENT_WITHDRAWN: "consent withdrawn",
    Stage.CONSENT_UPDATED: "consent changed",
}

RESULTS: Final[Mapping[str | None, str]] = {
    None: "Under way.",
    "accepted": "Meta took the request.",
    "refused": "Meta refused the request.",
    "disconnected": "Meta turned the connection down.",
    "in_doubt": "The answer never came.",
    "not_sent": "Meta could not be reached; nothing left.",
    "split": "Meta refused the batch; its orders were sent again in parts.",
}

BROKEN: Final[Mapping[str, str]] = {
    "token_revoked": "Meta no longer accepts the access token. Generate a new one and connect again.",
    "permission_lost": "The access token may no longer send to this dataset. Generate a new one and connect again.",
    "dataset_unknown": "Meta no longer knows this dataset. Check it in Events Manager and connect again.",
}
SCOPES: Final[Mapping[str, str]] = {
    "read_orders": "Without leave to read orders, paid orders do not come in, and nothing can be recovered.",
    "write_pixels": "Without leave to place pixels, the pixel cannot be placed, changed or removed.",
    "read_customer_events": "Without leave to read customer events, the pixel in your shop does not run.",
}
BROKEN_SOMEHOW: Final = "Meta turns the connection down. Please connect again."

OTHER_PIXEL: Final[Mapping[str, str]] = {
    UNANSWERED: "Not answered",
    OtherPixel.NONE: "None",
    OtherPixel.REMOVED: "Removed",
    OtherPixel.RUNNING: "Still running",
}
