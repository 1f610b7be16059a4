"""What the merchant reads: one wording for each outcome, reason, field and notice, all in one place.

In the reader's language: tables translate when they are looked up, and so do the names of `_ALONE`. Where one of those
is imported by name it is English, as outside any request, and is given to `_` where it is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plugin import wording
from plugin.language import N_, _
from plugin.recovery.outcomes import Outcome
from plugin.storage.policy import UNANSWERED
from plugin.storage.shops import OtherPixel
from plugin.translating import Translated
from plugin.wording import AS_IS, BASES, DELIVERIES, FIELDS, LABELS, STAGES, WHY, Why

__all__ = ["AS_IS", "BASES", "DELIVERIES", "FIELDS", "LABELS", "STAGES", "WHY", "Why"]

_ALONE: Final[Mapping[str, str]] = {
    "SWITCH": wording.SWITCH,
    "NO_DELIVERY": wording.NO_DELIVERY,
    "SETTINGS": N_("Facebook integration settings"),
    "LOG_IN_AGAIN": N_("Log in with Facebook again"),
}
"""Texts that stand in no table."""
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
_BROKEN: Final[Mapping[str, str]] = {
    "token_revoked": N_("Meta no longer accepts the access token. Generate a new one and connect again."),
    "permission_lost": N_("The access token may no longer send to this dataset. Generate a new one and connect again."),
    "dataset_unknown": N_("Meta no longer knows this dataset. Check it in Events Manager and connect again."),
}
BROKEN: Final = Translated(_BROKEN)
_BROKEN_LOGIN: Final[Mapping[str, str]] = {
    "token_revoked": N_(
        "Facebook no longer lets this app in: the permission was taken back. Log in with Facebook again."
    ),
    "token_expired": N_(
        "The login with Facebook is over, as it was given for a limited time. Log in with Facebook again."
    ),
    "permission_lost": N_(
        "The login may no longer send to this dataset. Log in with Facebook again, as somebody who manages it."
    ),
    "dataset_unknown": N_(
        "Meta no longer finds this dataset for this login. Log in with Facebook again and choose one."
    ),
}
BROKEN_LOGIN: Final = Translated(_BROKEN_LOGIN)
"""The same, where the token came from Facebook's login."""
_ENDED: Final[Mapping[str, str]] = {
    "removed_at_facebook": N_(
        "The app was removed at Facebook, so the connection was closed, offline conversion tracking "
        "turned off, and waiting orders dropped unsent. Connect again to go on."
    ),
}
ENDED: Final = Translated(_ENDED)
"""Why a connection was closed by nobody of the shop's staff."""
_SCOPES: Final[Mapping[str, str]] = {
    "read_orders": N_("Without leave to read orders, paid orders do not come in, and nothing can be recovered."),
    "write_pixels": N_("Without leave to place pixels, the pixel cannot be placed, changed or removed."),
    "read_customer_events": N_("Without leave to read customer events, the pixel in your shop does not run."),
}
SCOPES: Final = Translated(_SCOPES)
BROKEN_SOMEHOW: Final = N_("Meta turns the connection down. Please connect again.")

_OTHER_PIXEL: Final[Mapping[str, str]] = {
    UNANSWERED: N_("Not answered"),
    OtherPixel.NONE: N_("None"),
    OtherPixel.REMOVED: N_("Removed"),
    OtherPixel.RUNNING: N_("Still running"),
}
OTHER_PIXEL: Final = Translated(_OTHER_PIXEL)
_HEALTH: Final[Mapping[str, str]] = {
    "degraded": N_("Reports less"),
    "silent": N_("Silent"),
    "paused": N_("Paused"),
    "not_installed": N_("Not placed"),
}
HEALTH: Final = Translated(_HEALTH)
"""How a pixel in trouble does, in a badge's words."""


def __getattr__(name: str) -> str:
    """Return a text of `_ALONE` in the reader's language."""
    if name not in _ALONE:
        raise AttributeError(name)
    return _(_ALONE[name])


def broken(cause: str, *, by_login: bool) -> str:
    """Return why Meta turns a connection down, and what to do about it."""
    return (BROKEN_LOGIN if by_login else BROKEN).get(cause) or _(BROKEN_SOMEHOW)


def remedy(cause: str, *, by_login: bool) -> str:
    """Return the words of the one button that leads to where a broken connection is mended."""
    if by_login:
        return _("Log in with Facebook again")
    return _("Check the dataset") if cause == "dataset_unknown" else _("Connect with a new token")


def ends(when: str) -> str:
    """Return the warning that a login was given for a limited time."""
    return _(
        "The login with Facebook ends on %(time)s. Log in again before then, so that nothing has to wait.", time=when
    )
