"""Alembic's entry: migrations run on the connection that `schema.upgrade` hands over."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from alembic import context

from plugin.storage.models import Base


def ours(name: str | None, kind: str, parents: MutableMapping[Any, str | None]) -> bool:
    """Leave alone what is not in the models: the queue's own tables and the evidence partitions."""
    table = name if kind == "table" else parents.get("table_name")
    return kind == "schema" or table is None or table in Base.metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=ours,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
