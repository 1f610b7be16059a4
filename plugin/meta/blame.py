"""Which event of a batch Meta's refusal names, if it names one.

Meta, "Error reference": ``error_data`` may hold ``blame_field_specs``, paths of the fields at fault. For a batch such a
path begins with its place in ``data``. Its former API for offline events told an ``event_index`` instead. Neither is
promised, so what is named is a hint: the event is sent alone before it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plugin.meta.outgoing import json_object

PLACE = re.compile(r"data(?:\[|\.|,)\"?([0-9]{1,4})\b")


def blamed(details: Mapping[str, Any]) -> int | None:
    """Return the place in ``data``, from 0, of the one event that an error names; None if it names none or several."""
    data = details.get("error_data")
    if isinstance(data, str):
        data = json_object(data.encode(errors="replace"))
    if not isinstance(data, dict):
        return None
    places = set(_places(data))
    return places.pop() if len(places) == 1 else None


def _places(data: Mapping[str, Any]) -> Iterator[int]:
    index = data.get("event_index")
    if isinstance(index, int) and not isinstance(index, bool) and index >= 0:
        yield index
    specs = data.get("blame_field_specs")
    for spec in specs if isinstance(specs, list) else ():
        path = ",".join(str(part) for part in spec) if isinstance(spec, list) else str(spec)
        if found := PLACE.search(path):
            yield int(found[1])
