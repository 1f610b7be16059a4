from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from plugin.jobs import connecting
from plugin.pages.choosing import MOST_SHOWN
from plugin.services import Services
from sandbox.meta_people import FIRST
from sandbox.meta_store import DEFAULT_DATASET, DEFAULT_TOKEN
from sandbox.world import World
from tests.conftest import MovedClock
from tests.edges import visits
from tests.edges.logins import OUTLET, PARTNER, connect, count, log_in, row_of
from tests.edges.visits import Merchant, Page, shop_of

MANY = "2000000000000002"


def datasets(page: Page) -> list[str]:
    return [option["value"] for option in page.all("s-option")]


def many(world: World, count: int) -> None:
    """A business with so many datasets of its own, and one that is shared with it."""
    owned = [{"id": str(5_000_000_000 + n), "name": f"Stall {n:03}"} for n in range(count)]
    world.people.add({"id": MANY, "name": "Market", "owned": owned, "client": [{"id": "6000000000", "name": "Guest"}]})


def test_the_datasets_of_the_business_are_listed(merchant: Merchant) -> None:
    page = log_in(merchant)

    text = merchant.get("/settings").text
    assert datasets(page) == [PARTNER, OUTLET, DEFAULT_DATASET]  # by name
    assert page.one("s-option-group")["label"] == "Lantern Trading"
    assert "Lantern pixel (1234567890123456), last event 20 Nov 2026, 09:30" in text
    assert "Lantern outlet (1234567890123457), no event yet" in text
    assert "unavailable" in text
    assert page.one("s-option", value=PARTNER).get("disabled") is not None
    assert not page.all("s-option", selected="")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("OUTLET", [OUTLET]), ("  lantern  ", [OUTLET, DEFAULT_DATASET]), ("3458", [PARTNER]), ("nowhere", [])],
)
def test_they_are_found_by_name_and_by_id(merchant: Merchant, wanted: str, found: list[str]) -> None:
    log_in(merchant)

    answer = merchant.post("/facebook/find", find=wanted)

    assert answer.status_code == 200
    assert datasets(Page(answer)) == found
    assert ("No dataset of this login" in answer.text) is (not found)


def test_all_pages_are_read_and_fifty_shown(merchant: Merchant, sandbox: World) -> None:
    many(sandbox, 230)
    page = log_in(merchant, business=MANY)

    assert len(datasets(page)) == MOST_SHOWN
    assert "50 of 231 datasets are shown" in merchant.get("/settings").text
    assert datasets(Page(merchant.post("/facebook/find", find="stall 229"))) == ["5000000229"]


def test_there_is_an_end_to_reading(merchant: Merchant, sandbox: World) -> None:
    many(sandbox, 620)
    log_in(merchant, business=MANY)

    assert "50 of more than 501 datasets are shown" in merchant.get("/settings").text
    lists = [entry for entry in sandbox.history.after(0) if entry["path"].endswith("owned_pixels")]
    assert len(lists) == 2 * 5  # once for each look at the page


def test_a_business_without_a_dataset_is_told_what_to_do(merchant: Merchant, sandbox: World) -> None:
    sandbox.people.add({"id": MANY, "name": "Market"})

    log_in(merchant, business=MANY)

    assert "Facebook let us in, but for no dataset" in merchant.get("/settings").text


@pytest.mark.parametrize(("fault", "words"), [("lists_500", "right now"), ("lists_denied", "does not let us see")])
def test_a_list_that_does_not_come_is_asked_for_again(
    merchant: Merchant, sandbox: World, fault: str, words: str
) -> None:
    log_in(merchant)
    sandbox.faults.put({"name": fault})
    answer = merchant.get("/settings")
    assert answer.status_code == 200
    assert words in answer.text
    sandbox.faults.clear(None)

    assert datasets(Page(merchant.get("/settings")))


