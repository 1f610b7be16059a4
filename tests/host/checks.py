"""What must hold after the chapters of docs/host.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from tests.host import knock
from tests.host.shell import NotAsPromised, as_service, orders, rows, sh, status, told, until

WEB = ("backstop-web@8001", "backstop-web@8002")
UNITS = (*WEB, "backstop-worker")
certificate = knock.certificate


@dataclass(slots=True)
class Counted:
    """How many checks held."""

    held: int = 0


COUNTED = Counted()


def holds(what: str, found: object, wanted: object = True) -> None:  # noqa: FBT002 - most checks are yes or no
    """Go on if something is as promised."""
    if found != wanted:
        raise NotAsPromised(f"{what}: {found!r}, not {wanted!r}")
    COUNTED.held += 1
    told(f"  held: {what}")


@cache
def key() -> str:
    """Return the key of the store's pixel; the store is installed if it is not."""
    return as_service("tests.host.store", "install")


def settings() -> None:
    """Nobody else may read keys and settings."""
    listed = sh("stat -c '%a %U' /etc/conversion-backstop/keys /etc/conversion-backstop/env").splitlines()
    holds("keys are the services', settings are root's", listed, ["400 backstop", "600 root"])
    holds("nobody else reads keys", status("runuser -u www-data -- cat /etc/conversion-backstop/keys") != 0)


def postgresql() -> None:
    """The server checks its pages, listens to nobody outside, and lets the right user in."""
    holds("pages have checksums", rows("SHOW data_checksums"), "on")
    holds("PostgreSQL has no port", sh("ss -Htln 'sport = :5432'"), "")
    holds(
        "other users are turned away", status("runuser -u www-data -- psql -d conversion_backstop -c 'SELECT 1'") != 0
    )
    holds("tables belong to the role", rows("SELECT tableowner FROM pg_tables WHERE tablename = 'shop'"), "backstop")


def pid(unit: str) -> str:
    """Return the number of a unit's first process."""
    return sh(f"systemctl show --property MainPID --value {unit}").strip()


def _active(unit: str) -> bool:
    return status(f"systemctl is-active {unit}") == 0


def ready(port: int) -> bool:
    """Whether a web service answers that it is ready."""
    return status(f"curl -fsS --max-time 5 http://127.0.0.1:{port}/health/ready") == 0


def services() -> None:
    """They run as their user in their sandbox, come back after a crash, and stay away with a wrong key."""
    holds("a store is installed", len(key()) > 16)
    for unit in UNITS:
        sh(f"systemctl is-active {unit}")
        holds(f"{unit} runs as its user", sh(f"stat -c %U /proc/{pid(unit)}").strip(), "backstop")
        told("  " + sh(f"systemd-analyze security --no-pager {unit}").splitlines()[-1].strip())
    inside = f"nsenter --target {pid(WEB[0])} --mount touch"
    holds("the program is read-only to it", status(f"{inside} /opt/conversion-backstop/current/x") != 0)
    holds("its data folder is not", status(f"{inside} /var/lib/conversion-backstop/x"), 0)
    sh("rm /var/lib/conversion-backstop/x")
    before = pid(WEB[0])
    sh(f"kill -KILL {before}")
    until("a killed web service is back", lambda: pid(WEB[0]) not in {"0", before} and _active(WEB[0]))
    holds("a killed web service comes back", ready(8001))
    _wrong_key()
    _without_a_database()


def _wrong_key() -> None:
    keys = "/etc/conversion-backstop/keys"
    sh(
        f"cp -p {keys} {keys}.right; systemctl stop backstop-worker; chmod 600 {keys};"
        f" /opt/conversion-backstop/current/.venv/bin/backstop keys new --name other >{keys}; chmod 400 {keys};"
        " systemctl start backstop-worker"
    )
    show = "systemctl show --property ActiveState,ExecMainStatus,NRestarts backstop-worker | sort"
    until("a wrong key ends the worker", lambda: "ActiveState=failed" in sh(show))
    holds("a wrong key ends it once", sh(show).split(), ["ActiveState=failed", "ExecMainStatus=78", "NRestarts=0"])
    sh(f"mv {keys}.right {keys}; systemctl reset-failed backstop-worker; systemctl start backstop-worker")
    before = _beats()
    until("the worker lives again", lambda: _beats() > before)


def _beats() -> int:
    """Return how many signs of life of workers there were; -1: nobody can say."""
    asked = "runuser -u backstop -- psql -qtAX -d conversion_backstop -c 'SELECT beats FROM ledger_mark' || echo -1"
    return int(sh(asked))


