from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin.meta.conversions import PARTNER_AGENT, ConversionsClient, Receipt
from plugin.meta.errors import Cause, MetaDisconnected, MetaRefused, MetaUnavailable
from plugin.meta.probe import (
    BadToken,
    ConnectRefused,
    MalformedDataset,
    MalformedToken,
    MetaAway,
    NoPermission,
    UnexpectedAnswer,
    UnknownDataset,
)
from sandbox.ports import free_port
from tests.edges.servers import Cut, Reply, Server, reply

DATASET = "123456789012345"
TOKEN = "EAAinventedTokenForTests0123456789"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVENTS = [b'{"event_name":"Purchase","event_id":"purchase.1"}', b'{"event_id":"purchase.2",  "value":1.50}']
TAKEN = reply({"events_received": 2, "messages": [], "fbtrace_id": "Abc_123"})


def client(server: Server) -> ConversionsClient:
    return ConversionsClient(f"{server.url}/meta/v26.0", timeout=(0.2, 0.3))


def graph_error(status: int, **error: Any) -> Reply:
    return reply({"error": {"message": "x", "fbtrace_id": "Abc_123"} | error}, status)


def test_events_leave_as_the_bytes_that_were_kept() -> None:
    with Server(TAKEN) as server:
        receipt = client(server).send(DATASET, TOKEN, EVENTS)

    assert receipt == Receipt(2, "Abc_123")
    [received] = server.received
    assert received.path == f"/meta/v26.0/{DATASET}/events"
    assert received.body.startswith(b'{"data":[' + EVENTS[0] + b"," + EVENTS[1] + b"],")
    assert received.json() == {
        "data": [json.loads(event) for event in EVENTS],
        "partner_agent": PARTNER_AGENT,
        "access_token": TOKEN,
    }
    assert TOKEN not in received.path + str(received.headers)


def test_a_token_of_any_characters_stays_inside_its_string() -> None:
    with Server(TAKEN) as server:
        client(server).send(DATASET, 'a","data":[]\\é\n', EVENTS)

    assert server.received[0].json()["access_token"] == 'a","data":[]\\é\n'
    assert len(server.received[0].json()["data"]) == 2


def test_our_name_is_one_that_meta_takes() -> None:
    assert len(PARTNER_AGENT) < 23
    assert PARTNER_AGENT.islower()


@pytest.mark.parametrize(
    "answer",
    [
        reply({"events_received": 1}),
        reply({"events_received": "2"}),
        reply({"events_received": True}),
        reply({"messages": []}),
        Reply(body=b"<html>"),
        Reply(500, b"<html>"),
        Reply(302, headers={"Location": "/elsewhere"}),
        Reply(cut=Cut.AFTER_BODY),
        Reply(delay=0.5),
    ],
    ids=["one of two", "text", "bool", "no count", "no JSON", "500", "redirect", "reset", "late"],
)
def test_without_a_receipt_for_all_events_they_are_in_doubt(answer: Reply) -> None:
    with Server(answer) as server, pytest.raises(MetaUnavailable) as caught:
        client(server).send(DATASET, TOKEN, EVENTS)

    assert caught.value.in_doubt


def test_what_was_not_sent_is_not_in_doubt() -> None:
    away = ConversionsClient(f"http://127.0.0.1:{free_port()}")

    with pytest.raises(MetaUnavailable) as caught:
        away.send(DATASET, TOKEN, EVENTS)

    assert not caught.value.in_doubt
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_refusals_keep_code_and_trace() -> None:
    with Server(graph_error(400, code=100, error_subcode=2804050)) as server, pytest.raises(MetaRefused) as caught:
        client(server).send(DATASET, TOKEN, EVENTS)

    assert (caught.value.code, caught.value.subcode, caught.value.trace_id) == (100, 2804050, "Abc_123")


def test_a_dead_token_is_a_broken_connection() -> None:
    with Server(graph_error(401, code=190)) as server, pytest.raises(MetaDisconnected) as caught:
        client(server).send(DATASET, TOKEN, EVENTS)

    assert caught.value.cause == Cause.TOKEN_REVOKED


@pytest.mark.parametrize(
    ("dataset", "events"), [(DATASET, []), (DATASET, [b"{}"] * 1001), ("../me", EVENTS), ("1234", EVENTS)]
)
def test_a_batch_that_cannot_be_meant_is_not_sent(dataset: str, events: list[bytes]) -> None:
    with Server(TAKEN) as server, pytest.raises(ValueError, match="batch"):
        client(server).send(dataset, TOKEN, events)

    assert server.received == []


def test_a_good_token_shows_by_the_refusal_of_a_stale_event() -> None:
    with Server(graph_error(400, code=100, error_subcode=2804003)) as server:
        client(server).probe(DATASET, TOKEN, NOON)

    [event] = server.received[0].json()["data"]
    assert event["event_time"] == (NOON - timedelta(days=8)).timestamp()
    assert event["event_name"] != "Purchase"
    assert "custom_data" not in event


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (graph_error(401, code=190), BadToken),
        (graph_error(400, code=190, error_subcode=463), BadToken),
        (graph_error(400, code=100, error_subcode=33), UnknownDataset),
        (graph_error(403, code=10), NoPermission),
        (graph_error(403, code=200), NoPermission),
        (graph_error(400, code=294), NoPermission),
        (graph_error(500, code=2), MetaAway),
        (graph_error(400, code=4), MetaAway),
        (Reply(503, b"<html>"), MetaAway),
        (Reply(cut=Cut.AFTER_BODY), MetaAway),
        (graph_error(400, code=100), UnexpectedAnswer),
        (graph_error(400, code=100, error_subcode=2804050), UnexpectedAnswer),
        (reply({"events_received": 1}), UnexpectedAnswer),
    ],
)
def test_a_failed_check_says_what_to_do(answer: Reply, refused: type[ConnectRefused]) -> None:
    with Server(answer) as server, pytest.raises(ConnectRefused) as caught:
        client(server).probe(DATASET, TOKEN, NOON)

    assert type(caught.value) is refused
    assert str(caught.value) == refused.sentence
    assert "nothing was connected" in refused.sentence
    assert TOKEN not in refused.sentence


@pytest.mark.parametrize(
    ("dataset", "token", "refused"),
    [
        ("", TOKEN, MalformedDataset),
        ("1234", TOKEN, MalformedDataset),
        ("1" * 21, TOKEN, MalformedDataset),
        (f"{DATASET}\n", TOKEN, MalformedDataset),
        ("12345/67890", TOKEN, MalformedDataset),
        ("١٢٣٤٥٦", TOKEN, MalformedDataset),
        (DATASET, "", MalformedToken),
        (DATASET, "EAA", MalformedToken),
        (DATASET, f"{TOKEN} ", MalformedToken),
        (DATASET, f"{TOKEN}\n", MalformedToken),
        (DATASET, f"Ä{TOKEN}", MalformedToken),
        (DATASET, "E" * 3000, MalformedToken),
    ],
)
def test_what_cannot_be_right_is_said_without_a_call(dataset: str, token: str, refused: type[ConnectRefused]) -> None:
    with Server(TAKEN) as server, pytest.raises(refused):
        client(server).probe(dataset, token, NOON)

    assert server.received == []


def test_the_address_must_be_one_to_trust() -> None:
    with pytest.raises(ValueError, match="https"):
        ConversionsClient("http://graph.example.com/v26.0")
