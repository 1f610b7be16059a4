"""TEST USE ONLY: `python -m sandbox.story` tells the story; exit 0 only if all is as promised."""

from __future__ import annotations

import sys
import time

from sandbox.stage import Stage, StageFault
from sandbox.story.actor import Actor, NotAsPromised
from sandbox.story.chapters import CHAPTERS


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(actor: Actor) -> None:
    """Tell chapter after chapter."""
    for chapter in CHAPTERS:
        start = time.monotonic()
        chapter(actor)
        say(f"  ok {time.monotonic() - start:5.1f} s  {(chapter.__doc__ or '').strip()}")


def main() -> int:
    """Tell the story, then the table of its orders; on a wrong turn also the logs' ends."""
    start = time.monotonic()
    try:
        with Stage() as stage:
            say(f"The processes are up after {time.monotonic() - start:.1f} s.")
            actor = Actor(stage)
            try:
                tell(actor)
            except NotAsPromised as fault:
                say(f"NOT AS PROMISED: {fault}")
                for name, text in stage.logs().items():
                    say(f"--- {name}\n{text[-1500:]}")
                return 1
    except StageFault as fault:
        say(f"NOT AS PROMISED: {fault}")
        return 1
    say("")
    for number, outcome, meta in actor.told:
        say(f"  {number:<8} {outcome:<32} Meta received: {meta}")
    say(f"\nAll as promised, {len(CHAPTERS)} chapters in {time.monotonic() - start:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