def _without_a_database() -> None:
    before, worker = _beats(), pid("backstop-worker")
    sh("systemctl stop postgresql@15-main; sleep 6")
    holds("without a database it is not ready", ready(8001), False)
    holds("a worker waits for it", pid("backstop-worker"), worker)
    sh(f"kill -KILL {worker}; sleep 6; systemctl start postgresql@15-main")
    until("all are back with their database", lambda: ready(8001) and ready(8002) and _beats() > before)
    holds("a worker that died without its database is back", pid("backstop-worker") not in {"0", worker})


def proxy() -> None:
    """Requests as they should be, and as they should not."""
    holds("http leads to https", knock.plain("/x?y=1"), (308, f"https://{knock.NAME}/x?y=1"))
    holds("another name gets no answer by http", knock.plain("/", "x.test")[0], 0)
    holds("another name gets no TLS", knock.stranger(), False)
    answer, headers = knock.ask("GET", "/health/ready")
    holds("it is ready", answer, 200)
    holds("browsers are told to stay with https", headers["strict-transport-security"], "max-age=31536000")
    holds("figures are nobody's outside", knock.ask("GET", "/metrics")[0], 404)
    _webhooks()
    _posts()
    holds("long headers are turned away", knock.ask("GET", "/", headers={"X-Long": "x" * 70_000})[0], 400)
    holds("a large body to a page is turned away", knock.ask("POST", "/", b"x" * 2_000_000)[0], 413)
    seconds, held = knock.slow_body(30)
    holds(f"a slow body is cut after {seconds:.0f} s", 8 < seconds < 15)
    holds("and never reached the app", held, 0)
    waiting, answered, took = knock.slow_bodies(500)
    holds(f"beside {waiting} slow bodies a webhook is taken, in {took:.2f} s", (waiting > 400, answered), (True, 200))
    log = sh("cat /var/log/nginx/backstop.*.log; journalctl --unit 'backstop-*' --output cat --no-pager")
    holds("no log has a query string", re.findall(r"\?(?:y=1|id_token)[^\"]*", log), [])


def _webhooks() -> None:
    number = knock.new_order()
    holds("a signed webhook is taken", knock.webhook(knock.order(number)), 200)
    holds("told again it is taken too", knock.webhook(knock.order(number)), 200)
    holds("it is one row", orders([number]), [str(number)])
    holds("a forged one is not", knock.webhook(knock.order(number), b"another secret"), 401)
    holds("a large one is taken", knock.webhook(knock.order(knock.new_order(), 3_000_000)), 200)
    holds("one too large is not", knock.webhook(knock.order(number, 11_000_000)), 413)


def _posts() -> None:
    spoofed = {"X-Forwarded-For": "8.8.8.8", "Forwarded": "for=8.8.4.4", "X-Forwarded-Host": "x.test"}
    holds("a post of the pixel is taken", knock.post(key(), "proxied", headers=spoofed), 204)
    holds("with the address that nginx saw", as_service("tests.host.store", "seen", "proxied"), knock.BUYER)
    holds("a large post is not", knock.post(key(), "large", padding=17_000), 413)
    holds("a flood from one address is turned away", knock.flood(3000), {400, 429})


def figures() -> None:
    """Prometheus reads the figures, and its rules work."""
    until("Prometheus has figures", lambda: bool(_asked('up{job="backstop"} == 1')))
    for name in ("worker_heartbeat_age_seconds", "webhook_received_total", "ledger_rows"):
        holds(f"{name} is told", bool(_asked(name)))
    until("rules were looked at", lambda: "unknown" not in {rule["health"] for rule in _rules()})
    holds(f"{len(_rules())} rules are sound", {rule["health"] for rule in _rules()}, {"ok"})
    holds("each alarm goes off by what it is for", status("promtool test rules /root/given/tests/host/alarms.yml"), 0)
    firing = [rule["name"] for rule in _rules() if rule["state"] == "firing"]
    told(f"  alarms now: {', '.join(firing) or 'none'}")


def _rules() -> list[dict[str, str]]:
    return list(_prometheus("rules")["groups"][0]["rules"])


def _asked(query: str) -> list[object]:
    return list(_prometheus(f"query?query={quote(query)}")["result"])


def _prometheus(path: str) -> dict[str, Any]:
    patience = "--retry 20 --retry-connrefused --retry-delay 1"
    return dict(json.loads(sh(f"curl -fsS {patience} 'http://127.0.0.1:9090/api/v1/{path}'"))["data"])
