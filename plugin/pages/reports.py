"""What the pages say of the figures that Meta tells of a dataset: beside the ledger's, and what a difference means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from plugin.recovery.dataset_report import Figures, Quality, Report, Told

NOT_READ_YET: Final = "Not read yet"
BADGES: Final[Mapping[Told, str]] = {
    Told.COUNTED: "Read",
    Told.NO_DATA: "No data yet",
    Told.NOT_PERMITTED: "May not be read",
    Told.ERROR: "Meta did not tell",
}
EMPTY: Final[Mapping[Told | None, str]] = {
    None: "Meta's figures of this dataset have not been read yet. That is done within minutes of connecting.",
    Told.NO_DATA: "Meta has no figures of this dataset yet. They appear some hours after the first events.",
    Told.NOT_PERMITTED: "This connection may send to the dataset, but not read its figures. Nothing is wrong with "
    "that: you find them in Meta's Events Manager.",
    Told.ERROR: "Meta did not tell the dataset's figures when it was last asked. It is asked again every hour.",
}
NO_QUALITY: Final[Mapping[Told, str]] = {
    Told.NO_DATA: "Meta has no match quality of this app's purchases yet.",
    Told.NOT_PERMITTED: "This connection may not read match quality and event coverage.",
    Told.ERROR: "Meta did not tell match quality and event coverage when it was last asked.",
}
FEWER: Final = (
    "That is {count} fewer than it should be by now, and neither a day's delay nor copies that Meta drops explain it. "
    "In Meta's Events Manager, look at the diagnostics of this dataset's purchases."
)
MORE: Final = (
    "That is {count} more than this shop's orders explain. Most likely another shop sends to the same dataset through "
    "this app."
)
WEB_FEWER: Final = (
    "That is {count} fewer, beyond a day's delay. In Meta's Events Manager, check that the dataset takes events from "
    "your shop's domain, and look at its diagnostics."
)
WEB_DOUBLED: Final = (
    "That is more than one pixel can have reported for {orders}. Another Meta pixel most likely reports here, too."
)
FOREIGN: Final = (
    "Somebody else sends purchases to this dataset from a server. If they are purchases of your online store, they "
    "count twice."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison; `finding`: what cannot be explained about it, and what to do."""

    name: str
    text: str
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """What was last read of the connected dataset; `at`: when Meta was last asked, aware. Both None: never yet."""

    report: Report | None = None
    at: datetime | None = None

    @property
    def foreign(self) -> int:
        """How many purchases of the last 7 days came from another sender's server."""
        return self.report.foreign if self.report else 0

    @property
    def foreign_words(self) -> str:
        """The same in words."""
        return purchases(self.foreign)

    @property
    def told(self) -> Told | None:
        """What came of asking; None: not asked yet."""
        return self.report.told if self.report else None

    @property
    def badge(self) -> str:
        """The same in a badge's words."""
        return BADGES[self.report.told] if self.report else NOT_READ_YET

    @property
    def empty(self) -> str:
        """Why there are no figures of today, and Meta's code for it; empty if there are."""
        sentence = EMPTY.get(self.told, "")
        code = self.report.code if self.report else None
        return f"{sentence} (Meta's code: {code})" if sentence and code else sentence

    @property
    def counted_at(self) -> datetime | None:
        """When the figures were read that are shown, aware."""
        figures = self.report.figures if self.report else None
        return None if figures is None else datetime.fromtimestamp(figures.at, UTC)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The comparisons that can be made."""
        return tuple(_lines(self.report.figures)) if self.report and self.report.figures else ()

    @property
    def quality(self) -> tuple[Line, ...]:
        """Meta's marks, or why there are none."""
        return tuple(_quality(self.report.quality)) if self.report else ()

    @property
    def findings(self) -> int:
        """How many comparisons have something that cannot be explained."""
        return sum(bool(line.finding) for line in self.lines)


def purchases(count: int) -> str:
    """Return `1 purchase`, `1,200 purchases`."""
    return f"{count:,} {'purchase' if count == 1 else 'purchases'}"


def orders(count: int) -> str:
    """Return `1 order`, `1,200 orders`."""
    return f"{count:,} {'order' if count == 1 else 'orders'}"


def _lines(found: Figures) -> Iterator[Line]:
    meta, ours = found.meta, found.ledger
    fewer, more, lost = found.missing, found.surplus, found.web_missing
    finding = FEWER.format(count=fewer) if fewer else MORE.format(count=more) if more else ""
    text = f"Recovered: {orders(ours.sent)} sent; Meta counts {purchases(meta.ours)} of this app."
    yield Line("recovered", text, finding)
    finding = WEB_DOUBLED.format(orders=orders(ours.orders)) if found.web_doubled else ""
    finding = WEB_FEWER.format(count=lost) if lost else finding
    text = f"Pixel: it reported {purchases(ours.pixel)}; Meta counts {purchases(meta.web)} from browsers."
    yield Line("pixel", text, finding)
    others = f"{found.foreign:,} of them sent by somebody else" if found.foreign else "none of them another sender's"
    text = f"Servers: Meta counts {purchases(meta.server)}, {others}."
    yield Line("others", text, FOREIGN if found.foreign else "")


def _quality(told: Quality) -> Iterator[Line]:
    if told.told is not Told.COUNTED:
        code = f" (Meta's code: {told.code})" if told.code else ""
        yield Line("quality", NO_QUALITY[told.told] + code)
        return
    if told.score is not None:
        yield Line("score", f"Match quality of this app's purchases: {told.score:g} of 10.")
    if told.coverage is not None:
        goal = f" (Meta's goal: {told.goal:g}%)" if told.goal is not None else ""
        yield Line("coverage", f"Event coverage: {told.coverage:g}%{goal}.")
    for key in told.keys:
        shares = [(key.browser, "from browsers"), (key.server, "from servers")]
        known = [f"{share:g}% {where}" for share, where in shares if share is not None]
        if known:
            yield Line("key", f"Purchases that carry {key.name}, by which Meta drops copies: {', '.join(known)}.")
