"""What the pages say of the figures that Meta tells of a dataset: beside the ledger's, and what a difference means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from plugin.language import N_, Count, _, n_
from plugin.pages.formats import number, percent
from plugin.recovery.dataset_report import Figures, Key, Quality, Report, Told
from plugin.translating import Translated

NOT_READ_YET: Final = N_("Not read yet")
_BADGES: Final[Mapping[Told, str]] = {
    Told.COUNTED: N_("Read"),
    Told.NO_DATA: N_("No data yet"),
    Told.NOT_PERMITTED: N_("May not be read"),
    Told.ERROR: N_("Meta did not tell"),
}
BADGES: Final = Translated(_BADGES)
_EMPTY: Final[Mapping[Told | None, str]] = {
    None: N_("Meta's figures of this dataset have not been read yet. That is done within minutes of connecting."),
    Told.NO_DATA: N_("Meta has no figures of this dataset yet. They appear some hours after the first events."),
    Told.NOT_PERMITTED: N_(
        "This connection may send to the dataset, but not read its figures. Nothing is wrong with "
        "that: you find them in Meta's Events Manager."
    ),
    Told.ERROR: N_("Meta did not tell the dataset's figures when it was last asked. It is asked again every hour."),
}
EMPTY: Final = Translated(_EMPTY)
_NO_QUALITY: Final[Mapping[Told, str]] = {
    Told.NO_DATA: N_("Meta has no match quality of this app's purchases yet."),
    Told.NOT_PERMITTED: N_("This connection may not read match quality and event coverage."),
    Told.ERROR: N_("Meta did not tell match quality and event coverage when it was last asked."),
}
NO_QUALITY: Final = Translated(_NO_QUALITY)
FEWER: Final = N_(
    "That is %(count)s fewer than it should be by now, and neither a day's delay nor copies that Meta drops explain "
    "it. In Meta's Events Manager, look at the diagnostics of this dataset's purchases."
)
MORE: Final = N_(
    "That is %(count)s more than this shop's orders explain. Most likely another shop sends to the same dataset "
    "through this app."
)
WEB_FEWER: Final = N_(
    "That is %(count)s fewer, beyond a day's delay. In Meta's Events Manager, check that the dataset takes events from "
    "your shop's domain, and look at its diagnostics."
)
FOREIGN: Final = N_(
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
        return n_("%(num)s purchase", "%(num)s purchases", self.foreign)

    @property
    def told(self) -> Told | None:
        """What came of asking; None: not asked yet."""
        return self.report.told if self.report else None

    @property
    def badge(self) -> str:
        """The same in a badge's words."""
        return BADGES[self.report.told] if self.report else _(NOT_READ_YET)

    @property
    def empty(self) -> str:
        """Why there are no figures of today, and Meta's code for it; empty if there are."""
        sentence = EMPTY.get(self.told, "")
        code = self.report.code if self.report else None
        return _with_code(sentence, code) if sentence else ""

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


def _lines(found: Figures) -> Iterator[Line]:
    yield Line("recovered", _of_ours(found), _finding_of_ours(found))
    yield Line("pixel", _of_the_pixel(found), _finding_of_the_pixel(found))
    yield Line("others", _of_servers(found), _(FOREIGN) if found.foreign else "")


def _of_ours(found: Figures) -> str:
    sent = n_("Recovered: %(num)s order sent", "Recovered: %(num)s orders sent", found.ledger.sent)
    counts = n_(
        "Meta counts %(num)s purchase of this app", "Meta counts %(num)s purchases of this app", found.meta.ours
    )
    return _("%(ours)s; %(theirs)s.", ours=sent, theirs=counts)


def _finding_of_ours(found: Figures) -> str:
    if found.missing:
        return _(FEWER, count=Count(found.missing))
    return _(MORE, count=Count(found.surplus)) if found.surplus else ""


def _of_the_pixel(found: Figures) -> str:
    told = n_("Pixel: it reported %(num)s purchase", "Pixel: it reported %(num)s purchases", found.ledger.pixel)
    counts = n_(
        "Meta counts %(num)s purchase from browsers", "Meta counts %(num)s purchases from browsers", found.meta.web
    )
    return _("%(ours)s; %(theirs)s.", ours=told, theirs=counts)


def _finding_of_the_pixel(found: Figures) -> str:
    if found.web_missing:
        return _(WEB_FEWER, count=Count(found.web_missing))
    if not found.web_doubled:
        return ""
    return n_(
        "That is more than one pixel can have reported for %(num)s order. Another Meta pixel most likely reports here, "
        "too.",
        "That is more than one pixel can have reported for %(num)s orders. Another Meta pixel most likely reports "
        "here, too.",
        found.ledger.orders,
    )


def _of_servers(found: Figures) -> str:
    if found.foreign:
        return n_(
            "Servers: Meta counts %(num)s purchase, %(foreign)s of them sent by somebody else.",
            "Servers: Meta counts %(num)s purchases, %(foreign)s of them sent by somebody else.",
            found.meta.server,
            foreign=Count(found.foreign),
        )
    return n_(
        "Servers: Meta counts %(num)s purchase, none of them another sender's.",
        "Servers: Meta counts %(num)s purchases, none of them another sender's.",
        found.meta.server,
    )


def _quality(told: Quality) -> Iterator[Line]:
    if told.told is not Told.COUNTED:
        yield Line("quality", _with_code(NO_QUALITY[told.told], told.code))
        return
    if told.score is not None:
        score = number(float(f"{told.score:g}"))
        yield Line("score", _("Match quality of this app's purchases: %(score)s of 10.", score=score))
    if told.coverage is not None:
        yield Line("coverage", _coverage(told.coverage, told.goal))
    for key in told.keys:
        if key.browser is not None or key.server is not None:
            yield Line("key", _carried(key))


def _coverage(coverage: float, goal: float | None) -> str:
    if goal is None:
        return _("Event coverage: %(share)s.", share=_share(coverage))
    return _("Event coverage: %(share)s (Meta's goal: %(goal)s).", share=_share(coverage), goal=_share(goal))


def _carried(key: Key) -> str:
    browsers, servers = _share(key.browser or 0), _share(key.server or 0)
    if key.server is None:
        frame = N_("Purchases that carry %(key)s, by which Meta drops copies: %(browsers)s from browsers.")
    elif key.browser is None:
        frame = N_("Purchases that carry %(key)s, by which Meta drops copies: %(servers)s from servers.")
    else:
        frame = N_(
            "Purchases that carry %(key)s, by which Meta drops copies: %(browsers)s from browsers, %(servers)s from "
            "servers."
        )
    return _(frame, key=key.name, browsers=browsers, servers=servers)


def _share(hundredths: float) -> str:
    """A share as Meta tells it, in hundredths, with the digits that it has."""
    return percent(hundredths / 100, len(f"{hundredths:g}".partition(".")[2]))


def _with_code(sentence: str, code: str | None) -> str:
    return _("%(sentence)s (Meta's code: %(code)s)", sentence=sentence, code=code) if code else sentence
