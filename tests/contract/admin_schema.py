"""The published schema of the Admin API, and what a document needs by it: scopes, protected fields, points."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    build_client_schema,
    get_named_type,
    is_leaf_type,
    specified_rules,
    validate,
    visit,
)
from graphql.validation import NoDeprecatedCustomRule

MUTATION_POINTS = 10
OBJECT_POINTS = 1
LARGEST_PAGE = 250
COUNTING = {"first", "last", "ids"}
SCOPE = re.compile(r"\b(?:read|write)_[a-z_]+\b")
Need = frozenset[str]
"""Scopes of which one will do."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a document asks of the app.

    ``points``: as Shopify publishes the rules; a page of unknown size counts as the largest.
    """

    scopes: frozenset[Need]
    protected: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True)
class AdminSchema:
    """The schema to validate by, and what Shopify says beside it of types and fields."""

    graphql: GraphQLSchema
    beside: dict[tuple[str, str], dict[str, Any]] = field(repr=False)
    """By type and field; a type itself has the field ''."""

    @classmethod
    def read(cls, file: Path) -> AdminSchema:
        """Read the introspection that npm's @shopify/dev-mcp carries."""
        with gzip.open(file) as packed:
            data = json.load(packed)["data"]
        beside = {}
        for each in data["__schema"]["types"]:
            beside[each["name"], ""] = each
            beside |= {(each["name"], part["name"]): part for part in each["fields"] or ()}
        return cls(build_client_schema(data, assume_valid=True), beside)

    def faults(self, document: DocumentNode) -> list[str]:
        """Return what is wrong with a document; a deprecated field, argument or value is wrong too."""
        rules = (*specified_rules, NoDeprecatedCustomRule)
        return [fault.message for fault in validate(self.graphql, document, rules)]

    def needs(self, document: DocumentNode, sizes: Mapping[str, int] | None = None) -> Needs:
        """Return what a sound document needs; ``sizes`` are those of pages that come as variables, by their names."""
        seen = _Seen(TypeInfo(self.graphql))
        visit(document, TypeInfoVisitor(seen.info, seen))
        scopes = {need for place in seen.places for need in self._access(place)}
        protected = {".".join(place) for place in seen.places if self.beside[place].get("isProtected")}
        return Needs(frozenset(scopes), tuple(sorted(protected)), self._points(document, sizes or {}))

    def protected_content(self, place: str) -> str:
        """Return what kind of a customer's data a field ("Order.email") holds, in Shopify's word."""
        type_name, _, name = place.partition(".")
        return str(self.beside[type_name, name]["protectedContent"])

    def topic_needs(self, topic: str) -> frozenset[Need]:
        """Return what a webhook's topic ("orders/paid") needs, by the text at its name."""
        kinds = self.beside["WebhookSubscriptionTopic", ""]["enumValues"]
        [text] = [kind["description"] for kind in kinds if kind["name"] == topic.upper().replace("/", "_")]
        return needs_in(text)

    def _access(self, place: tuple[str, str]) -> Iterator[Need]:
        yield from needs_in(self.beside[place].get("requiredAccess") or "")

    def _points(self, document: DocumentNode, sizes: Mapping[str, int]) -> int:
        counted = _Points(self.graphql, sizes)
        visit(document, TypeInfoVisitor(counted.info, counted))
        return counted.total


def needs_in(text: str) -> frozenset[Need]:
    """Read a sentence on access: "`a` scope or `b` scope. Also: ... c ..." asks for one of a and b, and for c."""
    needs = set()
    for part in text.split("Also:"):
        scopes = frozenset(SCOPE.findall(part))
        any_will_do = " or " in part or "at least one" in part
        needs |= {scopes} if any_will_do else {frozenset({scope}) for scope in scopes}
    return frozenset(need for need in needs if need)


def with_reading(scopes: frozenset[str]) -> frozenset[str]:
    """Return granted scopes with those that they include: writing includes reading."""
    return scopes | {scope.replace("write_", "read_", 1) for scope in scopes if scope.startswith("write_")}


class _Seen(Visitor):
    """Collects the types and fields that a document touches."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.places: set[tuple[str, str]] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, result = self.info.get_parent_type(), self.info.get_type()
        if parent is None or result is None or node.name.value.startswith("__"):
            return
        self.places |= {(parent.name, node.name.value), (parent.name, ""), (get_named_type(result).name, "")}


class _Points(Visitor):
    """Counts: an object 1, a scalar 0, a mutation 10; below a connection everything as often as the page has room."""

    def __init__(self, schema: GraphQLSchema, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.info = TypeInfo(schema)
        self.total = 0
        self._mutation = schema.mutation_type
        self._sizes = sizes
        self._times = [1]

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        if node.operation is OperationType.MUTATION:
            self.total += MUTATION_POINTS

    def enter_field(self, node: FieldNode, *_: object) -> None:
        definition = self.info.get_field_def()
        result = None if definition is None else get_named_type(definition.type)
        size = 1 if definition is None else self._size(node, definition)
        if result is not None and not is_leaf_type(result):
            self.total += self._times[-1] * self._own_points(result, size)
        self._times.append(self._times[-1] * size)

    def leave_field(self, *_: object) -> None:
        self._times.pop()

    def _own_points(self, result: GraphQLNamedType, size: int) -> int:
        """A connection, its edges and its page info cost nothing beside the nodes; a mutation's payload is the ten."""
        in_mutation = self._mutation is not None and self.info.get_parent_type() is self._mutation
        free = result.name.endswith(("Connection", "Edge")) or result.name == "PageInfo" or in_mutation
        return 0 if free else OBJECT_POINTS * size

    def _size(self, node: FieldNode, definition: GraphQLField) -> int:
        """Return how many objects a field can bring: a page of them, or one for each id."""
        if not COUNTING & set(definition.args):
            return 1
        sizes = [argument.value for argument in node.arguments or () if argument.name.value in COUNTING]
        if sizes and isinstance(sizes[0], IntValueNode):
            return int(sizes[0].value)
        if sizes and isinstance(sizes[0], VariableNode):
            return self._sizes.get(sizes[0].name.value, LARGEST_PAGE)
        return LARGEST_PAGE
