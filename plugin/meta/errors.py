"""What an answer of Meta's Graph API other than "taken" means, by what is to be done next.

Only numbers decide: titles and messages come in the language of whoever made the token, or empty. The one
exception is the name of a parameter, ``appsecret_proof``, which no language changes.

Doubt. An answer with a Graph error in it was written by Graph after it declined the request, so such a request is
not in doubt, whatever its status. A 4xx without one (a proxy's page, a body cut off) was declined too. In doubt is
what may have been taken without saying so: no answer, 5xx without a Graph error, 3xx, and 2xx that does not say that
every event was received.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, auto
from http import HTTPStatus
from typing import Any

from plugin.meta.outgoing import json_object

A_MINUTE = timedelta(minutes=1)
"""The least wait after throttling when Meta names none."""
A_DAY = timedelta(days=1)
"""The longest wait taken from an answer, and the wait after a policy block (code 368)."""


@dataclass(frozen=True, slots=True)
class Said:
    """Graph code and subcode, and the id by which Meta's support finds the request; None where not given."""

    code: int | None = None
    subcode: int | None = None
    trace_id: str | None = None


class MetaError(Exception):
    """Meta did not take the events. The text names numbers only."""

    def __init__(self, text: str, said: Said | None = None) -> None:
        self.said = said or Said()
        super().__init__(text)

    @property
    def code(self) -> int | None:
        """Graph's error code."""
        return self.said.code

    @property
    def subcode(self) -> int | None:
        """Graph's error subcode."""
        return self.said.subcode

    @property
    def trace_id(self) -> str | None:
        """Meta's name for the request."""
        return self.said.trace_id


class MetaUnavailable(MetaError):
    """Try the same events again later, after ``retry_after`` if it is set; ``in_doubt`` if Meta may have taken them."""

    def __init__(
        self, text: str, said: Said | None = None, *, in_doubt: bool = False, retry_after: timedelta | None = None
    ) -> None:
        self.in_doubt = in_doubt
        self.retry_after = retry_after
        super().__init__(text, said)


class Cause(StrEnum):
    """Why a connection is broken."""

    TOKEN_REVOKED = auto()
    PERMISSION_LOST = auto()
    DATASET_UNKNOWN = auto()


class MetaDisconnected(MetaError):
    """No event goes through until the merchant connects again."""

    def __init__(self, text: str, cause: Cause, said: Said | None = None) -> None:
        self.cause = cause
        super().__init__(text, said)


class MetaRefused(MetaError):
    """Meta read the request and will never take it as it is; one bad event refuses all that came with it."""


class Step(StrEnum):
    """What to do next."""

    TRY_AGAIN = auto()
    SLOW_DOWN = auto()
    WAIT_A_DAY = auto()
    NEW_TOKEN = auto()
    NEW_PERMISSION = auto()
    OTHER_DATASET = auto()
    GIVE_UP = auto()


TABLE: Mapping[tuple[int | None, int | None], Step] = {
    # Meta, Graph API, "Handling errors": 1 unknown, 2 service down: both "possibly temporary".
    (1, None): Step.TRY_AGAIN,
    (2, None): Step.TRY_AGAIN,
    # Recorded answers: the dataset is not ready yet; the text calls it temporary. Seen as code and as subcode.
    (21009, None): Step.TRY_AGAIN,
    (None, 21009): Step.TRY_AGAIN,
    # Meta, Graph API, "Rate limits": app 4, user 17, page 32, custom 613, business use cases 80000 and up; 341 is the
    # app's own limit. Their subcodes (1504022, 1504039, 2446079, 1487742, 5044001) say which, not what to do.
    # Recorded answers: 17 comes with HTTP 500, 4 with HTTP 400 and without is_transient.
    (4, None): Step.SLOW_DOWN,
    (17, None): Step.SLOW_DOWN,
    (32, None): Step.SLOW_DOWN,
    (341, None): Step.SLOW_DOWN,
    (613, None): Step.SLOW_DOWN,
    (80000, None): Step.SLOW_DOWN,
    (80003, None): Step.SLOW_DOWN,
    (80004, None): Step.SLOW_DOWN,
    (80014, None): Step.SLOW_DOWN,
    # Meta, Graph API, "Handling errors": temporarily blocked for policies; asking more often makes it worse.
    (368, None): Step.WAIT_A_DAY,
    # Same page: 102 session, 104 signature, 190 token; subcodes 458 app removed, 459/464 log in at Facebook,
    # 460 password changed, 463 expired, 467 invalid, 492. Recorded answers: 190 comes as 401 without a subcode,
    # expired also without 463, and "could not be decrypted" as 190 with HTTP 500.
    (102, None): Step.NEW_TOKEN,
    (104, None): Step.NEW_TOKEN,
    (190, None): Step.NEW_TOKEN,
    # Same page: capability and permission; the range 200-299 is judged in `_by_code`.
    (3, None): Step.NEW_PERMISSION,
    (10, None): Step.NEW_PERMISSION,
    # Same page: no such object, or not visible with this token. Recorded answers: not a bad event.
    (100, 33): Step.OTHER_DATASET,
    # Recorded answers of the Conversions API: 2804003 older than 7 days, 2804009 no value, 2804036 the whole batch,
    # 2804050 too little to match; the others' texts are not known. Meta publishes no table of them.
    (100, 2804001): Step.GIVE_UP,
    (100, 2804003): Step.GIVE_UP,
    (100, 2804007): Step.GIVE_UP,
    (100, 2804009): Step.GIVE_UP,
    (100, 2804016): Step.GIVE_UP,
    (100, 2804017): Step.GIVE_UP,
    (100, 2804019): Step.GIVE_UP,
    (100, 2804036): Step.GIVE_UP,
    (100, 2804048): Step.GIVE_UP,
    (100, 2804050): Step.GIVE_UP,
}
PERMISSION_CODES = range(200, 300)
CAUSES = {
    Step.NEW_TOKEN: Cause.TOKEN_REVOKED,
    Step.NEW_PERMISSION: Cause.PERMISSION_LOST,
    Step.OTHER_DATASET: Cause.DATASET_UNKNOWN,
}
BY_STATUS: Mapping[int, Step] = {
    HTTPStatus.UNAUTHORIZED: Step.NEW_TOKEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Step.GIVE_UP,  # half of the batch may pass
    HTTPStatus.TOO_MANY_REQUESTS: Step.SLOW_DOWN,
}
"""Where no code decides."""


