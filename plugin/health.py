"""For operators: does the process live, can it do its work."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from plugin.services import services
from plugin.storage import schema

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    """Answer as long as the process does; asks nobody else."""
    return {"live": True}


@blueprint.get("/ready")
def ready() -> ResponseReturnValue:
    """Answer 503 until the database can be written and has the shape that this version needs. Meta has no say in it."""
    with services().database.transaction() as conn:
        version = conn.execute("SELECT version_num FROM alembic_version").fetchone()
        conn.execute("CREATE TEMP TABLE ready_probe (x int) ON COMMIT DROP")
    if version is None or version["version_num"] != schema.newest():
        return {"ready": False, "why": "run `backstop db upgrade`"}, HTTPStatus.SERVICE_UNAVAILABLE
    return {"ready": True}
