"""Reading a dataset's figures: what is asked and how, and whatever may come back."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plugin.meta.errors import MetaDisconnected, MetaError, MetaUnavailable
from plugin.meta.reports import AGENT, DatasetReader, ReportClient, outcome_of
from plugin.recovery.dataset_report import Counts, Key, Quality, Told
from tests.builders import NOON

DATASET, TOKEN, SECRET = "1234567890123456", "EAAtokenOfTheTests", "secret-of-the-app"
START = NOON - timedelta(days=7)


@dataclass
class Graph:
    """Answers each GET with the next of its answers, the last one for ever."""

    answers: list[tuple[int, Any]]
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def queries(self) -> list[dict[str, str]]:
        return [{name: text for name, (text,) in parse_qs(urlsplit(path).query).items()} for path in self.paths]

    def reader(self, *, of_app: bool = False) -> DatasetReader:
        client = ReportClient(f"{self.url}/v26.0", "77", SECRET, timeout=(1, 1))
        return DatasetReader(client, DATASET, TOKEN, of_app=of_app)


def handler_of(graph: Graph) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            graph.paths.append(self.path)
            graph.headers.append(dict(self.headers))
            status, answer = graph.answers.pop(0) if len(graph.answers) > 1 else graph.answers[0]
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def graph() -> Iterator[Graph]:
    graph = Graph([(200, {"data": []})])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(graph)) as server:
        graph.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield graph
        server.shutdown()
        thread.join(5)


def totals(*rows: tuple[str, Any]) -> tuple[int, Any]:
    listed = [{"value": name, "count": count} for name, count in rows]
    bucket = {"start_time": "2026-11-17T13:00:00+0000", "aggregation": "event_total_counts", "data": listed}
    return 200, {"data": [bucket], "paging": {"next": "https://graph.facebook.com/x?access_token=EAAanother"}}


def refused(code: int, subcode: int | None = None, status: int = 400) -> tuple[int, Any]:
    return status, {"error": {"message": "no", "code": code, "error_subcode": subcode, "fbtrace_id": "Atrace"}}


def test_it_asks_for_browsers_servers_and_our_own(graph: Graph) -> None:
    graph.answers = [totals(("PageView", 900), ("Purchase", 40)), totals(("Purchase", 7)), totals(("Purchase", 5))]

    assert graph.reader().counts(START, NOON) == Counts(40, 7, 5)

    asked = graph.queries()
    assert [(one["event_source"], one.get("agent")) for one in asked] == [
        ("WEB_ONLY", None),
        ("SERVER_ONLY", None),
        ("SERVER_ONLY", "backstop"),
    ]
    assert {one["aggregation"] for one in asked} == {"event_total_counts"}
    assert {(one["start_time"], one["end_time"]) for one in asked} == {
        (str(int(START.timestamp())), str(int(NOON.timestamp())))
    }
    assert all(path.startswith(f"/v26.0/{DATASET}/stats?") for path in graph.paths)


@pytest.mark.parametrize("of_app", [False, True])
def test_the_token_is_in_a_header_and_only_our_apps_is_proved(graph: Graph, *, of_app: bool) -> None:
    graph.reader(of_app=of_app).counts(START, NOON)
    graph.answers = [(200, {"web": []})]
    graph.reader(of_app=of_app).quality()

    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert [headers["Authorization"] for headers in graph.headers] == [f"Bearer {TOKEN}"] * 4
    assert not any(TOKEN in path or SECRET in path for path in graph.paths)
    assert {one.get("appsecret_proof") for one in graph.queries()} == {proof if of_app else None}


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (totals(("PageView", 3)), Counts(0, 0, 0)),
        (totals(("Purchase", "12")), Counts(12, 12, 12)),
        (totals(("Purchase", 12), ("Purchase", 12)), Counts(12, 12, 12)),
        (
            (200, {"data": [*totals(("Purchase", 12))[1]["data"], *totals(("Purchase", 4))[1]["data"]]}),
            Counts(12, 12, 12),
        ),
        ((200, {"data": []}), None),
        ((200, {"data": [{"data": []}, None, {"data": None}]}), None),
    ],
)
def test_what_meta_counts_is_read(graph: Graph, answer: tuple[int, Any], counted: Counts | None) -> None:
    graph.answers = [answer]

    assert graph.reader().counts(START, NOON) == counted


@pytest.mark.parametrize(
    "answer",
    [
        totals(("Purchase", -1)),
        totals(("Purchase", True)),
        totals(("Purchase", None)),
        totals(("Purchase", 1.5)),
        totals(("Purchase", "٣")),
        totals(("Purchase", 10**30)),
        (200, {}),
        (200, {"data": {"Purchase": 4}}),
        (200, []),
        (200, b"<html>"),
        (302, {"data": []}),
    ],
)
def test_figures_that_cannot_be_read_are_no_noughts(graph: Graph, answer: tuple[int, Any]) -> None:
    graph.answers = [answer]

    with pytest.raises(MetaUnavailable) as away:
        graph.reader().counts(START, NOON)

    assert outcome_of(away.value)[0] is Told.ERROR


@pytest.mark.parametrize(
    ("answer", "told", "code"),
    [
        (refused(200, status=403), Told.NOT_PERMITTED, "200"),
        (refused(10), Told.NOT_PERMITTED, "10"),
        (refused(100, 33), Told.NOT_PERMITTED, "100/33"),
        (refused(100, 2044055), Told.NOT_PERMITTED, "100/2044055"),
        (refused(190, status=401), Told.NOT_PERMITTED, "190"),
        (refused(100), Told.ERROR, "100"),
        (refused(2, status=500), Told.ERROR, "2"),
        (refused(80004), Told.ERROR, "80004"),
        ((503, b"<html>"), Told.ERROR, None),
    ],
)
def test_every_refusal_is_one_of_two_empties(
    graph: Graph, answer: tuple[int, Any], told: Told, code: str | None
) -> None:
    graph.answers = [answer]

    for ask in (lambda: graph.reader().counts(START, NOON), lambda: graph.reader().quality()):
        with pytest.raises(MetaError) as fault:
            ask()
        assert outcome_of(fault.value) == (told, code)
        assert TOKEN not in str(fault.value)


def test_nobody_there_is_an_error_too() -> None:
    client = ReportClient("http://127.0.0.1:1/v26.0", "", "", timeout=(1, 1))

    with pytest.raises(MetaUnavailable):
        DatasetReader(client, DATASET, TOKEN, of_app=False).quality()


def test_marks_are_read_for_our_agents_purchases(graph: Graph) -> None:
    share = {"percentage": 100, "description": "of them"}
    key = {"dedupe_key": "event_id", "browser_events_with_dedupe_key": share, "server_events_with_dedupe_key": share}
    purchase = {
        "event_name": "Purchase",
        "event_match_quality": {"composite_score": 6.44},
        "event_coverage": {"percentage": 3.456, "goal_percentage": 75},
        "dedupe_key_feedback": [key, {"dedupe_key": None}, "x"],
    }
    graph.answers = [(200, {"web": [{"event_name": "PageView"}, purchase]})]

    found = graph.reader().quality()

    assert found == Quality(Told.COUNTED, None, 6.44, 3.46, 75.0, (Key("event_id", 100.0, 100.0, None),))
    (asked,) = graph.queries()
    assert (asked["dataset_id"], asked["agent_name"]) == (DATASET, AGENT)
    assert "dedupe_key_feedback{" in asked["fields"]
    assert "dedup_key_feedback" not in asked["fields"]


@pytest.mark.parametrize("web", [[], None, "x", [{"event_name": "PageView"}], [None]])
def test_without_purchases_there_are_no_marks_yet(graph: Graph, web: Any) -> None:
    graph.answers = [(200, {"web": web})]

    assert graph.reader().quality() == Quality(Told.NO_DATA)


@pytest.mark.parametrize("value", [None, True, "6", -1, 10.5, [], 1e400])
def test_marks_that_are_no_numbers_are_left_out(graph: Graph, value: Any) -> None:
    purchase = {"event_name": "Purchase", "event_match_quality": {"composite_score": value}, "event_coverage": value}
    graph.answers = [(200, {"web": [purchase]})]

    assert graph.reader().quality() == Quality(Told.COUNTED)


def test_a_dataset_that_is_none_is_not_asked_for() -> None:
    client = ReportClient("http://127.0.0.1:1/v26.0", "", "")

    with pytest.raises(ValueError, match="digits"):
        DatasetReader(client, "../me", TOKEN, of_app=False)


def test_a_dead_token_is_told_apart_by_nothing_that_breaks_the_connection(graph: Graph) -> None:
    graph.answers = [refused(190, status=401)]

    with pytest.raises(MetaDisconnected):
        graph.reader().quality()
