"""One shop and another, as a property of every address and every job: nothing of the other is told, touched or used."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import pytest
from flask import Flask

from plugin.jobs import (
    compliance,
    connecting,
    deliver,
    opt_outs,
    reconcile,
    recover,
    renew,
    revoking,
    sweep,
    watch_dataset,
    watch_pixel,
)
from plugin.meta import outgoing
from plugin.services import Services
from tests import doors
from tests.contract.published import ROOT
from tests.fuzz.stand import BYSTANDER, DATASET_OF_BYSTANDER, SECRET_OF_BYSTANDER, TARGET, Stand, stand

JOBS: dict[str, Callable[[Services, int], object]] = {
    "sweep": sweep.sweep_shop, "deliver": deliver.deliver, "reconcile": reconcile.reconcile, "recover": recover.recover,
    "renew": renew.renew, "check the connection": connecting.check, "read the dataset": watch_dataset.read,
    "watch the pixel": watch_pixel.watch, "ask for opt-outs": opt_outs.ask, "give back": revoking.give_back,
    "erase the shop": lambda given, shop_id: compliance.erase_shop(given, shop_id, 1),
}  # fmt: skip
"""Every job that is told a shop; the last one leaves nothing of it."""
LISTED = [*list(JOBS.values())[:-1], compliance.erase_shop]
FOREIGN = ("shop", "shop_id", "order", "order_id", "id", "domain", "number", "dataset", "connection_id", "request_id")
WITH_ID = re.compile(r"<[^>]+>")


@pytest.fixture
def at(migrated: str, database_url: str) -> Iterator[Stand]:
    with stand(database_url) as built:
        yield built


def marks_of(at: Stand) -> tuple[str, ...]:
    """What would give the other shop away, wherever it stands."""
    return ("bystander", SECRET_OF_BYSTANDER, DATASET_OF_BYSTANDER, at.bystander.ingest_key, *at.proofs.foreign[:4])


def page_rules(app: Flask) -> list[tuple[str, str]]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("pages.")]
    rules = [rule for rule in rules if rule.endpoint != "pages.bounce"]  # knows no shop, and repeats what it was asked
    return sorted({(rule.rule, method) for rule in rules for method in (rule.methods or set()) & {"GET", "POST"}})


def test_no_address_tells_or_changes_anything_of_another_shop(at: Stand) -> None:
    before, client, asked = at.of_bystander(), at.app.test_client(), 0

    for rule, method in page_rules(at.app):
        for foreign in at.proofs.foreign:
            named = dict.fromkeys(FOREIGN, foreign) | {
                "shop": BYSTANDER,
                "domain": BYSTANDER,
                "seen": "x",
                "word": "send",
            }
            query = named if method == "GET" else {"shop": BYSTANDER}
            headers = {"Authorization": f"Bearer {doors.id_token(TARGET)}", "X-Shopify-Shop-Domain": BYSTANDER}
            answer = client.open(
                WITH_ID.sub(foreign, rule),
                method=method,
                query_string=query,
                headers=headers,
                data=named if method == "POST" else None,
            )
            told = [
                mark for mark in marks_of(at) if mark != foreign and mark in answer.text
            ]  # it may repeat the question
            assert told == [], f"{method} {rule}"
            if WITH_ID.search(rule) and method == "GET":
                assert answer.status_code == 404, f"{method} {rule}"
            asked += 1

    assert at.of_bystander() == before
    assert asked > 100


def test_the_addresses_do_tell_the_shop_itself(at: Stand) -> None:
    """Else the test above could pass for another reason."""
    client, (order, _, _, number, _, _) = at.app.test_client(), at.proofs.foreign
    headers = {"Authorization": f"Bearer {doors.id_token(BYSTANDER)}"}

    assert f"#{number}" in client.get(f"/orders/{order}", headers=headers).text
    assert f"#{number}" in client.get("/orders", headers=headers).text
    assert DATASET_OF_BYSTANDER in client.get("/settings", headers=headers).text


def test_a_webhook_changes_its_own_shop_alone(at: Stand) -> None:
    compliance.settle_requests(at.services)  # the other shop's own
    before, client = at.of_bystander(), at.app.test_client()
    body: dict[str, Any] = {"id": int(at.proofs.foreign[0]), "shop_domain": BYSTANDER, "domain": BYSTANDER}
    body |= {"myshopify_domain": BYSTANDER, "current": ["read_orders"], "checkout_token": "bystander"}

    for path in ("/webhooks/orders/paid", "/webhooks/app/scopes_update", "/webhooks/app/uninstalled"):
        doors.webhook(client, path, body, shop=TARGET)
    for topic in ("customers/redact", "customers/data_request", "shop/redact"):
        headers = {"X-Shopify-Topic": topic}
        asked = body | {"orders_to_redact": [body["id"]], "customer": {"id": 5}, "orders_requested": [body["id"]]}
        assert doors.webhook(client, "/webhooks/compliance", asked, shop=TARGET, headers=headers).status_code == 400
        doors.webhook(client, "/webhooks/compliance", asked | {"shop_domain": TARGET}, shop=TARGET, headers=headers)
    compliance.settle_requests(at.services)

    assert at.of_bystander() == before


def test_a_job_touches_and_uses_its_own_shop_alone(at: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def nobody(_method: str, url: str, body: Any, headers: Mapping[str, str], *_: Any, **__: Any) -> NoReturn:
        sent.append(f"{url} {dict(headers)} {body and body.getvalue()!r}")
        raise outgoing.NoAnswer("nobody") if body is None else outgoing.NotSent("nobody")

    monkeypatch.setattr(outgoing, "_exchange", nobody)
    before = at.of_bystander()
    with at.services.database.transaction() as conn:
        row = conn.execute("SELECT id FROM shop WHERE domain = %s", (TARGET,)).fetchone()
    assert row is not None

    for name, job in JOBS.items():
        job(at.services, row["id"])
        assert at.of_bystander() == before, name

    assert sent
    assert [line for line in sent if any(mark in line for mark in marks_of(at))] == []


def test_the_list_of_jobs_is_whole() -> None:
    """A function of the jobs that is told a shop is listed above, or is part of one that is."""
    told = {
        f"{path.stem}.{node.name}"
        for path in (ROOT / "plugin" / "jobs").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if [one.arg for one in node.args.args[:2]] == ["given", "shop_id"]
    }

    assert told - {"revoking.revoke"} == {f"{job.__module__.rpartition('.')[2]}.{job.__name__}" for job in LISTED}
