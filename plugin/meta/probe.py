"""How a dataset id and an access token are tried before they are kept: by an event that Meta must refuse.

The event is 8 days old, and Meta refuses whatever is older than 7 (facts read in recorded answers of v26.0: HTTP 400,
code 100, subcode 2804003). It gets that far only if token and dataset are good, and nothing is recorded.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from typing import ClassVar

from plugin.language import N_
from plugin.meta.errors import Cause, MetaDisconnected, MetaError, MetaRefused, MetaUnavailable

AGE = timedelta(days=8)
TOO_OLD = (100, 2804003)
DATASET_ID = re.compile(r"[0-9]{5,20}")
TOKEN = re.compile(r"[A-Za-z0-9._|~-]{8,2048}")


class ConnectRefused(Exception):
    """Nothing was connected; the text is for the merchant, and is translated where it is shown."""

    sentence: ClassVar[str] = N_("Nothing was connected.")
    after_login: ClassVar[str] = ""
    """The same, where the token came from Facebook's login and nobody has seen it; empty: no other words are needed."""

    def __init__(self) -> None:
        super().__init__(self.sentence)


class MalformedDataset(ConnectRefused):
    """Found before any call."""

    sentence = N_(
        "A dataset id is a number of 5 to 20 digits, so nothing was connected. "
        "Copy it from Events Manager, where it stands below the dataset's name."
    )


class MalformedToken(ConnectRefused):
    """Found before any call."""

    sentence = N_(
        "This cannot be an access token, so nothing was connected: a token is one long word of Latin letters and "
        "digits. Copy all of it from Events Manager, and nothing else."
    )


class BadToken(ConnectRefused):
    """Meta does not know the token, or no longer."""

    sentence = N_(
        "Meta does not accept this access token, so nothing was connected. In Events Manager, open the dataset's "
        "settings, choose “Generate access token” under Conversions API, and paste the new token here."
    )
    after_login = N_(
        "Facebook has taken the permission back, so nothing was connected. Please log in with Facebook again."
    )


class UnknownDataset(ConnectRefused):
    """Meta has no such dataset, or none that this token can reach."""

    sentence = N_(
        "With this access token Meta finds no dataset of this id, so nothing was connected. Check the id in Events "
        "Manager, and generate the token in the settings of the same dataset."
    )
    after_login = N_(
        "Meta no longer lets this login send to the dataset, so nothing was connected. Choose another, or log in again "
        "and give the app access to it."
    )


class NoPermission(ConnectRefused):
    """The token is good, but not for this."""

    sentence = N_(
        "This access token may not send events to the dataset, so nothing was connected. Generate a token in the "
        "dataset's own settings, or ask whoever manages your business at Meta for access to it."
    )
    after_login = N_(
        "This login may not send events to the dataset, so nothing was connected. Log in again as somebody who manages "
        "the dataset, and allow everything that Facebook asks for."
    )


class MetaAway(ConnectRefused):
    """Meta did not answer, or asked us to come later."""

    sentence = N_("Meta cannot be reached at the moment, so nothing was connected. Please try again in a few minutes.")


class UnexpectedAnswer(ConnectRefused):
    """Meta neither refused the event for its age nor said what is wrong with token or dataset."""

    sentence = N_(
        "Meta answered our check in a way we do not know, so nothing was connected. Please try again later, and tell "
        "our support if it stays like this."
    )


BY_CAUSE: dict[Cause, type[ConnectRefused]] = {
    Cause.TOKEN_REVOKED: BadToken,
    Cause.PERMISSION_LOST: NoPermission,
    Cause.DATASET_UNKNOWN: UnknownDataset,
}
CAUSES: dict[type[ConnectRefused], Cause] = {refused: cause for cause, refused in BY_CAUSE.items()}
"""What a refusal means for a connection that was good before; those that are not here mean nothing for it."""


def check_form(dataset_id: str, token: str) -> None:
    """Raise the ConnectRefused that can be told without a call."""
    if not DATASET_ID.fullmatch(dataset_id):
        raise MalformedDataset
    if not TOKEN.fullmatch(token):
        raise MalformedToken


def stale_event(now: datetime) -> bytes:
    """Return an event of 8 days before ``now``, about nobody: a page view on example.com, without money in it."""
    at = int((now - AGE).timestamp())
    event = {
        "event_name": "PageView",
        "event_time": at,
        "event_id": f"connection-check.{at}",
        "action_source": "website",
        "event_source_url": "https://example.com/",
        "user_data": {
            "em": [hashlib.sha256(b"connection-check@example.com").hexdigest()],
            "client_user_agent": "Connection check",
        },
    }
    return json.dumps(event, separators=(",", ":")).encode()


def refusal(answer: MetaError) -> ConnectRefused | None:
    """Return what an answer to the stale event means for the merchant; None if it is the refusal we want."""
    if isinstance(answer, MetaDisconnected):
        return BY_CAUSE[answer.cause]()
    if isinstance(answer, MetaUnavailable):
        return MetaAway()
    wanted = isinstance(answer, MetaRefused) and (answer.code, answer.subcode) == TOO_OLD
    return None if wanted else UnexpectedAnswer()
