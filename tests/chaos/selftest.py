"""``python -m tests.chaos.selftest``: each deliberate defect has a run of its own, which must notice it.

Beside them go runs without any defect, which must notice nothing. CHAOS_MUTANTS names some only.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping

from tests.chaos import static
from tests.chaos.mutants.defects import MUTANTS, SLOW, Mutant
from tests.chaos.plan import Size, plan_for
from tests.chaos.running import begin, run

LIMIT = 360.0
"""Seconds for one run; one that does not end has noticed something, but that does not count."""


def size(seed: int, *, probes: bool) -> Size:
    """A run of about a minute, with much of everything."""
    return Size(
        orders=360,
        seed=seed,
        seconds=32,
        kills=6,
        database_stops=1,
        flips=6,
        leaving=1,
        rotate_every=8,
        drain=110,
        calm_steps=9,
        step=1500,
        faulty=0.15,
        probes=probes,
        erased=0.03,
        rare=2,
        away=(5.5, 7.0),
    )


async def breaches(name: str, mutant: Mutant | None, seed: int) -> Mapping[str, list[str]]:
    """What a run with a defect finds; a run that breaks down finds ``broke_down``."""
    plan = plan_for(size(seed, probes=mutant is None or mutant.needs_probe or name == "broken_rotation"))
    try:
        outcome = await asyncio.wait_for(run(plan, name if mutant else ""), LIMIT)
    except (TimeoutError, OSError, LookupError) as fault:
        return {"broke_down": [repr(fault)[:200]]}
    return {kind: found for kind, found in outcome.breaches.items() if found}


def verdict(mutant: Mutant, found: Mapping[str, list[str]]) -> bool:
    """Whether it was noticed by what is to notice it."""
    return bool(set(found) & set(mutant.caught_by))


def main() -> int:
    """Run all; 1 unless each was caught and the runs without defects are clean."""
    seed = int(os.environ.get("CHAOS_SEED") or 7)
    wanted = (os.environ.get("CHAOS_MUTANTS") or ",".join(MUTANTS)).split(",")
    caught, all_of, clean = 0, 0, True
    for name in wanted:
        mutant, began = MUTANTS[name], time.monotonic()
        found = begin(breaches(name, mutant, seed))
        is_control = not mutant.caught_by
        good = not found if is_control else verdict(mutant, found)
        clean &= good or not is_control
        all_of += not is_control
        caught += good and not is_control
        counts = ", ".join(f"{kind} {len(what)}" for kind, what in found.items()) or "nothing"
        word = ("clean" if good else "NOT CLEAN") if is_control else ("caught" if good else "NOT CAUGHT")
        sys.stdout.write(f"{name:<20} {word:<11} {mutant.what}: {counts} ({time.monotonic() - began:.0f} s)\n")
        if is_control or not good:
            sys.stdout.writelines(f"    {kind}: {what[0]}\n" for kind, what in found.items())
        sys.stdout.flush()
    by_rule = static.caught()
    sys.stdout.writelines(
        f"{name:<20} {'caught' if good else 'NOT CAUGHT':<11} by a rule over the source\n"
        for name, good in by_rule.items()
    )
    caught, all_of = caught + sum(by_rule.values()), all_of + len(by_rule)
    sys.stdout.write(f"{caught} of {all_of} defects caught{'' if clean else '; a run without defects was not clean'}\n")
    return 0 if caught == all_of and clean and SLOW else 1


if __name__ == "__main__":
    sys.exit(main())
