"""What the merchant reads: one wording for each outcome, reason, field and notice, all in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plugin.recovery.outcomes import Outcome
from plugin.storage.policy import UNANSWERED
from plugin.storage.shops import OtherPixel
from plugin.wording import AS_IS, BASES, DELIVERIES, FIELDS, LABELS, NO_DELIVERY, STAGES, SWITCH, WHY, Why

__all__ = ["AS_IS", "BASES", "DELIVERIES", "FIELDS", "LABELS", "NO_DELIVERY", "STAGES", "SWITCH", "WHY", "Why"]

SETTINGS: Final = "Facebook integration settings"
WARNING_VERSION: Final = "2026-11"
"""Names the text of the privacy warning (templates/warnings/); a changed text gets a new name."""
WARNINGS: Final = (WARNING_VERSION,)
"""All that were ever shown, the newest first: the switch log shows what somebody confirmed."""

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


BROKEN: Final[Mapping[str, str]] = {
    "token_revoked": "Meta no longer accepts the access token. Generate a new one and connect again.",
    "permission_lost": "The access token may no longer send to this dataset. Generate a new one and connect again.",
    "dataset_unknown": "Meta no longer knows this dataset. Check it in Events Manager and connect again.",
}
BROKEN_LOGIN: Final[Mapping[str, str]] = {
    "token_revoked": "Facebook no longer lets this app in: the permission was taken back. Log in with Facebook again.",
    "token_expired": "The login with Facebook is over, as it was given for a limited time. Log in with Facebook again.",
    "permission_lost": "The login may no longer send to this dataset. Log in with Facebook again, as somebody who "
    "manages it.",
    "dataset_unknown": "Meta no longer finds this dataset for this login. Log in with Facebook again and choose one.",
}
"""The same, where the token came from Facebook's login."""
ENDED: Final[Mapping[str, str]] = {
    "removed_at_facebook": "The app was removed at Facebook, so the connection was closed, offline conversion tracking "
    "turned off, and waiting orders dropped unsent. Connect again to go on.",
}
"""Why a connection was closed by nobody of the shop's staff."""
LOG_IN_AGAIN: Final = "Log in with Facebook again"
PASTE_ANEW: Final = "Connect with a new token"
CHECK_DATASET: Final = "Check the dataset"
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


def broken(cause: str, *, by_login: bool) -> str:
    """Return why Meta turns a connection down, and what to do about it."""
    return (BROKEN_LOGIN if by_login else BROKEN).get(cause, BROKEN_SOMEHOW)


def remedy(cause: str, *, by_login: bool) -> str:
    """Return the words of the one button that leads to where a broken connection is mended."""
    if by_login:
        return LOG_IN_AGAIN
    return CHECK_DATASET if cause == "dataset_unknown" else PASTE_ANEW


def ends(when: str) -> str:
    """Return the warning that a login was given for a limited time."""
    return f"The login with Facebook ends on {when}. Log in again before then, so that nothing has to wait."


HEALTH: Final[Mapping[str, str]] = {
    "degraded": "Reports less",
    "silent": "Silent",
    "paused": "Paused",
    "not_installed": "Not placed",
}
"""How a pixel in trouble does, in a badge's words."""
