"""The documents about orders: those that changed, those to be read again, and what their customers chose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Query:
    """A GraphQL document and the name of its one operation."""

    name: str
    document: str


ORDERS_PAGE = 50
"""Orders of one answer; with eight transactions each, the dearest document asks for 902 of the 1000 points allowed."""
OPT_OUTS_PAGE = 250
"""Orders of one question about customers: as many ids as Shopify takes at once, for 502 points."""

# The lines are left out: their products need read_products, which nobody is asked for. Nor is the customer, whose type
# needs read_customers: only the last document asks for it, where the shop granted that. The cart's attributes, of which
# one is ours, come only where the merchant has the buyer's choice read from there.
_ORDER = """
id legacyResourceId name test cancelledAt createdAt processedAt updatedAt displayFinancialStatus fullyPaid
        sourceName checkoutToken totalPriceSet { presentmentMoney { amount currencyCode } }
        edited originalTotalPriceSet { presentmentMoney { amount currencyCode } }
        totalReceivedSet { presentmentMoney { amount } }
        transactions(first: 8) { kind status processedAt }
        customAttributes @include(if: $withChoice) { key value }"""
_ADDRESS = "{ firstName lastName city zip province provinceCode countryCodeV2 phone }"
_BUYER = f"""
        email phone clientIp
        billingAddress {_ADDRESS}
        shippingAddress {_ADDRESS}"""


def _changed_orders(name: str, fields: str) -> Query:
    return Query(
        name,
        f"""
    query {name}($first: Int!, $after: String, $wanted: String!, $withChoice: Boolean!) {{
      orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $wanted) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ {fields.strip()} }}
      }}
    }}
    """,
    )


def _by_ids(name: str, fields: str, more: str = "") -> Query:
    """A document about orders by their ids; what is granted comes beside them, so that a null can be told from a no."""
    return Query(
        name,
        f"""
    query {name}($ids: [ID!]!{more}) {{
      currentAppInstallation {{ accessScopes {{ handle }} }}
      nodes(ids: $ids) {{ ... on Order {{ {fields.strip()} }} }}
    }}
    """,
    )


CHANGED_ORDERS = _changed_orders("ChangedOrders", _ORDER)
"""Reconciliation while offline tracking is off: nothing of the buyer is asked for, but for the choice in the cart."""
CHANGED_ORDERS_WITH_BUYER = _changed_orders("ChangedOrdersWithBuyer", _ORDER + _BUYER)
"""Reconciliation while it is on."""
ORDERS_AGAIN = _by_ids("OrdersAgain", _ORDER + _BUYER, ", $withChoice: Boolean!")
"""Recovering the last 7 days: only ever asked while offline tracking is on."""
SALE_OPT_OUTS = _by_ids("SaleOptOuts", "id customer { dataSaleOptOut }")
"""What the customers of orders that are to be sent chose; only asked where read_customers is granted."""
