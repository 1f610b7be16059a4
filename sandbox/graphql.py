"""TEST USE ONLY: enough of GraphQL to read an app's documents and to answer them field by field.

It reads operations, aliases, arguments, variables with defaults, nested selections, inline and named fragments, and
``@include``/``@skip``. It knows no schema: a field that the answering side does not offer is an error, as with Shopify.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(
    r"""[\s,\ufeff]+|\#[^\n]*|(?P<block>\"{3}.*?\"{3})|(?P<string>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[_A-Za-z]\w*)|(?P<mark>\.\.\.|[!$&()\[\]{}:=@|])""",
    re.DOTALL,
)
DEEPEST = 40
WORDS = {"true": True, "false": False, "null": None}


class BadDocument(ValueError):
    """The document cannot be read, or asks for what is not there."""


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name`` where a value is expected."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One selected field; a fragment's spread is a field whose name starts with ``...``."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    directives: dict[str, dict[str, Any]] = field(default_factory=dict)
    selection: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """A query or a mutation."""

    kind: str
    name: str
    defaults: dict[str, Any]
    selection: tuple[Field, ...]


@dataclass(slots=True)
class Document:
    """All that a document defines."""

    operations: list[Operation] = field(default_factory=list)
    fragments: dict[str, tuple[Field, ...]] = field(default_factory=dict)

    def operation(self, name: str | None) -> Operation:
        """The named operation, or the only one. Raises BadDocument."""
        fitting = [op for op in self.operations if name in (None, "", op.name)]
        if len(fitting) != 1:
            message = "no such operation" if name else "the document must hold exactly one operation, or name one"
            raise BadDocument(message)
        return fitting[0]


def parse(source: str) -> Document:
    """Read a document. Raises BadDocument."""
    reader, document = Reader(source), Document()
    while reader.peek() is not None:
        if reader.take_if("fragment"):
            name = reader.take()
            reader.expect("on")
            reader.take()
            document.fragments[name] = reader.selection(0)
        else:
            document.operations.append(reader.operation())
    return document


def tokens(source: str) -> Iterator[str]:
    """Cut a document into tokens; white space, commas and comments are dropped. Raises BadDocument."""
    at = 0
    while at < len(source):
        found = TOKEN.match(source, at)
        if found is None:
            message = f"unexpected character at {at}"
            raise BadDocument(message)
        at = found.end()
        if found.lastgroup is not None:
            yield found[0]


def scalar(token: str) -> Any:
    """The value that a token stands for."""
    if token.startswith('"""'):
        return token[3:-3].strip()
    if token in WORDS:
        return WORDS[token]
    try:
        return json.loads(token)
    except ValueError:
        return token


class Reader:
    """A reader of one document, from left to right."""

    def __init__(self, source: str) -> None:
        self._tokens = list(tokens(source))
        self._at = 0

    def peek(self) -> str | None:
        """The next token, or None at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> str:
        """The next token, used up."""
        token = self.peek()
        if token is None:
            message = "unexpected end of document"
            raise BadDocument(message)
        self._at += 1
        return token

    def take_if(self, token: str) -> bool:
        """Use up the next token if it is this one."""
        if self.peek() != token:
            return False
        self._at += 1
        return True

    def expect(self, token: str) -> None:
        """Use up the next token, which must be this one."""
        if (found := self.take()) != token:
            message = f"expected {token}, found {found}"
            raise BadDocument(message)

    def operation(self) -> Operation:
        """``query Name($a: T = 1) { ... }``, or just ``{ ... }``."""
        if self.peek() == "{":
            return Operation("query", "", {}, self.selection(0))
        kind = self.take()
        if kind not in {"query", "mutation"}:
            message = f"unexpected {kind}"
            raise BadDocument(message)
        name = "" if self.peek() in {"(", "{", "@"} else self.take()
        defaults = self.variables() if self.take_if("(") else {}
        self.directives()
        return Operation(kind, name, defaults, self.selection(0))

    def variables(self) -> dict[str, Any]:
        """The defaults of ``($a: T!, $b: [T] = 1)``."""
        defaults = {}
        while not self.take_if(")"):
            self.expect("$")
            name = self.take()
            self.expect(":")
            while self.peek() not in {"$", "=", ")"}:
                self.take()
            if self.take_if("="):
                defaults[name] = self.value(0)
        return defaults

    def selection(self, depth: int) -> tuple[Field, ...]:
        """``{ a b: c(d: 1) { e } ...F ... on T { g } }``."""
        if depth > DEEPEST:
            message = "too deep"
            raise BadDocument(message)
        self.expect("{")
        found = []
        while not self.take_if("}"):
            found.append(self.spread(depth) if self.take_if("...") else self.one_field(depth))
        return tuple(found)

    def spread(self, depth: int) -> Field:
        """What follows ``...``."""
        if self.take_if("on"):
            self.take()
        elif self.peek() not in {"{", "@"}:
            name = self.take()
            return Field(f"...{name}", "", directives=self.directives())
        return Field("...", "", directives=self.directives(), selection=self.selection(depth + 1))

    def one_field(self, depth: int) -> Field:
        """``alias: name(arguments) @directive { selection }``."""
        alias = name = self.take()
        if self.take_if(":"):
            name = self.take()
        if not re.fullmatch(r"[_A-Za-z]\w*", name):
            message = f"unexpected {name}"
            raise BadDocument(message)
        arguments = self.pairs(")", depth) if self.take_if("(") else {}
        directives = self.directives()
        return Field(name, alias, arguments, directives, self.selection(depth + 1) if self.peek() == "{" else ())

    def directives(self) -> dict[str, dict[str, Any]]:
        """``@include(if: $a)`` and the like."""
        found = {}
        while self.take_if("@"):
            name = self.take()
            found[name] = self.pairs(")", 0) if self.take_if("(") else {}
        return found

    def pairs(self, end: str, depth: int) -> dict[str, Any]:
        """``a: 1, b: $c`` up to the closing mark."""
        found = {}
        while not self.take_if(end):
            name = self.take()
            self.expect(":")
            found[name] = self.value(depth + 1)
        return found

    def value(self, depth: int) -> Any:
        """One value; enums become strings."""
        if depth > DEEPEST:
            message = "too deep"
            raise BadDocument(message)
        token = self.take()
        if token == "$":
            return Variable(self.take())
        if token == "[":
            found = []
            while not self.take_if("]"):
                found.append(self.value(depth + 1))
            return found
        return self.pairs("}", depth) if token == "{" else scalar(token)
