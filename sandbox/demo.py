"""TEST USE ONLY: `python -m sandbox.demo`: the main job in a browser; Ctrl-C stops all of it."""

from __future__ import annotations

import argparse
import signal
import socket
import subprocess
import sys
import threading
from types import FrameType

import requests

from sandbox.stage import BACKSTOP, ROOT, Stage, StageFault

SHOP = "lantern.myshopify.com"
PORT = 9400
REPORT_EVERY = 2
"""Seconds between two looks of the guide at the ledger."""
WELCOME = """
  Open   {admin}/

  It is a stand-in for a store's Shopify admin, on this machine only (TEST USE ONLY: neither Shopify nor Meta).
  The panel "What to try" leads through six steps. The storefront is at http://store.localhost:{port}/ and
  Meta's Events Manager at http://meta.localhost:{port}/ . Ctrl-C stops everything and leaves nothing behind.
"""


def busy(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def report(stage: Stage) -> subprocess.Popen[str]:
    """Let `backstop orders counts` tell the guide, again and again, what the ledger holds."""
    words = [BACKSTOP, "orders", "counts", SHOP, "--json", "--every", str(REPORT_EVERY)]
    counting = subprocess.Popen(
        words,
        cwd=ROOT,
        env=stage.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    threading.Thread(target=_pass_on, args=(stage, counting), daemon=True).start()
    return counting


def _pass_on(stage: Stage, counting: subprocess.Popen[str]) -> None:
    for line in counting.stdout or ():
        body = f'{{"shop": "{SHOP}", "counts": {line}}}'
        try:
            requests.post(
                f"{stage.sandbox}/guide.json", data=body, headers={"Content-Type": "application/json"}, timeout=5
            )
        except requests.RequestException:
            return  # the sandbox is going down


def stop(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the demo as Ctrl-C does."""
    raise KeyboardInterrupt


def main() -> int:
    """Set the stage, print the one address, and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="backstop demo")
    parser.add_argument("--port", type=int, default=PORT, help="of the sandbox; the app takes the next one")
    port = parser.parse_args().port
    taken = [number for number in (port, port + 1) if busy(number)]
    if taken:
        sys.stderr.write(f"Port {taken[0]} is taken on this machine. Try another pair: make demo PORT={port + 100}\n")
        return 1
    signal.signal(signal.SIGTERM, stop)
    try:
        with Stage(port, browser=True) as stage:
            counting = report(stage)
            try:
                sys.stdout.write(WELCOME.format(admin=stage.admin, port=port))
                sys.stdout.flush()
                signal.pause()
            finally:
                counting.terminate()
                counting.wait(10)
    except KeyboardInterrupt:
        sys.stdout.write("\nEverything is stopped.\n")
    except StageFault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
