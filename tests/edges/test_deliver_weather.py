"""The breaker of Meta as a whole, where it is not Meta that is down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugin.jobs import deliver
from plugin.services import Services
from plugin.storage.shops import Shop
from tests.edges.crowd import FIRST, SandboxMeta, crowd, open_shop, outcomes, sandbox_meta
from tests.edges.handwork import do

TROUBLES = ("meta_500", "meta_503_html", "meta_200_html")
RECOVERED = ("recovered", "pixel_silent")


@pytest.fixture
def meta(services: Services) -> Iterator[SandboxMeta]:
    with sandbox_meta(services) as sandbox:
        yield sandbox


@pytest.fixture
def four(services: Services, meta: SandboxMeta) -> list[Shop]:
    """Four shops with due orders; Meta has lasting trouble with the datasets of the first three."""
    shops = [open_shop(services, meta, number) for number in range(4)]
    for place, one in enumerate(shops):
        crowd(services, one, 450, first=FIRST + 1000 * place)
        if place < len(TROUBLES):
            meta.fault(TROUBLES[place], dataset=one.connection.dataset if one.connection else "")
    return shops


def rounds(services: Services, count: int, *, apart: float = 0) -> None:
    for _ in range(count):
        do(services, "UPDATE meta_connection SET served_at = served_at - make_interval(secs => %s)", apart)
        deliver.serve(services)


def test_a_shop_that_meta_takes_orders_of_is_not_slowed_down_by_others_that_fail(
    services: Services, meta: SandboxMeta, four: list[Shop]
) -> None:
    rounds(services, 4)

    assert outcomes(services)[RECOVERED] == 450


def test_those_that_were_not_tried_yet_have_their_try_beside_it(
    services: Services, meta: SandboxMeta, four: list[Shop]
) -> None:
    rounds(services, 1)
    late = open_shop(services, meta, 4)
    crowd(services, late, 5, first=FIRST + 9000)

    rounds(services, 6, apart=4)

    assert outcomes(services)[RECOVERED] == 455
