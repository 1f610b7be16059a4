"""Where the time of a webhook and of an evidence post goes: the real app on a real PostgreSQL, under cProfile.

`python -m tests.bench.profile [orders]` prints the functions with most time of their own. Only the thread that answers
is looked at; what other threads of the process use is told as a sum.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from app import create_app
from plugin.services import Services
from plugin.storage import orm
from tests.bench.bodies import Orders, Posts
from tests.bench.site import Site, site

LINES = 25
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def environ_of(request: bytes) -> dict[str, Any]:
    """Return the WSGI environment that a server makes of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, protocol = first.split(" ")
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": protocol,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for line in rest:
        name, _, value = line.partition(": ")
        key = name.upper().replace("-", "_")
        made[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return made


def answer(app: Wsgi, environs: Sequence[dict[str, Any]]) -> None:
    """Let the app answer these, one after the other. Raises AssertionError at an answer that is not 2xx."""
    told: list[str] = []
    for environ in environs:
        for _ in app(environ, lambda status, _headers, _fault=None: told.append(status)):
            pass
    assert all(status.startswith("2") for status in told), set(told)


def profiled(app: Wsgi, requests: Sequence[bytes]) -> str:
    """Return the table of functions, in microseconds a request."""
    environs = [environ_of(request) for request in requests]
    answer(app, environs[: len(environs) // 4])
    plain = environs[len(environs) // 4 : len(environs) // 2]
    thread, process = time.thread_time(), time.process_time()
    answer(app, plain)
    thread, process = time.thread_time() - thread, time.process_time() - process
    rest = environs[len(environs) // 2 :]
    watch = cProfile.Profile(time.thread_time)
    watch.enable()
    answer(app, rest)
    watch.disable()
    each = 1e6 / len(plain)
    lines = [f"CPU without the profiler: {thread * each:.0f} us here, {(process - thread) * each:.0f} us elsewhere"]
    lines.append(f"{'own us':>8} {'with callees':>12} {'calls':>7}  function")
    stats = pstats.Stats(watch).strip_dirs().stats  # type: ignore[attr-defined]  # typeshed does not know it
    by_own = sorted(stats.items(), key=lambda item: -item[1][2])
    for (file, line, name), (_, calls, own, total, _) in by_own[:LINES]:
        share = 1e6 / len(rest)
        lines.append(f"{own * share:8.1f} {total * share:12.1f} {calls / len(rest):7.1f}  {file}:{line} {name}")
    return "\n".join(lines)


def tables(built: Site, count: int) -> dict[str, str]:
    """Return both tables."""
    stores = built.install(20, prefix="profile")
    app = create_app(built.settings, built.url)
    given = app.extensions["backstop"]
    assert isinstance(given, Services)
    try:
        return {
            "orders/paid": profiled(app.wsgi_app, Orders(stores).requests(5_000_000, count)),
            "pixel/evidence": profiled(app.wsgi_app, Posts(stores).requests(5_000_000, count)),
        }
    finally:
        given.close()
        orm.close(app)


def main() -> None:
    """Print both tables."""
    with site() as built:
        for name, table in tables(built, int(sys.argv[1]) if len(sys.argv) > 1 else 2000).items():
            print(f"\n== {name}, one at a time\n{table}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
