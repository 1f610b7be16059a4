# ruff: noqa: INP001 - no package: a folder for the path
"""Read by every Python that starts with this folder on its path: puts the defect in that CHAOS_MUTANT names."""

from __future__ import annotations

import os

if os.environ.get("CHAOS_MUTANT"):
    from tests.chaos.mutants import hook

    hook.install(os.environ["CHAOS_MUTANT"])
