"""How a login at Facebook may end, as the window that it happened in says it: one sentence each.

They are marked for the catalogues, and translated where they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from plugin.language import N_
from plugin.meta.login import Problem
from plugin.storage.logins import Refusal

GONE: Final = N_(
    "This page can be used once, for ten minutes, and that is over. Please close this window and begin again in your "
    "Shopify admin. Nothing was changed."
)
NOT_FROM_HERE: Final = N_("This step can be taken from our own page only. Nothing was changed.")
DONE: Final = N_("Facebook let us in. Close this window, and choose the dataset in your Shopify admin.")
AWAY: Final = N_("The app's database does not answer right now. Nothing was changed; please begin again in a moment.")
NOT_OFFERED: Final = N_("There is no such page here.")
OTHER_BROWSER: Final = N_(
    "This browser did not begin this login, so nothing was connected. Please begin again in your Shopify admin, and "
    "stay in that browser."
)
ENDS: Final[Mapping[str, tuple[str, HTTPStatus]]] = {
    "granted": (DONE, HTTPStatus.OK),
    Problem.DENIED: (
        N_("Facebook was not allowed to let us in, so nothing was connected. You can close this window."),
        HTTPStatus.OK,
    ),
    Problem.CODE_REFUSED: (
        N_("Facebook did not complete the login, so nothing was connected. Please close this window and try again."),
        HTTPStatus.BAD_REQUEST,
    ),
    Problem.META_AWAY: (
        N_(
            "Facebook does not answer right now, so nothing was connected. Please close this window and try again "
            "later."
        ),
        HTTPStatus.BAD_GATEWAY,
    ),
    Problem.NOT_OURS: (
        N_(
            "Facebook calls the new permission invalid, so nothing was connected. Please close this window and try "
            "again."
        ),
        HTTPStatus.BAD_GATEWAY,
    ),
    Refusal.UNKNOWN: (GONE, HTTPStatus.BAD_REQUEST),
    Refusal.EXPIRED: (GONE, HTTPStatus.BAD_REQUEST),
    Refusal.OTHER_BROWSER: (OTHER_BROWSER, HTTPStatus.BAD_REQUEST),
}
"""How a login may end: one word in an address, one sentence on a page."""
