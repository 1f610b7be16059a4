"""TEST USE ONLY: shape a value as a GraphQL selection asks; what is not there or not allowed becomes an error entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.graphql import BadDocument, Document, Field, Variable

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """A value that the app may not see; it reads null, and an error says which scope is missing."""

    scope: str


Lazy = Callable[[Mapping[str, Any]], Any]
"""A field that takes arguments: called with them when it is selected."""


@dataclass(slots=True)
class Shaper:
    """Answers selections for one request; ``errors`` fills up on the way."""

    document: Document
    variables: Mapping[str, Any]
    errors: list[dict[str, Any]] = field(default_factory=list)
    cost: int = 0

    def shape(self, value: Any, selection: tuple[Field, ...], path: Path) -> Any:
        """The value, cut to the selection. Raises BadDocument for a field that does not exist."""
        if isinstance(value, Denied):
            self.deny(value, path)
            return None
        if isinstance(value, list):
            return [self.shape(item, selection, (*path, n)) for n, item in enumerate(value)]
        if not isinstance(value, dict):
            if selection and value is not None:
                message = f"Selections can't be made on scalars ({path[-1]})"
                raise BadDocument(message)
            return value
        if not selection:
            message = f"Field must have selections ({path[-1]})"
            raise BadDocument(message)
        self.cost += 1
        return {f.alias: self.one(value, f, (*path, f.alias)) for f in self.flat(selection)}

    def one(self, owner: Mapping[str, Any], wanted: Field, path: Path) -> Any:
        """One field of an object."""
        if wanted.name not in owner:
            message = f"Field '{wanted.name}' doesn't exist on type '{owner.get('__typename', 'Object')}'"
            raise BadDocument(message)
        value = owner[wanted.name]
        if callable(value):
            value = value(self.filled(wanted.arguments))
        return self.shape(value, wanted.selection, path)

    def flat(self, selection: tuple[Field, ...]) -> list[Field]:
        """The selection with fragments put in place, and without what a directive leaves out."""
        found: list[Field] = []
        for wanted in selection:
            if not self.stays(wanted):
                continue
            if not wanted.name.startswith("..."):
                found.append(wanted)
                continue
            name = wanted.name.removeprefix("...")
            if name and name not in self.document.fragments:
                message = f"Fragment {name} was used, but not defined"
                raise BadDocument(message)
            found += self.flat(self.document.fragments[name] if name else wanted.selection)
        return found

    def stays(self, wanted: Field) -> bool:
        """Whether ``@include`` and ``@skip`` let the field stay."""
        include = self.filled(wanted.directives.get("include", {})).get("if", True)
        skip = self.filled(wanted.directives.get("skip", {})).get("if", False)
        return bool(include) and not skip

    def filled(self, value: Any) -> Any:
        """The value with the variables put in. Raises BadDocument for a variable nobody gave."""
        if isinstance(value, Variable):
            return self.variables.get(value.name)
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value

    def deny(self, denied: Denied, path: Path) -> None:
        """Note ACCESS_DENIED as Shopify does: the data stays, with null at this place."""
        self.errors.append(
            {
                "message": f"Access denied for {path[-1]} field. Required access: `{denied.scope}` access scope.",
                "path": list(path),
                "extensions": {"code": "ACCESS_DENIED", "requiredAccess": f"`{denied.scope}` access scope."},
            }
        )
