"""A page's components against Polaris' own list of them: tags, attributes, words as values, slots, inline handlers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).with_name("node_modules") / "@shopify" / "polaris-types" / "dist" / "custom-elements.json"
APP_BRIDGE = {"s-app-nav", "s-app-window"}
"""Of App Bridge, not of Polaris."""
ANYWHERE = re.compile(r"id|class|style|slot|hidden|lang|dir|tabindex|role|title|rel|data-.+|aria-.+")
"""Attributes that every element of HTML has; `rel` is App Bridge's own on the links of its menu."""
WORD = re.compile(r"""["'](.*)["']""")
VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass(frozen=True, slots=True)
class Component:
    """Its attributes, each with the words that it takes (none: anything), and its slots."""

    attributes: Mapping[str, frozenset[str]]
    slots: frozenset[str]


@cache
def components() -> Mapping[str, Component]:
    """Return every component of the manifest by its tag."""
    modules = json.loads(MANIFEST.read_text("utf-8"))["modules"]
    known = [one for module in modules for one in module.get("declarations", []) if one.get("tagName")]
    return {one["tagName"]: _component(one) for one in known}


def _component(declared: dict[str, Any]) -> Component:
    attributes = {one["name"].lower(): _words(one) for one in declared.get("attributes", [])}
    return Component(attributes, frozenset(one["name"] for one in declared.get("slots", [])))


def _words(attribute: dict[str, Any]) -> frozenset[str]:
    """A type that is a choice of words only; of any other type, nothing is known of its values."""
    kinds = [kind.strip() for kind in attribute.get("type", {}).get("text", "").split("|")]
    found = [WORD.fullmatch(kind) for kind in kinds if kind not in {"", "undefined"}]
    return frozenset(word[1] for word in found if word) if all(found) else frozenset()


@dataclass(slots=True)
class Report:
    """What a page has, and what of it Polaris does not know."""

    seen: int = 0
    faults: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.report, self._around = Report(), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        faults = [*_slot_faults(self._around[-1] if self._around else "", dict(attrs))]
        if tag.startswith("s-"):
            self.report.seen += 1
            faults += _faults(tag, dict(attrs))
        faults += [f"<{tag} {name}>: an inline handler" for name, _ in attrs if name.startswith("on")]
        self.report.faults += [f"line {self.getpos()[0]}: {fault}" for fault in faults]
        if tag not in VOID:
            self._around.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("s-"):
            self.report.faults.append(f"line {self.getpos()[0]}: <{tag}/> stays open in HTML")
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._around and self._around.pop() != tag:
            pass


def _faults(tag: str, attributes: Mapping[str, str | None]) -> Iterator[str]:
    if tag in APP_BRIDGE:
        return
    component = components().get(tag)
    if component is None:
        yield f"<{tag}> is no component"
        return
    for name, value in attributes.items():
        if ANYWHERE.fullmatch(name) or name.startswith("on"):
            continue
        words = component.attributes.get(name)
        if words is None:
            yield f"<{tag}> has no attribute {name}"
        elif words and value is not None and value not in words:
            yield f"<{tag} {name}={value!r}>: not one of {', '.join(sorted(words)[:12])}"


def _slot_faults(parent: str, attributes: Mapping[str, str | None]) -> Iterator[str]:
    slot = attributes.get("slot")
    if not slot:
        return
    component = components().get(parent)
    if component is None:
        yield f"slot={slot!r}, but <{parent}> around it is no component"
    elif slot not in component.slots:
        yield f"<{parent}> has no slot {slot!r}"


def compare(html: str) -> Report:
    """Compare one page with the manifest."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.report
