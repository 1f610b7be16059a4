"""Nothing may be complained of in a browser's console while the tests walk through it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, WebError

ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (\d{3}) ")
"""Chromium's own line for an answer above 399, which no page can keep out of the console."""


@dataclass  # without slots: Playwright hangs something of its own on it
class Watch:
    """What the consoles said; `provoked`: the statuses that a test causes on purpose."""

    complaints: list[str] = field(default_factory=list)
    provoked: set[int] = field(default_factory=set)

    def over(self, context: BrowserContext) -> None:
        """Listen to every page of a context, and to what its frames and workers say."""
        context.on("console", self._said)
        context.on("weberror", self._raised)
        context.on("page", self._opened)

    def provoke(self, *statuses: int) -> None:
        """From here on the app may answer so."""
        self.provoked.update(statuses)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        answer = ANSWERED.match(message.text)
        if answer and int(answer[1]) in self.provoked:
            return
        self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _raised(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _opened(self, page: Page) -> None:
        page.on("crash", lambda _: self.complaints.append(f"crashed: {page.url}"))
