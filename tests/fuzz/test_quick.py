"""The first 5,000 inputs of `make fuzz`, in one process."""

from __future__ import annotations

from tests.fuzz.hunt import hunt
from tests.fuzz.stand import stand


def test_no_input_breaks_or_changes_anything(database_url: str) -> None:
    with stand(database_url) as at:
        caught = hunt(at, seed=1, count=5_000)

    assert dict(caught.faults) == {}, caught.told
