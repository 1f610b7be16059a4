"""What an answer of Meta's Graph API other than "taken" means, by what is to be done next.

Only numbers decide: titles and messages come in the language of whoever made the token, or empty. The one
exception is the name of a parameter, ``appsecret_proof``, which no language changes.

Doubt. An answer with a Graph error in it was written by Graph after it declined the request, so such a request is
not in doubt, whatever its status. A 4xx without one (a proxy's page, a body cut off) was declined too. In doubt is
what may have been taken without saying so: no answer, 5xx without a Graph error, 3xx, and 2xx that does not say that
every event was received.

A connection is broken by a Graph error alone. A 401 without one may come from something in between: where Meta turned a
token down it told a code (recorded answers: 190). Should it ever not, orders wait and are tried again, none is lost at
once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, auto
from http import HTTPStatus
from typing import Any

from plugin.meta.blame import blamed
from plugin.meta.codes import Step, step_for, step_without_words
from plugin.meta.outgoing import json_object
from plugin.meta.usage import A_DAY, A_MINUTE, rest_after, wait_named

__all__ = [
    "Cause",
    "MetaDisconnected",
    "MetaError",
    "MetaRefused",
    "MetaUnavailable",
    "Said",
    "error_from",
    "trace_id",
]


@dataclass(frozen=True, slots=True)
class Said:
    """Graph code and subcode, and the id by which Meta's support finds the request; None where not given."""

    code: int | None = None
    subcode: int | None = None
    trace_id: str | None = None
    index: int | None = None
    """The place in the batch, from 0, of the event that the answer names; a hint, no more."""
    rest: timedelta | None = None
    """How long its headers let us rest before the next request, whatever becomes of this one."""

    @property
    def codes(self) -> str | None:
        """Code and subcode as they are kept and shown: `100/2804050`, or `190`; None without a code."""
        if self.code is None:
            return None
        return f"{self.code}/{self.subcode}" if self.subcode else str(self.code)


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
    """Try the same events again later, after ``retry_after`` if it is set; ``in_doubt`` if Meta may have taken them.

    ``answered``: Meta itself said so. ``throttled``: it only asks for less; nothing is wrong with it.
    """

    def __init__(
        self,
        text: str,
        said: Said | None = None,
        *,
        in_doubt: bool = False,
        retry_after: timedelta | None = None,
        throttled: bool = False,
    ) -> None:
        self.in_doubt = in_doubt
        self.retry_after = retry_after
        self.throttled = throttled
        self.answered = said is not None and not in_doubt
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
    """Meta read the request and will never take it as it is; one bad event refuses all that came with it.

    ``sure``: the code is a known one. Else an event that is refused alone is worth a few more tries.
    """

    def __init__(self, text: str, said: Said | None = None, *, sure: bool = True) -> None:
        self.sure = sure
        super().__init__(text, said)


CAUSES = {
    Step.NEW_TOKEN: Cause.TOKEN_REVOKED,
    Step.NEW_PERMISSION: Cause.PERMISSION_LOST,
    Step.OTHER_DATASET: Cause.DATASET_UNKNOWN,
}


def error_from(status: int, headers: Mapping[str, str], body: bytes) -> MetaError:
    """Return what an answer that is no receipt means. Never raises, whatever the answer holds."""
    answer = json_object(body) or {}
    details = answer.get("error")
    rest = rest_after(headers)
    if isinstance(details, dict):
        code, subcode = _number(details.get("code")), _number(details.get("error_subcode"))
        said = Said(code, subcode, trace_id(details), blamed(details), rest)
        return _error(step_for(status, code, subcode, details), said, wait_named(headers), in_doubt=False)
    declined = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    said = Said(trace_id=trace_id(answer), rest=rest)
    return _error(step_without_words(status), said, wait_named(headers), in_doubt=not declined)


def trace_id(answer: Mapping[str, Any]) -> str | None:
    """Return an answer's ``fbtrace_id`` if it is fit to be kept and shown."""
    value = answer.get("fbtrace_id")
    return value if isinstance(value, str) and re.fullmatch(r"[\w-]{1,64}", value, re.ASCII) else None


def _error(step: Step, said: Said, wait: timedelta | None, *, in_doubt: bool) -> MetaError:
    text = f"Meta did not take the events (code {said.code}, subcode {said.subcode})"
    if step in CAUSES:
        return MetaDisconnected(text, CAUSES[step], said)
    if step in {Step.GIVE_UP, Step.FIND_OUT}:
        return MetaRefused(text, said, sure=step is Step.GIVE_UP)
    if step is Step.SLOW_DOWN:
        wait = max(wait or A_MINUTE, A_MINUTE)
    if step is Step.WAIT_A_DAY:
        wait = A_DAY
    throttled = step in {Step.SLOW_DOWN, Step.WAIT_A_DAY}
    return MetaUnavailable(text, said, in_doubt=in_doubt, retry_after=wait, throttled=throttled)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
