"""JSON lines with allow-listed fields only, so that nothing about a buyer can get out by a log."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

ALLOWED = (
    "shop_id", "order_id", "webhook_id", "topic", "outcome", "reason", "result", "count", "attempt",
    "status", "code", "subcode", "trace_id", "seconds", "error_id", "error",
    "user_id", "purpose",
)  # fmt: skip
"""`error` is the name of an exception's class, never its text. `user_id` and `purpose`: which member of the staff read
customer data, and what for."""

SECRETS = re.compile(
    r"EAA[A-Za-z0-9]{8,}|shp(?:at|ca|ss|rt|pa)_[A-Za-z0-9]+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|[^\s@\"']+@[^\s@\"']+\.[a-z]{2,}"
    r"|\b[0-9a-f]{64}\b|\?[^\s\"'<>]*=[^\s\"'<>]*|\+?[0-9][0-9 ()-]{8,}[0-9]",
    re.IGNORECASE,
)


class JsonLines(logging.Formatter):
    """One line a record: time, level, event, and what of `extra` is on the list. Tracebacks keep places, not values."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # our events are constant texts; a library's text goes through the net for whatever looks like data
            "event": record.msg
            if record.name.startswith(("plugin", "webhooks", "app"))
            else SECRETS.sub("[hidden]", record.getMessage()),
        }
        line |= {key: value for key in ALLOWED if (value := getattr(record, key, None)) is not None}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _where(record)
        return json.dumps(line, default=str, ensure_ascii=False)


def _where(record: logging.LogRecord) -> list[str]:
    trace = record.exc_info[2] if record.exc_info else None
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-6:]


def set_up(level: int = logging.INFO) -> None:
    """Send every logger's lines to stderr in this form.

    Libraries speak from warning up: procrastinate logs the arguments of jobs at info.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("plugin", "webhooks", "app"):
        logging.getLogger(name).setLevel(level)
