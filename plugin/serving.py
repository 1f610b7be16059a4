"""The web server's first process: granian, whose children end at once when they are told to before the app is loaded.

They are forked with the parent's handlers of signals, which do nothing in a child until the server sets its own, when
the app is there: a stop in these seconds would be noticed by nobody, and end by force after the time that requests are
given.
"""

from __future__ import annotations

import os
import signal

from granian.cli import entrypoint


def as_by_default() -> None:
    """Let signals end this process at once: no request is under way in it yet."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_DFL)


if __name__ == "__main__":
    os.register_at_fork(after_in_child=as_by_default)
    entrypoint()  # type: ignore[no-untyped-call]  # granian's
