"""How a login at Facebook may end, as the window that it happened in says it: one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from plugin.meta.login import Problem
from plugin.storage.logins import Refusal

GONE: Final = (
    "This page can be used once, for ten minutes, and that is over. Please close this window and begin again in your "
    "Shopify admin. Nothing was changed."
)
NOT_FROM_HERE: Final = "This step can be taken from our own page only. Nothing was changed."
DONE: Final = "Facebook let us in. Close this window, and choose the dataset in your Shopify admin."
NOT_OFFERED: Final = "There is no such page here."
OTHER_BROWSER: Final = (
    "This browser did not begin this login, so nothing was connected. Please begin again in your Shopify admin, and "
    "stay in that browser."
)
ENDS: Final[Mapping[str, tuple[str, HTTPStatus]]] = {
    "granted": (DONE, HTTPStatus.OK),
    Problem.DENIED: (
        "Facebook was not allowed to let us in, so nothing was connected. You can close this window.",
        HTTPStatus.OK,
    ),
    Problem.CODE_REFUSED: (
        "Facebook did not complete the login, so nothing was connected. Please close this window and try again.",
        HTTPStatus.BAD_REQUEST,
    ),
    Problem.META_AWAY: (
        "Facebook does not answer right now, so nothing was connected. Please close this window and try again later.",
        HTTPStatus.BAD_GATEWAY,
    ),
    Problem.NOT_OURS: (
        "Facebook calls the new permission invalid, so nothing was connected. Please close this window and try again.",
        HTTPStatus.BAD_GATEWAY,
    ),
    Refusal.UNKNOWN: (GONE, HTTPStatus.BAD_REQUEST),
    Refusal.EXPIRED: (GONE, HTTPStatus.BAD_REQUEST),
    Refusal.OTHER_BROWSER: (OTHER_BROWSER, HTTPStatus.BAD_REQUEST),
}
"""How a login may end: one word in an address, one sentence on a page."""
