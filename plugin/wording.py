"""What merchants and operators read of an order: one wording for each outcome, reason, field, basis and delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plugin.language import N_
from plugin.recovery.consent import Basis
from plugin.recovery.evidence import Delivery, Stage
from plugin.recovery.outcomes import Outcome, Reason
from plugin.translating import Translated

SWITCH: Final = N_("Offline conversion tracking")

_LABELS: Final[Mapping[Outcome, str]] = {
    Outcome.WAITING: N_("Waiting"),
    Outcome.TRACKED: N_("Tracked by pixel"),
    Outcome.RECOVERED: N_("Recovered"),
    Outcome.WITHHELD: N_("Withheld"),
    Outcome.MISSED: N_("Missed"),
    Outcome.IGNORED: N_("Ignored"),
    Outcome.FAILED: N_("Failed"),
}
LABELS: Final = Translated(_LABELS)


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: `short` for a list, `full` for the order's own page."""

    short: str
    full: str


_WHY: Final[Mapping[Reason, Why]] = {
    Reason.GRACE_PERIOD: Why(
        N_("Waiting for the pixel"),
        N_("The pixel still has time to report this order. It is decided when the grace period is over."),
    ),
    Reason.SENDING: Why(N_("Being sent"), N_("The pixel missed this order. It is next in line to be sent to Meta.")),
    Reason.CONNECTION_BROKEN: Why(
        N_("Meta turns our connection down"),
        N_(
            "The pixel missed this order, and Meta no longer accepts the access token. It is sent once you connect "
            "again."
        ),
    ),
    Reason.META_UNAVAILABLE: Why(
        N_("Meta does not answer"),
        N_("The pixel missed this order, and Meta does not answer. It is sent as soon as it does."),
    ),
    Reason.HELD: Why(
        N_("Needs your word"),
        N_(
            "Meta may have had this order for more than 47 hours, after which it no longer recognises a copy. A "
            "second one might count twice, so nothing is sent unless you say so."
        ),
    ),
    Reason.PIXEL_DELIVERED: Why(
        N_("The pixel reported it"), N_("The pixel reported this order. Nothing more is sent, and no order data was.")
    ),
    Reason.PIXEL_SILENT: Why(
        N_("No word from the pixel"), N_("The pixel missed this order: no word of it came within the grace period.")
    ),
    Reason.PIXEL_BLOCKED: Why(
        N_("Blocked in the browser"),
        N_("The pixel missed this order: its request was stopped in the browser, as ad blockers do it."),
    ),
    Reason.CONSENT_DECLINED: Why(
        N_("Buyer declined"), N_("The buyer declined marketing or analytics, so nothing is sent.")
    ),
    Reason.DATA_SALE_OPT_OUT: Why(
        N_("Buyer opted out of data sale"),
        N_("The buyer opted out of the sale and sharing of their data, so nothing is sent."),
    ),
    Reason.CONSENT_UNKNOWN: Why(
        N_("No record of a choice"),
        N_("No consent of the buyer is on record, and your consent setting does not allow sending without one."),
    ),
    Reason.NO_MATCH_DATA: Why(
        N_("Nothing to match by"), N_("The order holds nothing that Meta could match to a person, so nothing is sent.")
    ),
    Reason.ERASED: Why(N_("Erased on request"), N_("The buyer's data was erased on request, so nothing is sent.")),
    Reason.TRACKING_OFF: Why(
        N_("Tracking was off"),
        N_("The pixel missed this order. Nothing was sent, for offline conversion tracking was off after it came in."),
    ),
    Reason.NOT_CONNECTED: Why(
        N_("Dataset no longer connected"),
        N_("The pixel missed this order. Nothing was sent, for its dataset was disconnected meanwhile."),
    ),
    Reason.TEST_ORDER: Why(N_("Test order"), N_("A test order is no purchase, so it is left out.")),
    Reason.NOT_FROM_CHECKOUT: Why(
        N_("Not from the online checkout"),
        N_(
            "The order was not placed in the online checkout (but in person, as a draft, a renewal or an import), so "
            "the pixel could not have missed it."
        ),
    ),
    Reason.CANCELLED: Why(
        N_("Cancelled"), N_("The order was cancelled, voided or refunded in full, so it is left out.")
    ),
    Reason.NO_DATASET: Why(
        N_("No dataset was connected"), N_("No dataset was connected when the order was placed, so it is left out.")
    ),
    Reason.PAID_LATE: Why(
        N_("Paid after more than 7 days"),
        N_("The order was paid more than 7 days after it was placed. Meta takes nothing that old, so it is left out."),
    ),
    Reason.REJECTED_BY_META: Why(
        N_("Refused by Meta"), N_("The pixel missed this order, and Meta refused it for good when it was sent.")
    ),
    Reason.EXPIRED: Why(
        N_("Too old for Meta"),
        N_("The pixel missed this order, and it could not be sent within the 7 days in which Meta takes it."),
    ),
    Reason.UNCONFIRMED: Why(
        N_("Meta's answer never came"),
        N_("A request with this order may have reached Meta, but its answer never came. Meta may or may not count it."),
    ),
}
WHY: Final = Translated(_WHY)

