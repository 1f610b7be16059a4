"""The models behind Flask's request: pages that only read go through a session; hot paths and jobs write plain SQL."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from plugin.storage.database import DatabaseAway
from plugin.storage.models import Base, PolicyChangeRow
from plugin.storage.schema import for_sqlalchemy

db = SQLAlchemy(metadata=Base.metadata)
POOL = {
    "pool_size": 2,
    "max_overflow": 2,
    "pool_timeout": 4,
    "pool_pre_ping": True,
    "connect_args": {"connect_timeout": 3},
}


def bind(app: Flask, url: str) -> None:
    """Give an app its sessions; no connection is opened before the first is needed."""
    app.config["SQLALCHEMY_DATABASE_URI"] = for_sqlalchemy(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = POOL
    db.init_app(app)


def policy_changes(shop_id: int, limit: int = 100, *, before: int | None = None) -> Sequence[PolicyChangeRow]:
    """Return a shop's switch log, the newest change first, those older than `before` (an id). Only within a request.

    Raises:
        DatabaseAway: see there.
    """
    wanted = select(PolicyChangeRow).where(PolicyChangeRow.shop_id == shop_id).order_by(PolicyChangeRow.id.desc())
    if before is not None:
        wanted = wanted.where(PolicyChangeRow.id < before)
    try:
        return db.session.scalars(wanted.limit(limit)).all()
    except OperationalError as cause:
        raise DatabaseAway(type(cause).__name__) from None  # its text may quote values


def close(app: Flask) -> None:
    """Close the sessions' connections."""
    with app.app_context():
        db.engine.dispose()
