from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import DATASET, TOKEN, Sandbox, purchase

DAY = 86_400


def error_of(answer: Any) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


def test_a_good_batch_is_counted_and_kept_as_it_came(sandbox: Sandbox) -> None:
    answer = sandbox.send(purchase(1), purchase(2))

    assert answer["events_received"] == 2
    assert answer["messages"] == []
    assert answer["fbtrace_id"].startswith("A")
    first, second = sandbox.received()
    assert first["payload"]["custom_data"]["order_id"] == "1"
    assert (first["source"], first["request"], first["token"], first["deduplicated"]) == ("server", 1, "t1", False)
    assert second["event_id"] == "purchase.2"
    assert TOKEN not in json.dumps(sandbox.get("/meta/received.json"))


@pytest.mark.parametrize("place", ["query", "form", "json", "bearer"])
def test_the_token_may_stand_in_four_places(sandbox: Sandbox, place: str) -> None:
    url, data = f"{sandbox.url}/meta/v26.0/{DATASET}/events", [purchase()]
    calls: dict[str, dict[str, Any]] = {
        "query": {"params": {"access_token": TOKEN}, "json": {"data": data}},
        "form": {"data": {"access_token": TOKEN, "data": json.dumps(data)}},
        "json": {"json": {"access_token": TOKEN, "data": data}},
        "bearer": {"headers": {"Authorization": f"Bearer {TOKEN}"}, "json": {"data": data}},
    }

    answer = requests.post(url, timeout=10, **calls[place])

    assert answer.json()["events_received"] == 1


@pytest.mark.parametrize("form", ["objects", "strings", "text"])
def test_events_may_come_as_objects_as_strings_or_as_one_text(sandbox: Sandbox, form: str) -> None:
    events = [purchase(1), purchase(2)]
    data: dict[str, Any] = {
        "objects": events,
        "strings": [json.dumps(event) for event in events],
        "text": json.dumps([json.dumps(event) for event in events]),
    }

    answer = sandbox.post(f"/meta/v26.0/{DATASET}/events", {"access_token": TOKEN, "data": data[form]})

    assert answer["events_received"] == 2


@pytest.mark.parametrize(
    ("changes", "subcode"),
    [
        ({"event_time": int(time.time()) - 7 * DAY - 60}, 2804003),
        ({"user_data": {"ct": ["a" * 64], "country": ["b" * 64], "client_user_agent": "T"}}, 2804050),
        ({"user_data": {}}, 2804050),
        ({"user_data": {"em": ["mara@example.com"]}}, 2804017),
        ({"custom_data": {"currency": "EUR"}}, 2804009),
        ({"event_source_url": None}, 2804019),
        ({"action_source": "somewhere"}, 2804048),
        ({"event_time": "now"}, 2804016),
    ],
)
def test_one_bad_event_takes_the_whole_batch_with_it(sandbox: Sandbox, changes: dict[str, Any], subcode: int) -> None:
    answer = sandbox.send(purchase(1), purchase(2, **changes), status=400)

    assert error_of(answer) == (100, subcode)
    assert sandbox.received() == []


def test_token_and_dataset_are_judged_before_the_events(sandbox: Sandbox) -> None:
    stale = purchase(event_time=int(time.time()) - 8 * DAY)
    sandbox.post("/meta/datasets", {"dataset": "999", "token": "other"})

    unknown = sandbox.post(f"/meta/v26.0/{DATASET}/events", {"access_token": "x", "data": [stale]}, status=401)
    foreign = sandbox.post(f"/meta/v26.0/{DATASET}/events", {"access_token": "other", "data": [stale]}, status=400)

    assert error_of(unknown) == (190, None)
    assert error_of(foreign) == (100, 33)
    assert error_of(sandbox.send(stale, status=400)) == (100, 2804003)


def test_a_token_can_be_revoked_and_a_dataset_removed(sandbox: Sandbox) -> None:
    sandbox.post("/meta/datasets", {"dataset": DATASET, "token": TOKEN, "revoke": True})
    assert error_of(sandbox.send(purchase(), status=401)) == (190, None)

    sandbox.post("/meta/datasets", {"dataset": DATASET, "token": TOKEN})
    sandbox.post("/meta/datasets", {"dataset": DATASET, "remove": True})
    assert error_of(sandbox.send(purchase(), status=400)) == (100, 33)


def test_more_than_a_thousand_events_are_refused(sandbox: Sandbox) -> None:
    assert sandbox.send(*(purchase(n) for n in range(1000)))["events_received"] == 1000

    assert error_of(sandbox.send(*(purchase(n) for n in range(1001)), status=400))[0] == 100


