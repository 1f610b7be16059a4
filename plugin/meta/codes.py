"""The table of Meta's error codes: what each asks to be done next, and where that is known from."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto
from http import HTTPStatus
from typing import Any


class Step(StrEnum):
    """What to do next."""

    TRY_AGAIN = auto()
    SLOW_DOWN = auto()
    WAIT_A_DAY = auto()
    NEW_TOKEN = auto()
    NEW_PERMISSION = auto()
    OTHER_DATASET = auto()
    GIVE_UP = auto()
    FIND_OUT = auto()
    """A code that this table does not know: halve the batch as if it were refused, but let an order that is refused
    alone try a few more times before it is given up."""


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
    # Same page: capability and permission; the range 200-299 is judged in `step_for`.
    (3, None): Step.NEW_PERMISSION,
    (10, None): Step.NEW_PERMISSION,
    # Same page: no such object, or not visible with this token. Recorded answers: not a bad event.
    (100, 33): Step.OTHER_DATASET,
    # Same page: 100 is an invalid parameter, whatever its subcode.
    (100, None): Step.GIVE_UP,
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
BY_STATUS: Mapping[int, Step] = {
    HTTPStatus.UNAUTHORIZED: Step.NEW_TOKEN,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Step.GIVE_UP,  # half of the batch may pass
    HTTPStatus.TOO_MANY_REQUESTS: Step.SLOW_DOWN,
}
"""Where no code decides."""


def known(code: int | None, subcode: int | None) -> Step | None:
    """Return what the table says of a code and its subcode; None if it has neither."""
    for key in ((code, subcode), (None, subcode), (code, None)):
        if key in TABLE:
            return TABLE[key]
    return Step.NEW_PERMISSION if code in PERMISSION_CODES else None


def step_without_words(status: int) -> Step:
    """Return what to do after an answer without a Graph error in it: whoever wrote it, it says nothing of a token."""
    step = BY_STATUS.get(status, Step.TRY_AGAIN)
    return Step.TRY_AGAIN if step is Step.NEW_TOKEN else step


def step_for(status: int, code: int | None, subcode: int | None, details: Mapping[str, Any]) -> Step:
    """Return what to do after an answer with a Graph error in it; ``details`` is that error."""
    if "appsecret_proof" in str(details.get("message")):  # the app that made the token; comes as 100 and as 1
        return Step.NEW_PERMISSION
    if (step := known(code, subcode)) is not None:
        return step
    if code is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or details.get("is_transient") is True:
        return BY_STATUS.get(status, Step.TRY_AGAIN)
    return BY_STATUS.get(status, Step.NEW_PERMISSION if status == HTTPStatus.FORBIDDEN else Step.FIND_OUT)
