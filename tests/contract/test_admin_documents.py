from __future__ import annotations

import json
import tomllib

import pytest
from graphql import DocumentNode, OperationDefinitionNode, parse

from plugin.shopify.admin import API_VERSION
from plugin.shopify.order_queries import (
    CHANGED_ORDERS_WITH_BUYER,
    OPT_OUTS_PAGE,
    ORDERS_AGAIN,
    ORDERS_PAGE,
    SALE_OPT_OUTS,
)
from plugin.shopify.queries import DOCUMENTS, Query
from tests.contract import published
from tests.contract.admin_schema import LARGEST_PAGE, AdminSchema, Needs, needs_in, with_reading

REPORT = published.BUILD / "admin-documents.json"
MOST_POINTS = 1000
"""Shopify refuses a single query that asks for more."""
CONFIG = tomllib.loads((published.ROOT / "shopify.app.toml").read_text())
REQUIRED = frozenset(CONFIG["access_scopes"]["scopes"].split(","))
ASKED_FOR = REQUIRED | frozenset(CONFIG["access_scopes"]["optional_scopes"])
TOPICS = [topic for each in CONFIG["webhooks"]["subscriptions"] for topic in each.get("topics", [])]
IDS = {ORDERS_AGAIN.name: ORDERS_PAGE, SALE_OPT_OUTS.name: OPT_OUTS_PAGE}
"""How many orders a document asks for by their ids."""
NAMES = pytest.mark.parametrize("query", DOCUMENTS, ids=lambda query: query.name)


@pytest.fixture(scope="module")
def schema() -> AdminSchema:
    """Shopify's schema of the version that we call."""
    assert API_VERSION in published.SCHEMA.name
    return AdminSchema.read(published.needed(published.SCHEMA))


@pytest.fixture(scope="module")
def needs(schema: AdminSchema) -> dict[str, Needs]:
    """What each document needs; also written into the report."""
    found = {query.name: schema.needs(parse(query.document), _sizes(query)) for query in DOCUMENTS}
    report = {
        name: {
            "scopes": sorted(" or ".join(sorted(need)) for need in each.scopes),
            "protected": {place: schema.protected_content(place) for place in each.protected},
            "points": each.points,
        }
        for name, each in found.items()
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    return found


@NAMES
def test_a_document_is_sound_by_shopifys_schema_and_uses_nothing_deprecated(query: Query, schema: AdminSchema) -> None:
    document = parse(query.document)

    assert schema.faults(document) == []
    assert _operation_names(document) == [query.name]


@NAMES
def test_a_document_needs_no_scope_that_we_do_not_ask_for(query: Query, needs: dict[str, Needs]) -> None:
    granted = with_reading(ASKED_FOR if query is SALE_OPT_OUTS else REQUIRED)

    assert [sorted(need) for need in needs[query.name].scopes if not need & granted] == []


@NAMES
def test_a_document_is_affordable(query: Query, needs: dict[str, Needs]) -> None:
    assert 0 < needs[query.name].points <= MOST_POINTS


def test_orders_by_their_ids_cost_as_much_as_a_page_of_them(needs: dict[str, Needs]) -> None:
    assert needs[ORDERS_AGAIN.name].points == needs[CHANGED_ORDERS_WITH_BUYER.name].points + 2 == 902
    assert needs[SALE_OPT_OUTS.name].points == 2 * OPT_OUTS_PAGE + 2
    assert OPT_OUTS_PAGE <= LARGEST_PAGE


def test_every_scope_that_we_ask_for_is_needed(schema: AdminSchema, needs: dict[str, Needs]) -> None:
    needed = {need for each in needs.values() for need in each.scopes}
    needed |= {need for topic in TOPICS for need in schema.topic_needs(topic)}

    assert {
        scope for scope in ASKED_FOR if not any(need & with_reading(frozenset({scope})) for need in needed)
    } == set()


def test_the_report_names_every_document(needs: dict[str, Needs]) -> None:
    assert set(json.loads(REPORT.read_text())) == {query.name for query in DOCUMENTS} == set(needs)
    assert len(DOCUMENTS) == len(needs), "two documents have one name"


BUYER = """
query Buyer($n: Int!) { orders(first: $n) { pageInfo { hasNextPage } nodes { email customer { firstName } } } }
"""


def test_what_would_be_wrong_is_found(schema: AdminSchema) -> None:
    for text, fault in {
        "query Q { shop { colour } }": "Cannot query field 'colour'",
        "query Q($id: String!) { order(id: $id) { name } }": "used in position expecting type 'ID!'",
        "query Q { orders(first: 1) { nodes { totalPrice } } }": "is deprecated",
        "query Q { orders(first: 1, colour: RED) { nodes { id } } }": "Unknown argument 'colour'",
        "mutation Q { webPixelCreate { webPixel { id } } }": "of type 'WebPixelInput!' is required",
    }.items():
        assert any(fault in said for said in schema.faults(parse(text))), text


def test_scopes_protected_fields_and_points_are_found(schema: AdminSchema) -> None:
    buyer = schema.needs(parse(BUYER))

    assert frozenset({"read_customers"}) in buyer.scopes
    assert any("read_orders" in need for need in buyer.scopes)
    assert buyer.protected == ("Customer.firstName", "Order.email")
    assert [schema.protected_content(place) for place in buyer.protected] == ["name", "email"]
    assert buyer.points == 250 * 2
    assert schema.needs(parse(BUYER), {"n": 50}).points == 50 * 2
    assert schema.needs(parse("query Q { shop { name } }")).points == 1


def test_sentences_on_access_are_read_as_they_are_meant() -> None:
    assert needs_in("") == frozenset()
    assert needs_in("`read_orders` access scope or `read_quick_sale` access scope.") == {
        frozenset({"read_orders", "read_quick_sale"})
    }
    assert needs_in("`write_pixels` access scope. Also: The app requires read_customer_events access scope.") == {
        frozenset({"write_pixels"}),
        frozenset({"read_customer_events"}),
    }


def _sizes(query: Query) -> dict[str, int]:
    return {"first": ORDERS_PAGE, "ids": IDS.get(query.name, LARGEST_PAGE)}


def _operation_names(document: DocumentNode) -> list[str | None]:
    return [
        definition.name.value if definition.name else None
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
