from __future__ import annotations

import json
import tomllib

import pytest
from graphql import DocumentNode, OperationDefinitionNode, parse

from plugin.shopify.admin import API_VERSION
from plugin.shopify.queries import DOCUMENTS, ORDERS_PAGE, Query
from tests.contract import published
from tests.contract.admin_schema import AdminSchema, Needs, needs_in, with_reading

REPORT = published.BUILD / "admin-documents.json"
MOST_POINTS = 1000
"""Shopify refuses a single query that asks for more."""
CONFIG = tomllib.loads((published.ROOT / "shopify.app.toml").read_text())
ASKED_FOR = frozenset(CONFIG["access_scopes"]["scopes"].split(","))
TOPICS = [topic for each in CONFIG["webhooks"]["subscriptions"] for topic in each.get("topics", [])]
SIZES = {"first": ORDERS_PAGE}
NAMES = pytest.mark.parametrize("query", DOCUMENTS, ids=lambda query: query.name)


@pytest.fixture(scope="module")
def schema() -> AdminSchema:
    """Shopify's schema of the version that we call."""
    assert API_VERSION in published.SCHEMA.name
    return AdminSchema.read(published.needed(published.SCHEMA))


@pytest.fixture(scope="module")
def needs(schema: AdminSchema) -> dict[str, Needs]:
    """What each document needs; also written into the report."""
    found = {query.name: schema.needs(parse(query.document), SIZES) for query in DOCUMENTS}
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
    granted = with_reading(ASKED_FOR)

    assert [sorted(need) for need in needs[query.name].scopes if not need & granted] == []


@NAMES
def test_a_document_is_affordable(query: Query, needs: dict[str, Needs]) -> None:
    assert 0 < needs[query.name].points <= MOST_POINTS


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


def _operation_names(document: DocumentNode) -> list[str | None]:
    return [
        definition.name.value if definition.name else None
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
