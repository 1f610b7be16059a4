"""JSON lines with allow-listed fields only, so that nothing about a buyer can get out by a log."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

OURS: Final = ("plugin", "webhooks", "app")
IDS: Final = ("shop_id", "order_id", "webhook_id", "attempt", "trace_id", "error_id", "user_id", "count", "seconds")
WORDS: Final = ("shop", "topic", "outcome", "reason", "result", "status", "code", "subcode", "error", "purpose")
ALLOWED: Final = IDS + WORDS
"""All that a line may carry beside its event. Ids and numbers stand as they are; words go through the net. `error` is
the name of an exception's class, never its text. `user_id` and `purpose`: which member of the staff read customer data,
and what for. `shop`: the domain that somebody claimed who was turned away."""
LONGEST: Final = 200
"""Characters of a value; what is longer is no id and no word."""
SERVERS: Final = ("_granian", "granian", "granian.access")
"""Loggers of the web server, which come with handlers of their own."""
SECRETS: Final = re.compile(
    r"EAA[A-Za-z0-9]{8,}|shp(?:at|ca|ss|rt|pa)_[A-Za-z0-9]+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
    r"|//[^\s/@]+@|[^\s@\"']+@[^\s@\"']+\.[a-z]{2,}"
    r"|\b[0-9a-f]{64}\b|\b[A-Za-z0-9+/]{43}=|\?[^\s\"'<>]*=[^\s\"'<>]*|\+?[0-9][0-9 ()./-]{8,}[0-9]",
    re.IGNORECASE,
)
"""Tokens of Meta and Shopify, signed tokens, passwords of addresses, e-mail addresses, SHA-256 digests, 32 bytes in
base64, whatever stands after the question mark of an address, telephone numbers."""


class JsonLines(logging.Formatter):
    """One line a record: time, level, event, and what of `extra` is on the list. Tracebacks keep places, not values."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # our events are constant texts; a library's text goes through the net for whatever looks like data
            "event": record.msg if record.name.partition(".")[0] in OURS else clean(record.getMessage()),
        }
        line |= {key: _short(value) for key in IDS if (value := getattr(record, key, None)) is not None}
        line |= {key: clean(str(value)) for key in WORDS if (value := getattr(record, key, None)) is not None}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _where(record.exc_info[2])
        return json.dumps(line, default=str, ensure_ascii=False)


def clean(text: str) -> str:
    """Return a text without what looks like a secret or a person."""
    return SECRETS.sub("[hidden]", text)


def _short(value: object) -> object:
    return value if isinstance(value, int | float) else str(value)[:LONGEST]


def _where(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-6:]


def set_up(level: int = logging.INFO) -> None:
    """Send every logger's lines to stderr in this form, the web server's and warnings too.

    Libraries speak from warning up: procrastinate logs the arguments of jobs at info. What ends a process or a thread
    goes the same way: the interpreter's own traceback would print an exception's text, and PostgreSQL's quotes values.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in SERVERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    sys.excepthook = _tell_end
    threading.excepthook = lambda end: _tell_end(end.exc_type, end.exc_value, end.exc_traceback)


def _tell_end(kind: type[BaseException], fault: BaseException | None, trace: TracebackType | None) -> None:
    if fault is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        logging.getLogger("app").critical("ended by an error", exc_info=(kind, fault, trace))
