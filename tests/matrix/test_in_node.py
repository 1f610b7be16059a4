"""Every way to buy, under every setting: built pixel and theme's block in Node, the shipped processes behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count

import pytest

from sandbox.stage import Stage
from tests.matrix import report
from tests.matrix.report import Case
from tests.matrix.table import MODES, VALUES, every_way, line_for, lines
from tests.matrix.town import SETTINGS, Town, in_parallel

pytestmark = pytest.mark.slow
AT_META = {"tracked": ("browser",), "recovered": ("server",)}
"""From where Meta has an order of this outcome; of all others it has none."""


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """All has happened: 180 ways in each of four shops."""
    with Stage() as stage:
        made = Town(stage)
        numbers = count(1)
        for setting in SETTINGS:
            made.open(setting)
        for block in VALUES["block"]:
            for setting in SETTINGS:
                made.embed(setting, on=block == "on")
            visits = [
                (way, setting, next(numbers)) for way in every_way() if way.block == block for setting in SETTINGS
            ]
            list(in_parallel(lambda one: made.visit(*one), visits))
        made.decide()
        yield made


def figures(cases: list[Case], wrong: list[str]) -> str:
    """What the matrix comes to, as measured."""
    shares = [
        f"{mode}, block {block}: {report.recovered(cases, mode=mode, block=block)} missed orders with consent recovered"
        for mode in MODES
        for block in VALUES["block"]
    ]
    ends = f"orders: {len(cases)}; sent wrongly: {report.sent_wrongly(cases)}; not as expected: {len(wrong)}"
    return "\n".join(["", *shares, ends, ""])


def test_every_order_ends_as_the_table_says(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    table, found = lines(), town.found()
    wrong = []
    for (way, setting), case in sorted(found.items(), key=lambda item: item[0]):
        line = line_for(way, setting.ldu, table)
        wanted = (line.known, line.fates[setting.mode], AT_META.get(line.fates[setting.mode].outcome, ()))
        if (case.known, case.fate, case.at_meta) != wanted:
            wrong.append(f"{way} {setting}: {case}, not {wanted}")
    cases = [Case(way, setting.mode, setting.ldu, case.known, case.fate) for (way, setting), case in found.items()]
    with capsys.disabled():
        sys.stdout.write(figures(cases, wrong))

    assert wrong == []
    assert len(cases) == 720
    assert report.sent_wrongly(cases) == 0
    for mode in MODES:
        assert report.recovered(cases, mode=mode, block="on").percent >= 95
