"""What merchants and operators read of an order: one wording for each outcome, reason, field, basis and delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Delivery, Stage
from plugin.recovery.outcomes import Outcome, Reason

SWITCH: Final = "Offline conversion tracking"

LABELS: Final[Mapping[Outcome, str]] = {
    Outcome.WAITING: "Waiting",
    Outcome.TRACKED: "Tracked by pixel",
    Outcome.RECOVERED: "Recovered",
    Outcome.WITHHELD: "Withheld",
    Outcome.MISSED: "Missed",
    Outcome.IGNORED: "Ignored",
    Outcome.FAILED: "Failed",
}


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

ROWS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.TEST_ORDER: (1, "A test order is left out."),
    Reason.NOT_FROM_CHECKOUT: (1, "An order without an online checkout behind it is left out."),
    Reason.CANCELLED: (1, "A cancelled, voided or fully refunded order is left out."),
    Reason.NO_DATASET: (1, "An order placed while no dataset was connected is left out."),
    Reason.PAID_LATE: (1, "An order paid more than 7 days after it was placed is left out."),
    Reason.PIXEL_DELIVERED: (2, "What the pixel reported is tracked, and nothing more is sent."),
    Reason.CONSENT_DECLINED: (3, "Where the latest recorded choice declines marketing or analytics, nothing is sent."),
    Reason.DATA_SALE_OPT_OUT: (
        4,
        "Where the sale of data is declined, and limited data use not chosen, nothing is sent.",
    ),
    Reason.GRACE_PERIOD: (5, "Until the grace period is over, the pixel may still report the order."),
    Reason.CONSENT_UNKNOWN: (
        6,
        "Without a recorded choice, your consent setting decides; it does not allow sending here.",
    ),
    Reason.NO_MATCH_DATA: (7, "An order that holds nothing to match a person by is not sent."),
    Reason.NOT_CONNECTED: (8, "An order goes only to the dataset under which it was placed; another is connected now."),
    Reason.TRACKING_OFF: (
        9,
        "Where offline conversion tracking was off at any time since the order came in, it is not sent.",
    ),
    Reason.EXPIRED: (10, "6 days and 23 hours after it was placed an order is given up, since Meta takes none older."),
    Reason.UNCONFIRMED: (10, "An order that Meta may or may not have ends without a certain answer."),
    Reason.CONNECTION_BROKEN: (11, "While Meta turns the connection down, the order waits."),
    Reason.HELD: (12, "What Meta may have had for more than 47 hours is not sent unless you say so."),
    Reason.SENDING: (13, "Nothing stands against it, so the order is sent."),
    Reason.META_UNAVAILABLE: (13, "Nothing stands against it, so the order is sent, as soon as Meta takes it."),
    Reason.PIXEL_SILENT: (13, "Nothing stood against it, so the order was sent."),
    Reason.PIXEL_BLOCKED: (13, "Nothing stood against it, so the order was sent."),
    Reason.REJECTED_BY_META: (13, "Nothing stood against it, so the order was sent; Meta refused it for good."),
}
"""The row of the decision table that holds first, by the reason it leads to. `erased` stands in none."""
NO_ROW: Final = "No rule of the table: the buyer's data was erased on request."
LAST_ROW: Final = 13

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
