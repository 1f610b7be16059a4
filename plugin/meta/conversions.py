"""Meta's Conversions API: one POST a batch, events as the bytes that were kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import requests

from plugin.meta.errors import MetaError, MetaUnavailable, error_from, trace_id
from plugin.meta.graph import appsecret_proof
from plugin.meta.outgoing import TIMEOUT, Answer, NoAnswer, NotSent, json_object, post, trusted_base
from plugin.meta.probe import DATASET_ID, UnexpectedAnswer, check_form, refusal, stale_event
from plugin.meta.usage import rest_after

MOST_EVENTS = 1000
"""In one request (Meta, Conversions API, "Using the API")."""
PARTNER_AGENT = "backstop_1_0"
"""Below 23 characters, name_major_minor (Meta, "Dataset quality API"); Meta's reports can be filtered by it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Meta received every event of a batch. It does not say that it matched or counted them.

    ``rest``: how long to wait before the next request, for its limits are near; None: no need to.
    """

    events_received: int
    trace_id: str | None
    rest: timedelta | None = None


class ConversionsClient:
    """The one who talks to ``{base_url}/{dataset}/events``."""

    def __init__(
        self,
        base_url: str,
        session: requests.Session | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        *,
        app_secret: str = "",
    ) -> None:
        """``base_url`` ends in the Graph version; a caller's ``session`` (say, with a proxy) is used as it is.

        ``app_secret``: of our own app at Meta, where there is one; it vouches for the tokens that were made for it.
        """
        self._base_url = trusted_base(base_url)
        self._app_secret = app_secret
        self._session = session
        self._timeout = timeout

    def send(
        self, dataset_id: str, token: str, body_events: Sequence[bytes], *, of_app: bool = False, test_code: str = ""
    ) -> Receipt:
        """Post 1 to 1000 events, each already JSON, as one request; Meta takes all of them or none.

        ``of_app``: the token was made for our app at Facebook's login, so the request proves that it comes from it.
        ``test_code``: the events also show in the dataset's test tool; Meta counts them all the same.

        Raises:
            MetaUnavailable: try the same events later; ``in_doubt`` if Meta may have taken them.
            MetaRefused: Meta will never take this batch; at least one of its events is to blame.
            MetaDisconnected: no event goes through until the merchant connects again.
            ValueError: not a dataset id, or not 1 to 1000 events; nothing was sent.
        """
        if not DATASET_ID.fullmatch(dataset_id) or not 1 <= len(body_events) <= MOST_EVENTS:
            raise ValueError("a batch needs a dataset id of digits and 1 to 1000 events")
        answer = self._post(dataset_id, _envelope(token, body_events, self._app_secret if of_app else "", test_code))
        said = json_object(answer.body) or {}
        received = said.get("events_received")
        if answer.status == HTTPStatus.OK and type(received) is int and received >= len(body_events):
            return Receipt(received, trace_id(said), rest_after(answer.headers))
        raise error_from(answer.status, answer.headers, answer.body)

    def probe(self, dataset_id: str, token: str, now: datetime, *, of_app: bool = False) -> None:
        """Return if Meta takes the token for the dataset; costs one event that Meta refuses for its age.

        Raises:
            ConnectRefused: the subclass says why, in a sentence for the merchant.
        """
        check_form(dataset_id, token)
        try:
            self.send(dataset_id, token, [stale_event(now)], of_app=of_app)
        except MetaError as answer:
            fault = refusal(answer)
        else:
            fault = UnexpectedAnswer()  # an event of 8 days ago was taken: one of two clocks is wrong
        if fault:
            raise fault

    def _post(self, dataset_id: str, body: bytes) -> Answer:
        try:
            return post(f"{self._base_url}/{dataset_id}/events", body, timeout=self._timeout, session=self._session)
        except NotSent as fault:
            raise MetaUnavailable(f"Meta could not be reached ({fault})") from fault
        except NoAnswer as fault:
            raise MetaUnavailable(f"Meta did not answer ({fault})", in_doubt=True) from fault


def _envelope(token: str, body_events: Sequence[bytes], app_secret: str, test_code: str) -> bytes:
    """Join without parsing: what is sent again after doubt must be the same bytes. A token in a URL ends up in logs.

    A proof goes along with tokens of our own app only: beside any other Meta calls it invalid.
    """
    fields = {"partner_agent": PARTNER_AGENT, "access_token": token}
    if app_secret:
        fields["appsecret_proof"] = appsecret_proof(app_secret, token)
    if test_code:
        fields["test_event_code"] = test_code
    rest = json.dumps(fields, separators=(",", ":"))
    return b'{"data":[' + b",".join(body_events) + b"]," + rest[1:].encode()