@pytest.mark.parametrize(
    ("dataset", "words"),
    [("", "Choose a dataset"), ("12ab", "Choose a dataset"), ("9999999999", "no longer lets this login send")],
)
def test_what_cannot_be_sent_to_is_not_connected(
    merchant: Merchant, services: Services, sandbox: World, dataset: str, words: str
) -> None:
    log_in(merchant)

    answer = merchant.post("/facebook/choose", dataset=dataset)

    page = Page(answer)
    assert answer.status_code == 422
    assert words in (page.one("s-select", name="dataset").get("error") or "")
    assert datasets(page)  # another can be chosen at once
    assert count(services, "meta_connection") == 0
    assert visits.pixel_of(sandbox) is None


@pytest.mark.parametrize("fault", ["meta_500", "meta_revoked", "meta_denied"])
def test_a_probe_that_fails_leaves_nothing_half_connected(
    merchant: Merchant, services: Services, sandbox: World, fault: str
) -> None:
    log_in(merchant)
    sandbox.faults.put({"name": fault})

    answer = merchant.post("/facebook/choose", dataset=DEFAULT_DATASET)

    assert answer.status_code == 422
    assert "so nothing was connected" in answer.text
    assert "Generate a token" not in answer.text  # nobody has pasted one
    assert (count(services, "meta_connection"), count(services, "meta_login")) == (0, 1)


def test_a_name_that_cannot_be_read_is_left_out(merchant: Merchant, services: Services, sandbox: World) -> None:
    many(sandbox, 1)
    log_in(merchant, business=MANY)
    sandbox.people.businesses[MANY].owned.clear()  # its token still reaches it, the lists do not

    assert merchant.go("/facebook/choose", dataset="5000000000").status_code == 200

    assert row_of(services, "meta_connection")["dataset_name"] is None


def test_what_facebook_calls_a_dataset_is_text(merchant: Merchant, sandbox: World) -> None:
    name = "<script>x</script>\x00\n" + "long " * 100
    sandbox.people.add({"id": MANY, "name": name, "owned": [{"id": "5000000001", "name": name}]})

    log_in(merchant, business=MANY)

    text = merchant.get("/settings").text
    assert "<script>x" not in text
    assert "&lt;script&gt;x&lt;/script&gt; long" in text
    assert "\x00" not in text


def test_two_choices_at_once_are_one(
    flask_app: object, merchant: Merchant, services: Services, crew: ThreadPoolExecutor
) -> None:
    log_in(merchant)

    def choose(dataset: str) -> int:
        return merchant.post("/facebook/choose", dataset=dataset).status_code

    statuses = sorted(task.result(30) for task in [crew.submit(choose, one) for one in (DEFAULT_DATASET, OUTLET)])

    assert statuses == [303, 422]
    assert count(services, "meta_connection") == 1


def test_an_hour_after_the_click_the_token_is_gone(
    merchant: Merchant, services: Services, sandbox: World, clock: MovedClock
) -> None:
    log_in(merchant)
    clock.pass_by(minutes=59)
    connecting.tidy(services)
    assert count(services, "meta_login") == 1
    clock.pass_by(minutes=1)

    assert merchant.post("/facebook/choose", dataset=DEFAULT_DATASET).status_code == 422
    connecting.tidy(services)

    assert count(services, "meta_login") == 0


def test_a_pasted_connection_can_be_renewed_by_login(merchant: Merchant, services: Services) -> None:
    visits.connect(merchant)
    before = shop_of(services).connection

    connect(merchant)

    after = shop_of(services).connection
    assert before is not None
    assert after is not None
    assert (after.id, after.from_at, before.kind, after.kind) == (before.id, before.from_at, "pasted", "login")
    assert row_of(services, "meta_connection")["business"] == FIRST.id


def test_and_a_login_by_a_pasted_token(merchant: Merchant, services: Services) -> None:
    connect(merchant, lasts="60")

    visits.connect(merchant, token=DEFAULT_TOKEN)

    row = row_of(services, "meta_connection")
    assert (row["kind"], row["business"], row["meta_user_hash"], row["token_expires_at"]) == (
        "pasted",
        None,
        None,
        None,
    )
    assert count(services, "meta_connection") == 1


def test_the_connected_dataset_is_the_one_that_is_marked(merchant: Merchant) -> None:
    connect(merchant, OUTLET)

    page = log_in(merchant)

    assert [option["value"] for option in page.all("s-option", selected="")] == [OUTLET]
