"""Facebook Login for Business: the dialog's address, what came of it, and which datasets there are to choose from."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from urllib.parse import urlencode

from plugin.meta.errors import MetaDisconnected, MetaError, MetaUnavailable
from plugin.meta.graph import GraphClient, id_of, text_of
from plugin.meta.probe import DATASET_ID

CALLBACK = "/meta/callback"
EDGES = ("owned_pixels", "client_pixels")
FIELDS = "id,name,last_fired_time,is_unavailable"
PAGE = 100
MOST_PAGES = 5
"""Of each edge: a thousand datasets of a business in all."""
MOST_BUSINESSES = 10
WITHIN = 20.0
"""Seconds for all pages together."""


class Problem(StrEnum):
    """Why a login ended without a token. Kept with it, and said on the settings page."""

    DENIED = auto()
    CODE_REFUSED = auto()
    META_AWAY = auto()
    NOT_OURS = auto()
    """Meta calls the new token invalid, or made for another app."""


@dataclass(frozen=True, slots=True)
class App:
    """Our app at Meta, as its dialog names it."""

    dialog_url: str
    app_id: str
    config_id: str
    url: str
    """Our own address."""

    @property
    def redirect_uri(self) -> str:
        """Where the dialog leads back to; the exchange names the same."""
        return self.url + CALLBACK

    def dialog(self, state: str) -> str:
        """Return the dialog's address. Permissions stand in the configuration, so no scope is named.

        Source: Meta, "Facebook Login for Business"; the override is for configurations of system-user tokens.
        """
        query = {
            "client_id": self.app_id,
            "redirect_uri": self.redirect_uri,
            "state": state,
            "config_id": self.config_id,
            "response_type": "code",
            "override_default_response_type": "true",
        }
        return f"{self.dialog_url}?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that a login reaches; `last_fired`: when it last had an event, if ever."""

    id: str
    name: str | None
    last_fired: datetime | None
    is_unavailable: bool

    def matches(self, wanted: str) -> bool:
        """Whether its name or id holds a text, in capitals or not."""
        return wanted.casefold() in f"{self.id} {self.name or ''}".casefold()


@dataclass(frozen=True, slots=True)
class Business:
    """A business that a login's token reaches, and its datasets, by name; `is_cut`: there are more than these."""

    id: str
    name: str | None
    datasets: tuple[Dataset, ...]
    is_cut: bool


def user_hash(app_secret: str, user_id: str) -> bytes:
    """Return 32 bytes that stand for somebody's app-scoped id, and tell nothing without the app's secret."""
    return hmac.digest(app_secret.encode(), f"meta-user|{user_id}".encode(), hashlib.sha256)


def business_of(graph: GraphClient, token: str) -> str | None:
    """Return the id of the business that a token belongs to, if it belongs to one.

    Raises:
        MetaError: see `GraphClient.get`.
    """
    return id_of(graph.get("me", token, fields="client_business_id").get("client_business_id"))


def businesses_of(graph: GraphClient, token: str, business: str | None) -> tuple[Business, ...]:
    """List the datasets of the business that a token belongs to; of a person's token, those of their businesses.

    Raises:
        MetaError: see `GraphClient.get`; what of all these lists is denied is left out, unless all are.
    """
    until = time.monotonic() + WITHIN
    if business is not None:
        return (_business(graph, token, (business, _name(graph, token, business)), until),)
    said = graph.get("me/businesses", token, fields="id,name", limit=str(MOST_BUSINESSES))
    named = [(id_of(entry.get("id")), text_of(entry, "name")) for entry in _entries(said)]
    known = [(found, name) for found, name in named if found is not None]
    listed = tuple(_allowed(graph, token, known[:MOST_BUSINESSES], until))
    if _next(said) is None and len(known) <= MOST_BUSINESSES:
        return listed
    return tuple(replace(business, is_cut=True) for business in listed)


def _allowed(
    graph: GraphClient, token: str, known: Sequence[tuple[str, str | None]], until: float
) -> Iterator[Business]:
    """Yield the businesses that let us see their datasets; raise the last denial if none does."""
    denied: list[MetaDisconnected] = []
    for named in known:
        try:
            yield _business(graph, token, named, until)
        except MetaDisconnected as fault:
            denied.append(fault)
    if denied and len(denied) == len(known):
        raise denied[-1]


def _business(graph: GraphClient, token: str, named: tuple[str, str | None], until: float) -> Business:
    found: dict[str, Dataset] = {}
    cut = False
    denied: list[MetaDisconnected] = []
    for edge in EDGES:
        try:
            for dataset, more in _pages(graph, token, f"{named[0]}/{edge}", until):
                found.setdefault(dataset.id, dataset)
                cut = more or cut
        except MetaDisconnected as fault:
            denied.append(fault)
    if len(denied) == len(EDGES):
        raise denied[0]
    listed = sorted(found.values(), key=lambda dataset: ((dataset.name or "").casefold(), dataset.id))
    return Business(*named, tuple(listed), is_cut=cut)


def dataset_of(graph: GraphClient, token: str, dataset_id: str) -> Dataset | None:
    """Read one dataset; None if the token does not reach it, or Meta does not say.

    What reading finds decides nothing: whether events can be sent is for the probe to find out.
    """
    try:
        return _dataset(graph.get(dataset_id, token, fields=FIELDS))
    except MetaError:
        return None


def _pages(graph: GraphClient, token: str, path: str, until: float) -> Iterator[tuple[Dataset, bool]]:
    """Yield each dataset of an edge, with whether the list is cut after it. Meta's own address of a next page holds
    the token and could lead anywhere: only its mark is taken from it.
    """
    after: dict[str, str] = {}
    for page in range(MOST_PAGES):
        if time.monotonic() > until:
            raise MetaUnavailable("Meta takes too long to list datasets")
        said = graph.get(path, token, fields=FIELDS, limit=str(PAGE), **after)
        mark = _next(said)
        for dataset in map(_dataset, _entries(said)):
            if dataset is not None:
                yield dataset, mark is not None and page == MOST_PAGES - 1
        if mark is None:
            return
        after = {"after": mark}


def _entries(said: dict[str, Any]) -> list[dict[str, Any]]:
    listed = said.get("data")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _next(said: dict[str, Any]) -> str | None:
    paging = said.get("paging")
    if not isinstance(paging, dict) or not paging.get("next") or not isinstance(paging.get("cursors"), dict):
        return None
    mark = paging["cursors"].get("after")
    return mark if isinstance(mark, str) and mark else None


def _dataset(said: dict[str, Any]) -> Dataset | None:
    dataset_id = id_of(said.get("id"))
    if dataset_id is None or not DATASET_ID.fullmatch(dataset_id):
        return None
    return Dataset(dataset_id, text_of(said, "name"), _time(said), said.get("is_unavailable") is True)


def _time(said: dict[str, Any]) -> datetime | None:
    """Read Graph's way of writing a time: 2026-11-20T08:30:00+0000."""
    try:
        moment = datetime.fromisoformat(str(said.get("last_fired_time")))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _name(graph: GraphClient, token: str, business: str) -> str | None:
    try:
        return text_of(graph.get(business, token, fields="id,name"), "name")
    except MetaError:
        return None