def error_from(status: int, headers: Mapping[str, str], body: bytes) -> MetaError:
    """Return what an answer that is no receipt means. Never raises, whatever the answer holds."""
    answer = json_object(body) or {}
    details = answer.get("error")
    if isinstance(details, dict):
        said = Said(_number(details.get("code")), _number(details.get("error_subcode")), trace_id(details))
        return _error(_by_code(status, said, details), said, _wait(headers), in_doubt=False)
    declined = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    said = Said(trace_id=trace_id(answer))
    return _error(BY_STATUS.get(status, Step.TRY_AGAIN), said, _wait(headers), in_doubt=not declined)


def trace_id(answer: Mapping[str, Any]) -> str | None:
    """Return an answer's ``fbtrace_id`` if it is fit to be kept and shown."""
    value = answer.get("fbtrace_id")
    return value if isinstance(value, str) and re.fullmatch(r"[\w-]{1,64}", value, re.ASCII) else None


def _by_code(status: int, said: Said, details: Mapping[str, Any]) -> Step:
    if "appsecret_proof" in str(
        details.get("message")
    ):  # a setting of the app that made the token; comes as 100 and as 1
        return Step.NEW_PERMISSION
    for key in ((said.code, said.subcode), (None, said.subcode), (said.code, None)):
        if key in TABLE:
            return TABLE[key]
    if said.code in PERMISSION_CODES:
        return Step.NEW_PERMISSION
    if said.code is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or details.get("is_transient") is True:
        return BY_STATUS.get(status, Step.TRY_AGAIN)
    return BY_STATUS.get(status, Step.NEW_PERMISSION if status == HTTPStatus.FORBIDDEN else Step.GIVE_UP)


def _error(step: Step, said: Said, wait: timedelta | None, *, in_doubt: bool) -> MetaError:
    text = f"Meta did not take the events (code {said.code}, subcode {said.subcode})"
    if step in CAUSES:
        return MetaDisconnected(text, CAUSES[step], said)
    if step is Step.GIVE_UP:
        return MetaRefused(text, said)
    if step is Step.SLOW_DOWN:
        wait = max(wait or A_MINUTE, A_MINUTE)
    if step is Step.WAIT_A_DAY:
        wait = A_DAY
    return MetaUnavailable(text, said, in_doubt=in_doubt, retry_after=wait)


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    """Return the longest wait that an answer's headers ask for, at most a day; None if they ask for none."""
    lower = {name.lower(): value for name, value in headers.items()}
    waits = [
        timedelta(seconds=_count(lower.get("retry-after", ""))),
        # percentages apart, these two carry the time until calls are taken again: minutes, and seconds
        timedelta(minutes=_longest(lower.get("x-business-use-case-usage", ""), "estimated_time_to_regain_access")),
        timedelta(seconds=_longest(lower.get("x-ad-account-usage", ""), "reset_time_duration")),
    ]
    return min(max(waits), A_DAY) or None


def _longest(header: str, name: str) -> int:
    """Return the largest value of that name in a header of JSON: at its top, or in lists one level down."""
    usage = json_object(header.encode(errors="replace")) or {}
    lists = [entries for entries in usage.values() if isinstance(entries, list)]
    found = [usage] + [entry for entries in lists for entry in entries if isinstance(entry, dict)]
    return max(_count(str(entry.get(name))) for entry in found)


def _count(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
