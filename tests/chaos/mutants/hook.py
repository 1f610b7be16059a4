"""Changing a module of the app right after it was read, before anybody else takes something from it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

Change = Callable[[Any], None]


class _Changing(Loader):
    def __init__(self, whole: Loader, change: Change) -> None:
        self._whole, self._change = whole, change

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._whole.exec_module(module)
        self._change(module)


class _Finder(MetaPathFinder):
    def __init__(self, changes: dict[str, Change]) -> None:
        self._changes = changes

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        change = self._changes.get(fullname)
        if change is None:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Changing(spec.loader, change)
        return spec


def install(name: str) -> None:
    """Let this process have the defects of that name; several may be joined by a plus."""
    every: dict[str, Change] = {}
    mutants = importlib.import_module("tests.chaos.mutants.defects").MUTANTS
    for one in name.split("+"):
        every |= mutants[one].changes
    sys.meta_path.insert(0, _Finder(every))
