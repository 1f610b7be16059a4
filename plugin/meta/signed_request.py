"""`signed_request`: how Meta tells us that somebody has removed the app, or wants their data deleted.

Source: Meta, "Data deletion callback": two parts of URL-safe base64 without padding, a dot between them; the first is
HMAC-SHA256 over the second *as it is encoded*, keyed with the app's secret; the second is JSON and names its algorithm.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from plugin.meta.graph import id_of, moment_of
from plugin.meta.outgoing import json_object

LONGEST = 8 * 1024
"""Characters; real ones have a few hundred."""
ALGORITHM = "HMAC-SHA256"


class Unreadable(ValueError):
    """It is no signed request at all, or says nothing that can be acted on."""


class NotSigned(ValueError):
    """It was not signed with our app's secret."""


@dataclass(frozen=True, slots=True)
class Told:
    """Whom Meta speaks of, by their app-scoped id, and when it said so (aware; None if it did not say)."""

    user_id: str
    issued_at: datetime | None


def read(text: str, app_secret: str) -> Told:
    """Return what a signed request says.

    Raises:
        Unreadable: anything but the form above.
        NotSigned: the form is right, the signature is not.
    """
    signature, dot, payload = text.partition(".")
    if not dot or not text.isascii() or len(text) > LONGEST:
        raise Unreadable("no signed request")
    given = _decoded(signature)
    wanted = hmac.digest(app_secret.encode(), payload.encode(), hashlib.sha256)
    if not hmac.compare_digest(given, wanted):
        raise NotSigned("the signature does not fit")
    said = json_object(_decoded(payload)) or {}
    if said.get("algorithm") != ALGORITHM:  # signed by us or not: another algorithm was never agreed on
        raise Unreadable("another algorithm")
    user_id = id_of(said.get("user_id"))
    if user_id is None:
        raise Unreadable("no user")
    return Told(user_id, moment_of(said.get("issued_at")))


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("not URL-safe base64") from None
