"""Lists of Meta's that are long, slow, odd, or name another host: what is asked for, and what is left of the rest."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from plugin.meta import login
from plugin.meta.errors import Cause, MetaDisconnected
from plugin.meta.graph import GraphClient
from tests.edges.servers import Received, Reply, Server, reply

TOKEN = "EAAtokenthatisgood"
OWNED = {"data": [{"id": "5000000001", "name": "One"}]}


class Graph(GraphClient):
    """Answers by path; what is not there is denied."""

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        super().__init__("https://graph.example", "1", "secret")
        self.answers = answers

    def get(self, path: str, token: str, **query: str) -> dict[str, Any]:  # noqa: ARG002 - as the client's
        if path not in self.answers:
            raise MetaDisconnected("denied", Cause.PERMISSION_LOST)
        return self.answers[path]


def businesses(count: int, **more: Any) -> dict[str, Any]:
    return {"data": [{"id": str(900 + n), "name": f"B{n}"} for n in range(count)]} | more


def test_a_next_page_is_asked_for_at_home_whatever_its_address_says() -> None:
    elsewhere = Server(reply(OWNED))

    def judge(asked: Received) -> Reply:
        page = {"next": f"{elsewhere.url}/steal?access_token={TOKEN}", "cursors": {"after": "../../me?x=1&limit=9"}}
        return reply(OWNED | {"paging": page})

    with elsewhere, Server(reply({})) as meta:
        meta.judge = judge
        (found,) = login.businesses_of(GraphClient(f"{meta.url}/v26.0", "1", "secret"), TOKEN, "900")

    assert [one.id for one in found.datasets] == ["5000000001"]
    assert elsewhere.received == []
    assert len(meta.received) == 1 + 2 * login.MOST_PAGES
    assert {urlsplit(asked.path).path for asked in meta.received} == {
        "/v26.0/900",
        "/v26.0/900/owned_pixels",
        "/v26.0/900/client_pixels",
    }
    assert all(TOKEN not in asked.path for asked in meta.received)


def test_one_business_that_denies_its_lists_hides_no_other() -> None:
    graph = Graph({"me/businesses": businesses(2), "901/owned_pixels": OWNED})

    found = login.businesses_of(graph, TOKEN, None)

    assert [(one.id, len(one.datasets)) for one in found] == [("901", 1)]


def test_where_all_deny_them_that_is_said() -> None:
    with pytest.raises(MetaDisconnected):
        login.businesses_of(Graph({"me/businesses": businesses(2)}), TOKEN, None)


def test_more_businesses_than_are_read_are_not_hidden_silently() -> None:
    paging = {"next": "https://graph.example/next", "cursors": {"after": "x"}}
    graph = Graph(
        {"me/businesses": businesses(10, paging=paging)} | {f"{900 + n}/owned_pixels": OWNED for n in range(10)}
    )

    found = login.businesses_of(graph, TOKEN, None)

    assert len(found) == login.MOST_BUSINESSES
    assert any(one.is_cut for one in found)
