from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime

import pytest
import requests

from tests.sandbox.conftest import DATASET, SHOP, TOKEN, Sandbox, purchase


def now(sandbox: Sandbox) -> datetime:
    return datetime.fromisoformat(sandbox.get("/clock")["now"])


def test_the_clock_is_moved_and_set(sandbox: Sandbox) -> None:
    before = now(sandbox)

    sandbox.advance(hours=47)
    assert (now(sandbox) - before).total_seconds() == pytest.approx(47 * 3600, abs=5)

    sandbox.post("/clock", {"offset_seconds": 60})
    assert sandbox.get("/clock")["offset_seconds"] == 60


@pytest.mark.parametrize(
    "wish",
    [{"name": "rain"}, {"name": "meta_500", "probability": 2}, {"name": "meta_500", "count": 0}, {}],
)
def test_an_impossible_fault_is_refused(sandbox: Sandbox, wish: dict[str, object]) -> None:
    assert sandbox.post("/faults", wish, status=400)["error"]


def test_faults_are_cleared(sandbox: Sandbox) -> None:
    sandbox.fault("meta_500")
    sandbox.fault("tr_down")
    sandbox.post("/faults", {"clear": True, "name": "tr_down"})
    assert [fault["name"] for fault in sandbox.get("/faults")["faults"]] == ["meta_500"]

    requests.delete(f"{sandbox.url}/faults", timeout=10)
    assert sandbox.get("/faults")["faults"] == []
    sandbox.send(purchase())


def test_a_fault_of_half_a_chance_strikes_now_and_then(sandbox: Sandbox) -> None:
    sandbox.fault("meta_500", probability=0.5)
    url, body = f"{sandbox.url}/meta/v26.0/{DATASET}/events", {"access_token": TOKEN, "data": [purchase()]}

    seen = {requests.post(url, json=body, timeout=10).status_code for _ in range(40)}

    assert seen == {200, 500}


def test_the_history_tells_who_asked_what_and_no_secret(sandbox: Sandbox) -> None:
    sandbox.post("/admin/shops", {"shop": SHOP})
    url = f"{sandbox.url}/meta/v26.0/{DATASET}/events"
    requests.post(url, params={"access_token": TOKEN}, json={"data": [purchase()]}, timeout=10)
    requests.get(f"{sandbox.url}/meta/tr/", params={"id": DATASET, "ev": "PageView"}, timeout=10)
    sandbox.post(f"/shop/{SHOP}/orders", {})

    answer = requests.get(f"{sandbox.url}/history.json", timeout=10)

    lines = {(one["who"], one["method"], one["path"], one["status"]) for one in answer.json()["requests"]}
    assert ("app", "POST", f"/meta/v26.0/{DATASET}/events", 200) in lines
    assert ("browser", "GET", "/meta/tr/", 200) in lines
    assert ("shopify", "POST", "/webhooks/orders/paid", 200) in lines
    assert TOKEN not in answer.text
    assert "example.com" not in answer.text


def test_a_cut_connection_has_no_status_in_the_history(sandbox: Sandbox) -> None:
    sandbox.fault("tr_down", count=1)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/meta/tr/", timeout=10)

    assert [one["status"] for one in sandbox.get("/history.json")["requests"] if one["who"] == "browser"] == [None]


def test_reset_forgets_everything(sandbox: Sandbox) -> None:
    sandbox.post("/admin/shops", {"shop": SHOP})
    sandbox.advance(hours=5)
    sandbox.fault("meta_500", dataset="9")
    sandbox.send(purchase())

    sandbox.post("/reset")

    assert sandbox.received() == []
    assert sandbox.get("/admin/shops")["shops"] == []
    assert sandbox.get("/clock")["offset_seconds"] == 0
    assert sandbox.get("/faults")["faults"] == []
    assert sandbox.send(purchase())["events_received"] == 1


def test_every_page_says_what_it_is_for(sandbox: Sandbox) -> None:
    assert "TEST USE ONLY" in requests.get(sandbox.url, timeout=10).text
    assert sandbox.get("/history.json")["test_use_only"] is True


@pytest.mark.parametrize("body", ["[1]", "{", '"text"'])
def test_a_body_that_is_no_object_is_refused(sandbox: Sandbox, body: str) -> None:
    assert requests.post(f"{sandbox.url}/faults", data=body, timeout=10).status_code == 400


def test_it_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--api-secret", "new,old"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = line.rpartition(" ")[2].strip()
            assert line.startswith("TEST USE ONLY")
            assert requests.get(f"{url}/health", timeout=10).json()["ok"]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
