"""What Meta tells of a dataset: how many purchases it counts, and how well this app's can be matched.

Reading is best effort. Meta's own pages differ on whether a token of Events Manager may read, so whatever comes back
is an answer (`Told`), and nothing else in the app waits for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from plugin.meta.conversions import PARTNER_AGENT
from plugin.meta.errors import MetaDisconnected, MetaError, MetaUnavailable
from plugin.meta.graph import GraphClient, text_of
from plugin.meta.probe import DATASET_ID
from plugin.recovery.dataset_report import Counts, Key, Quality, Told
from plugin.recovery.purchase import EVENT_NAME

AGENT: Final = PARTNER_AGENT.rsplit("_", 2)[0].lower()
"""How Meta calls us in its figures: the name without its version (Meta, "Dataset quality API")."""
QUALITY_FIELDS: Final = (
    "web{event_name,event_match_quality{composite_score},event_coverage{percentage,goal_percentage},"
    "dedupe_key_feedback{dedupe_key,browser_events_with_dedupe_key{percentage},"
    "server_events_with_dedupe_key{percentage},overall_browser_coverage_from_dedupe_key{percentage}}}"
)
UNKNOWN_DATASET: Final = 2044055
"""Subcode of a dataset that the token does not reach."""
MOST_KEYS: Final = 6
COUNT: Final = re.compile(r"[0-9]{1,12}")
BEST_SCORE: Final = 10
HUNDRED: Final = 100


class Source(StrEnum):
    """Where Meta had an event from (Meta, "Ads Pixel Stats")."""

    WEB = "WEB_ONLY"
    SERVER = "SERVER_ONLY"


class ReportClient(GraphClient):
    """Reads with any token. One that was made for our app is proved; beside any other Meta calls a proof invalid."""

    def read(self, path: str, token: str, query: dict[str, str], *, of_app: bool) -> dict[str, Any]:
        """Read an edge; the token travels in a header.

        Raises:
            MetaError: by what is to be done next.
        """
        if of_app:
            return self.get(path, token, **query)
        return self._call("GET", path, query, headers={"Authorization": f"Bearer {token}"})


class DatasetReader:
    """One dataset with one token. ``of_app``: the token was made for our app at Facebook's login."""

    def __init__(self, client: ReportClient, dataset: str, token: str, *, of_app: bool) -> None:
        if not DATASET_ID.fullmatch(dataset):
            raise ValueError("a dataset id is made of digits")
        self._client, self._dataset, self._token, self._of_app = client, dataset, token, of_app

    def counts(self, start: datetime, end: datetime) -> Counts | None:
        """Return how many purchases Meta counts between two aware times, 7 days at most; None: it has no events at all.

        Raises:
            MetaError: by what is to be done next.
        """
        web = self._count(Source.WEB, start, end)
        server = self._count(Source.SERVER, start, end)
        ours = self._count(Source.SERVER, start, end, agent=AGENT)  # last: what comes in meanwhile is never foreign
        if web is None and server is None and ours is None:
            return None
        return Counts(web or 0, server or 0, ours or 0)

    def quality(self) -> Quality:
        """Return Meta's marks for this app's purchases; NO_DATA while it has none.

        Raises:
            MetaError: by what is to be done next.
        """
        query = {"dataset_id": self._dataset, "agent_name": AGENT, "fields": QUALITY_FIELDS}
        said = self._client.read("dataset_quality", self._token, query, of_app=self._of_app).get("web")
        found = next((one for one in _objects(said) if one.get("event_name") == EVENT_NAME), None)
        if found is None:
            return Quality(Told.NO_DATA)
        return Quality(
            Told.COUNTED,
            score=_within(found, "event_match_quality", "composite_score", most=BEST_SCORE),
            coverage=_within(found, "event_coverage", "percentage"),
            goal=_within(found, "event_coverage", "goal_percentage"),
            keys=tuple(_keys(found.get("dedupe_key_feedback")))[:MOST_KEYS],
        )

    def _count(self, source: Source, start: datetime, end: datetime, agent: str = "") -> int | None:
        query = {
            "aggregation": "event_total_counts",
            "event_source": source.value,
            "start_time": str(int(start.timestamp())),
            "end_time": str(int(end.timestamp())),
        }
        if agent:
            query["agent"] = agent
        data = self._client.read(f"{self._dataset}/stats", self._token, query, of_app=self._of_app).get("data")
        if not isinstance(data, list):
            raise MetaUnavailable("Meta's figures cannot be read")
        rows = [row for bucket in _objects(data) for row in _objects(bucket.get("data"))]
        if not rows:
            return None
        # Totals of the whole time, which Meta may repeat in later buckets for a shorter one: the largest is the whole
        return max((_whole(row.get("count")) for row in rows if row.get("value") == EVENT_NAME), default=0)


def outcome_of(fault: MetaError) -> tuple[Told, str | None]:
    """Return which of the empties an error is, and Meta's code, if it gave one."""
    denied = isinstance(fault, MetaDisconnected) or fault.subcode == UNKNOWN_DATASET
    return Told.NOT_PERMITTED if denied else Told.ERROR, fault.said.codes


def _objects(listed: object) -> Iterator[dict[str, Any]]:
    return (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else iter(())


def _keys(listed: object) -> Iterator[Key]:
    for one in _objects(listed):
        name = text_of(one, "dedupe_key")
        if name is not None:
            yield Key(
                name,
                browser=_within(one, "browser_events_with_dedupe_key", "percentage"),
                server=_within(one, "server_events_with_dedupe_key", "percentage"),
                overall=_within(one, "overall_browser_coverage_from_dedupe_key", "percentage"),
            )


def _within(said: dict[str, Any], part: str, name: str, most: int = HUNDRED) -> float | None:
    """Return a number of a part, None unless it lies between 0 and `most`."""
    inner = said.get(part)
    value = inner.get(name) if isinstance(inner, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        return None
    return round(float(value), 2)


def _whole(value: object) -> int:
    """Return a count; anything else is one that cannot be read, and not a nought."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not COUNT.fullmatch(text):
        raise MetaUnavailable("Meta's figures cannot be read")
    return int(text)