ROWS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.TEST_ORDER: (1, N_("A test order is left out.")),
    Reason.NOT_FROM_CHECKOUT: (1, N_("An order without an online checkout behind it is left out.")),
    Reason.CANCELLED: (1, N_("A cancelled, voided or fully refunded order is left out.")),
    Reason.NO_DATASET: (1, N_("An order placed while no dataset was connected is left out.")),
    Reason.PAID_LATE: (1, N_("An order paid more than 7 days after it was placed is left out.")),
    Reason.PIXEL_DELIVERED: (2, N_("What the pixel reported is tracked, and nothing more is sent.")),
    Reason.CONSENT_DECLINED: (
        3,
        N_("Where the latest recorded choice declines marketing or analytics, nothing is sent."),
    ),
    Reason.DATA_SALE_OPT_OUT: (
        4,
        N_("Where the sale of data is declined, and limited data use not chosen, nothing is sent."),
    ),
    Reason.GRACE_PERIOD: (5, N_("Until the grace period is over, the pixel may still report the order.")),
    Reason.CONSENT_UNKNOWN: (
        6,
        N_("Without a recorded choice, your consent setting decides; it does not allow sending here."),
    ),
    Reason.NO_MATCH_DATA: (7, N_("An order that holds nothing to match a person by is not sent.")),
    Reason.NOT_CONNECTED: (
        8,
        N_("An order goes only to the dataset under which it was placed; another is connected now."),
    ),
    Reason.TRACKING_OFF: (
        9,
        N_("Where offline conversion tracking was off at any time since the order came in, it is not sent."),
    ),
    Reason.EXPIRED: (
        10,
        N_("6 days and 23 hours after it was placed an order is given up, since Meta takes none older."),
    ),
    Reason.UNCONFIRMED: (10, N_("An order that Meta may or may not have ends without a certain answer.")),
    Reason.CONNECTION_BROKEN: (11, N_("While Meta turns the connection down, the order waits.")),
    Reason.HELD: (12, N_("What Meta may have had for more than 47 hours is not sent unless you say so.")),
    Reason.SENDING: (13, N_("Nothing stands against it, so the order is sent.")),
    Reason.META_UNAVAILABLE: (13, N_("Nothing stands against it, so the order is sent, as soon as Meta takes it.")),
    Reason.PIXEL_SILENT: (13, N_("Nothing stood against it, so the order was sent.")),
    Reason.PIXEL_BLOCKED: (13, N_("Nothing stood against it, so the order was sent.")),
    Reason.REJECTED_BY_META: (13, N_("Nothing stood against it, so the order was sent; Meta refused it for good.")),
}
"""The row of the decision table that holds first, by the reason it leads to. `erased` stands in none."""
NO_ROW: Final = N_("No rule of the table: the buyer's data was erased on request.")
LAST_ROW: Final = 13

_FIELDS: Final[Mapping[str, str]] = {
    "em": N_("Email"),
    "ph": N_("Phone"),
    "fn": N_("First name"),
    "ln": N_("Last name"),
    "ct": N_("City"),
    "st": N_("Region"),
    "zp": N_("Postal code"),
    "country": N_("Country"),
    "external_id": N_("Customer id"),
}
FIELDS: Final = Translated(_FIELDS)
"""Meta's names of what is sent hashed (Meta, "Customer information parameters")."""

_AS_IS: Final[Mapping[str, str]] = {
    "client_ip_address": N_("IP address"),
    "client_user_agent": N_("Browser"),
    "fbp": N_("Meta browser id"),
    "fbc": N_("Meta click id"),
}
AS_IS: Final = Translated(_AS_IS)
"""What is sent as it is, since Meta takes it in no other form (same source)."""

_BASES: Final[Mapping[str, str]] = {
    Basis.RECORDED_CONSENT: N_("The buyer's consent, recorded in the checkout"),
    Basis.RECORDED_CONSENT_LDU: N_("The buyer's consent, recorded in the checkout; sent with limited data use"),
    Basis.STORE_POLICY: N_("Your shop's consent policy for the buyer's region"),
    Basis.STORE_POLICY_LDU: N_("Your shop's consent policy for the buyer's region; sent with limited data use"),
}
BASES: Final = Translated(_BASES)

_DELIVERIES: Final[Mapping[str, str]] = {
    Delivery.PENDING: N_("The pixel began its request; how it ended was not reported."),
    Delivery.SENT: N_("The pixel reported it: its request was sent and answered."),
    Delivery.BLOCKED: N_("The pixel's request was stopped in the browser."),
    Delivery.TIMEOUT: N_("The pixel's request got no answer in time."),
    Delivery.NO_ORDER_ID: N_("The checkout named no order, so the pixel sent nothing."),
    Delivery.SKIPPED: N_("The buyer's choice did not allow the pixel's request."),
}
DELIVERIES: Final = Translated(_DELIVERIES)
NO_DELIVERY: Final = N_("No word of the purchase came from the browser.")
NOTHING_MORE: Final = N_("Nothing came after it: the browser did not say what became of the purchase.")
"""Of a checkout that was seen, and whose purchase was not."""
CHOICES: Final[Mapping[tuple[str, bool], str]] = {
    ("marketing", True): N_("Marketing allowed"),
    ("marketing", False): N_("Marketing declined"),
    ("analytics", True): N_("analytics allowed"),
    ("analytics", False): N_("analytics declined"),
    ("sale_of_data", True): N_("sale of data allowed"),
    ("sale_of_data", False): N_("sale of data declined"),
}
"""What a buyer chose, by purpose, in the order in which it is told; the first begins a sentence."""

_STAGES: Final[Mapping[str, str]] = {
    Stage.CHECKOUT_STARTED: N_("checkout begun"),
    Stage.CONTACT_INFO_SUBMITTED: N_("contact given"),
    Stage.ADDRESS_INFO_SUBMITTED: N_("address given"),
    Stage.SHIPPING_INFO_SUBMITTED: N_("shipping chosen"),
    Stage.PAYMENT_INFO_SUBMITTED: N_("payment given"),
    Stage.CHECKOUT_COMPLETED: N_("checkout completed"),
    Stage.CONSENT_WITHDRAWN: N_("consent withdrawn"),
    Stage.CONSENT_UPDATED: N_("consent changed"),
}
STAGES: Final = Translated(_STAGES)