def test_copies_are_dropped_for_48_hours_whoever_sends_them(sandbox: Sandbox) -> None:
    pixel = requests.get(
        f"{sandbox.url}/meta/tr/",
        params={"id": DATASET, "ev": "Purchase", "eid": "purchase.7", "cd[value]": "3", "fbp": "fb.1.2.3"},
        timeout=10,
    )
    sandbox.send(purchase(7))
    sandbox.send(purchase(7))
    sandbox.advance(hours=49)
    sandbox.send(purchase(7))

    assert pixel.headers["Content-Type"] == "image/gif"
    events = sandbox.received()
    assert [event["source"] for event in events] == ["browser", "server", "server", "server"]
    assert [event["deduplicated"] for event in events] == [False, True, True, False]
    assert events[1]["duplicate_of"] == 1
    assert events[0]["payload"]["cd"] == {"value": "3"}


def test_the_pixel_may_post_a_form(sandbox: Sandbox) -> None:
    form = {"id": DATASET, "ev": "PageView", "eid": "pageview.a", "dl": "https://lantern.example/"}
    answer = requests.post(f"{sandbox.url}/meta/tr/", data=form, timeout=10)

    assert answer.status_code == 200
    assert sandbox.received()[0]["payload"]["dl"] == "https://lantern.example/"


def test_seven_days_pass_by_the_clock_of_the_sandbox(sandbox: Sandbox) -> None:
    event = purchase()
    sandbox.advance(hours=7 * 24 + 1)

    assert error_of(sandbox.send(event, status=400)) == (100, 2804003)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("meta_500", 500, 2), ("meta_throttle", 400, 4), ("meta_revoked", 401, 190), ("meta_denied", 403, 200)],
)
def test_a_fault_refuses_as_often_as_it_was_asked_to(sandbox: Sandbox, fault: str, status: int, code: int) -> None:
    sandbox.fault(fault, count=1)

    assert error_of(sandbox.send(purchase(), status=status))[0] == code
    assert sandbox.received() == []
    assert sandbox.send(purchase())["events_received"] == 1


def test_a_fault_may_answer_what_is_no_json(sandbox: Sandbox) -> None:
    sandbox.fault("meta_503_html", count=1)
    url, body = f"{sandbox.url}/meta/v26.0/{DATASET}/events", {"access_token": TOKEN, "data": [purchase()]}

    answer = requests.post(url, json=body, timeout=10)

    assert answer.status_code == 503
    assert "<html>" in answer.text


@pytest.mark.parametrize(("fault", "stored"), [("meta_reset_before", 0), ("meta_reset_after", 1)])
def test_a_cut_connection_leaves_the_sender_in_doubt(sandbox: Sandbox, fault: str, stored: int) -> None:
    sandbox.fault(fault, count=1)

    with pytest.raises(requests.ConnectionError):
        sandbox.send(purchase())

    assert len(sandbox.received()) == stored


def test_a_silent_meta_has_stored_the_events(sandbox: Sandbox) -> None:
    sandbox.fault("meta_timeout", count=1, delay=1.5)
    url, body = f"{sandbox.url}/meta/v26.0/{DATASET}/events", {"access_token": TOKEN, "data": [purchase()]}

    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json=body, timeout=0.5)

    assert len(sandbox.received()) == 1


def test_a_slow_meta_stores_first_and_answers_later(sandbox: Sandbox) -> None:
    sandbox.fault("meta_slow", count=1, delay=0.5)
    started = time.monotonic()

    assert sandbox.send(purchase())["events_received"] == 1
    assert time.monotonic() - started >= 0.5


def test_a_poison_order_spoils_its_batch_until_it_stands_alone(sandbox: Sandbox) -> None:
    sandbox.fault("meta_reject", order="2")

    assert error_of(sandbox.send(purchase(1), purchase(2), status=400))[0] == 100
    assert sandbox.send(purchase(1))["events_received"] == 1
    assert error_of(sandbox.send(purchase(2), status=400))[0] == 100


def test_a_fault_may_be_for_one_dataset(sandbox: Sandbox) -> None:
    sandbox.fault("meta_500", dataset="999")

    assert sandbox.send(purchase())["events_received"] == 1


def test_a_lost_pixel_request_is_a_network_error(sandbox: Sandbox) -> None:
    sandbox.fault("tr_down")

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/meta/tr/", params={"id": DATASET, "ev": "Purchase"}, timeout=10)

    assert sandbox.received() == []


def test_every_request_is_told_with_what_became_of_it(sandbox: Sandbox) -> None:
    sandbox.send(purchase(1, event_time=1), status=400)
    sandbox.send(purchase(2))

    told = sandbox.get("/meta/received.json")["requests"]

    assert [one["result"] for one in told] == ["refused 100/2804003", "accepted"]
    assert [one["event_ids"] for one in told] == [["purchase.1"], ["purchase.2"]]
