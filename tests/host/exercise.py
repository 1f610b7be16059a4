"""Carry out docs/host.md on the machine that this runs on, chapter by chapter, and knock at what came of each.

For a machine that is thrown away afterwards (tests/host/machine.sh makes one), as root. Standard library only.
`--only CHAPTER` carries out one, `--from CHAPTER` those from there on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.host import checks, restoring, upgrading
from tests.host.shell import chapters, sh, told

BEFORE_BOOTING = ("Packages", "Program")
"""What needs a network."""
SECOND = ("useradd", "ln -sfn")
"""Lines that a second version does without."""
Check = Callable[[], None]
BEFORE: dict[str, Check] = {"TLS proxy": checks.certificate, "Backups": restoring.pair}
AFTER: dict[str, Check] = {
    "Keys and settings": checks.settings,
    "PostgreSQL": checks.postgresql,
    "Services": checks.services,
    "TLS proxy": checks.proxy,
    "Figures and alarms": checks.figures,
    "Backups": restoring.backup,
}
BLOCKS: dict[str, Check] = {"Restoring": restoring.steps, "A new version": upgrading.steps}
"""Chapters in which something happens between the blocks, or while they run."""


def carry_out(name: str, blocks: list[str]) -> None:
    """Run one chapter's blocks, and what is looked at before and after."""
    began = monotonic()
    BEFORE.get(name, lambda: None)()
    for block in blocks:
        sh(block)
    AFTER.get(name, lambda: None)()
    told(f"{name}: {len(blocks)} block(s) carried out in {monotonic() - began:.0f} s")


def install(name: str, blocks: list[str]) -> None:
    """Run a chapter that installs; the program a second time as a newer version with a table column more."""
    carry_out(name, blocks)
    if name == "Program":
        lines = [line for line in blocks[0].splitlines() if not line.startswith(SECOND)]
        sh("\n".join(lines).replace("version=1", "version=2"))
        upgrading.add_a_migration(Path("/opt/conversion-backstop/2"))


def main(words: list[str]) -> int:
    """Run what is asked for; exit 1 at the first thing that is not as promised."""
    found = chapters()
    if words[:1] == ["--only"]:
        install(words[1], found[words[1]])
        return 0
    for name, blocks in list(found.items())[list(found).index(words[1]) if words[:1] == ["--from"] else 0 :]:
        if name in BLOCKS:
            BLOCKS[name]()
        elif blocks and name not in BEFORE_BOOTING:
            carry_out(name, blocks)
    told(f"{checks.COUNTED.held} checks held")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
