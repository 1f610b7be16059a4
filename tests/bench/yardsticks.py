"""What the app is measured beside: the same requests, answered by the least that Flask can do, and by the stock way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.bench.bodies import SECRET

HOOK, POST = "/hook", "/post"
EVENT = json.dumps({"event_name": "Purchase", "user_data": {"em": ["0" * 64] * 25}})
"""About as long as the event of an order."""


def _signed() -> bool:
    ours = base64.b64encode(hmac.digest(SECRET.encode(), request.get_data(cache=False), hashlib.sha256)).decode()
    return hmac.compare_digest(ours, request.headers.get("X-Shopify-Hmac-Sha256", ""))


def bare() -> Flask:
    """Return an app that checks a webhook's signature, or reads a post, and does nothing else: nothing is kept."""
    app = Flask(__name__)

    @app.post(HOOK)
    def hook() -> ResponseReturnValue:
        return "", 200 if _signed() else 401

    @app.post(POST)
    def post() -> ResponseReturnValue:
        json.loads(request.get_data(cache=False))
        return "", 204

    return app


class Base(DeclarativeBase):
    """The stock app's tables."""


def stock() -> Flask:
    """Return an app that checks the signature and keeps one row the way Flask-SQLAlchemy's manual shows it."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["BENCH_STOCK_DATABASE"]
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 16, "max_overflow": 16}
    db = SQLAlchemy(app, model_class=Base)

    class Row(db.Model):  # type: ignore[name-defined, misc]  # made anew for each app
        __tablename__ = "stock_order"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
        shop: Mapped[str] = mapped_column(Text)
        webhook_id: Mapped[str] = mapped_column(Text)
        event: Mapped[str] = mapped_column(Text)

    with app.app_context():
        db.create_all()
        db.engine.dispose()  # before gunicorn forks

    @app.post(HOOK)
    def hook() -> ResponseReturnValue:
        if not _signed():
            return "", 401
        headers = request.headers
        shop, webhook_id = headers["X-Shopify-Shop-Domain"], headers["X-Shopify-Webhook-Id"]
        db.session.add(Row(shop=shop, webhook_id=webhook_id, event=EVENT))
        db.session.commit()
        return "", 200

    return app
