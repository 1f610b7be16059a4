"""Writes docs/consent.md from the table of expectations: `python -m tests.matrix.document`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.matrix import report
from tests.matrix.table import LDU, MODES, VALUES, Fate, Line, lines

FILE: Final = Path(__file__).parents[2] / "docs" / "consent.md"
REGION: Final = {"opt_in": "consent first", "opt_out": "sale opt-out", "free": "no rules"}
CHOICE: Final = {
    "accept": "accepts",
    "decline": "declines on the first page",
    "ignore": "does not answer",
    "withdraw": "withdraws in the checkout",
    "sale": "opts out of sale",
}
BLOCKER: Final = {"none": "none", "meta": "Meta", "both": "Meta and us"}
TAB: Final = {"open": "seen", "closed": "never seen"}
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "region": REGION,
    "choice": CHOICE,
    "blocker": BLOCKER,
    "tab": TAB,
    "block": {"on": "on", "off": "off"},
}
KNOWN: Final = {"allows": "allowed", "limits": "allowed, no sale", "refuses": "refused", "-": "no record"}
MODE: Final = {"recorded": "recorded consent only", "store_policy": "store policy"}
HEAD: Final = """# Consent: who is sent, and who is not

Written by `python -m tests.matrix.document` from the table in `tests/matrix/expected.txt`: change that, not this page.
A test compares the two, another lets a buyer go every way with the real pixel in Node, and a third in a real browser.

What decides is the latest choice on record for the checkout: the pixel tells it, and so does the cart (the theme block)
where the merchant has it read. A refusal on record is final under both consent modes. Where no choice is on record,
"recorded consent only" sends nothing, and "store policy" follows the shop's privacy settings for the buyer's region.

## What the buyer does, and what follows

Offline conversion tracking is on, the grace period is over, and the order can be matched. "Never seen" is a tab closed
before the thank-you page. "Meta and us" also stops our own collector. LDU: the merchant chose limited data use for
buyers who opted out of sale. Empty means: whatever it is. One result for both modes is written once.

"""
COLUMNS: Final = (
    *("region", "buyer", "blocker", "thank-you page", "block", "LDU"),
    *("the pixel said", "choice on record", "recorded consent only", "store policy", "note"),
)


def text() -> str:
    """The whole page."""
    rows = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS), *map(_row, lines())]
    return HEAD + "\n".join(rows) + "\n\n" + "\n".join(_figures()) + "\n"


def _row(line: Line) -> str:
    where = [_named(line.way[name], VALUES[name], words) for name, words in WORDS.items()]
    choice = KNOWN[line.known.choice] + (f" (told by the {line.known.by})" if line.known.by != "-" else "")
    said = f"`{line.known.said}`" if line.known.said != "-" else ""
    first, second = (_fate(line.fates[mode]) for mode in MODES)
    follows = [first, "the same" if first == second else second]
    ldu = _named(line.ldu, LDU, {"no": "no", "yes": "yes"})
    return "| " + " | ".join([*where, ldu, said, choice, *follows, line.note]).replace("|  |", "| |") + " |"


def _named(values: frozenset[str], all_of_them: tuple[str, ...], words: Mapping[str, str]) -> str:
    if values == set(all_of_them):
        return ""
    return " or ".join(words[value] for value in all_of_them if value in values)


def _fate(fate: Fate) -> str:
    sent = f", {fate.basis.removesuffix('_ldu').replace('_', ' ')}" if fate.basis else ""
    return f"{fate.outcome}: {fate.reason}{sent}{', limited data use' if fate.basis.endswith('_ldu') else ''}"


def _figures() -> Iterator[str]:
    """What the table comes to; each way counts once, so these are no shares of a real shop's orders."""
    cases = report.expected()
    yield "## What it comes to"
    yield ""
    yield "Each way to buy counts once under each setting, so these are shares of this table, not of a shop's orders."
    yield ""
    yield "| | block off | block on |"
    yield "| --- | --- | --- |"
    for mode in MODES:
        shares = " | ".join(str(report.recovered(cases, mode=mode, block=block)) for block in ("off", "on"))
        yield f"| missed orders of buyers who consent that are recovered, {MODE[mode]} | {shares} |"
    for mode in MODES:
        shares = " | ".join(str(report.against_a_refusal(cases, mode=mode, block=block)) for block in ("off", "on"))
        yield f"| orders of buyers who refused, sent because no word of it reached us, {MODE[mode]} | {shares} |"
    yield ""
    yield f"Orders that the pixel reported and the server sent all the same: {report.sent_wrongly(cases)}."
    yield ""
    yield "A buyer consents who accepts, or does not answer where the region asks for no answer. Who opts out of sale"
    yield "counts among those who refused, unless the order goes with limited data use."


if __name__ == "__main__":
    FILE.write_text(text())
